"""Is your own app in the trap? Looks at its engines and leaves its data alone.

Run this file by its path, with the Python and in the folder of your app. Name a module with
an app, a factory, an engine or a session in it; or a URL; or the file of a SQLite database::

    python path/to/helpers/diagnose.py myapp:app

In a notebook, ``diagnose(app)`` returns a report. The exit status is 0 when every engine is
safe, 1 when one is trapped, and 2 when it could not look.

Importing a module runs it. Apart from that, a factory and the listeners of connection events,
nothing of the app runs. Everything is tried on a copy of each engine, on a scratch database
of the same kind; on a server, in a scratch table that is removed again. This file needs the
standard library and SQLAlchemy only, so that it runs where your app runs.
"""

from __future__ import annotations

import argparse
import asyncio
import dis
import gc
import importlib
import json
import logging
import os
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.util import greenlet_spawn

__all__ = ["Report", "diagnose"]

PATIENCE = 5.0  # seconds for a server to answer; on SQLite no step waits for another one
SCRATCH = "scratch.db"
SERVERS = ("postgresql", "mysql", "mariadb", "mssql", "oracle", "cockroachdb")
POOL_EVENTS = ("first_connect", "connect", "checkout", "checkin", "reset")
ENGINE_EVENTS = ("engine_connect", "begin", "commit", "rollback")

QUESTIONS = {
    "another_thread": "seen by another thread",
    "another_process": "seen by another process",
    "uncommitted_hidden": "uncommitted work is hidden",
    "safe_from_rollback": "safe from another's rollback",
    "survives_dispose": "survives dispose()",
}
N02, N06 = "02_why_each_thread_has_its_own", "06_fix_name_the_memory_database"
N05, N07 = "05_todays_default_shares_one_connection", "07_fix_use_a_database_server"
OWN = "each {} gets a database of its own in memory, without the tables of the others."
ONE = "share one connection and so one transaction: a rollback takes the others' work with it."
TRAPS = {  # finding: (the notebook that explains it, the sentence)
    "own thread": ("01_one_db_object_two_databases", f"In this app {OWN.format('thread')}"),
    "check off": (N02, f"With check_same_thread=False, still {OWN.format('thread')}"),
    "own connection": (N02, f"With this pool {OWN.format('connection')}"),
    "refused": (N02, "The driver refuses a connection in a thread that did not open it."),
    "name not shared": (N06, f"Connections do not share this name: {OWN.format('connection')}"),
    "not kept": (N06, "This database ends with its last connection, and the pool keeps none."),
    "one connection": (N05, f"All sessions {ONE}"),
    "one a thread": (N05, f"All sessions of a thread {ONE}"),
    "odd file": (N06, "This is not memory but a file with a strange name, which keeps its rows."),
    "dirty": ("09_choose", "Sessions read what another one may never commit."),
}
NO_ERROR = {  # finding: what a reader sees, where the app answers as if all were well
    "one connection": "A row that was answered with 201 is gone.",
    "one a thread": "A row that was answered with 201 is gone.",
    "odd file": "There is a file called `{}`.",
    "dirty": "A session sees what another one has not committed.",
}
IN_README = (  # the messages of the table there
    "no such table: item",
    "SQLite objects created in a thread can only be used in that same thread.",
    "A row that was answered with 201 is gone.",
    "There is a file called `:memory:`.",
    "A session sees what another one has not committed.",
)
SAFE = {
    "file": ("04_fix_use_a_file", "All threads and processes share one file."),
    "memory": (N06, "All threads of this process share one database in memory."),
    "turns": (N06, "All sessions take turns on one connection."),
    "server": (N07, "All threads and processes share one server."),
    "read only": (N07, "Each session has its own connection to a server, as far as reading tells."),
}


class Problem(Exception):
    """Why it could not look, as a sentence for the reader."""


class Interrupted(BaseException):
    """A signal came; it is delivered as soon as everything is removed."""


@dataclass
class Answer:
    """What was measured: yes, no, or ``None`` for not tried; and what made it so."""

    yes: bool | None
    detail: str = ""


@dataclass
class EngineReport:
    """What was found about one engine; its verdict is safe, trapped or not looked."""

    name: str
    url: str
    pool: str
    verdict: str = "not looked"
    finding: str = ""
    sentence: str = ""
    message: str = ""
    cure: str = ""
    notebook: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    files: str = ""
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, str]]:
        """What a reader sees: labels and texts."""
        in_readme = any(message in self.message for message in IN_README)
        lines = [("engine", f"{self.name}: {self.url}, {self.pool}")]
        lines += [(self.verdict.upper(), self.sentence), ("what you see", self.message)]
        lines += [("cure", self.cure), ("explained in", self.notebook)]
        lines += [("", "README.md, You came with a message")] * in_readme
        for key, answer in self.answers.items():
            word = {True: "yes", False: "no", None: "not tried"}[answer.yes]
            lines.append((QUESTIONS[key], ": ".join(filter(None, (word, answer.detail)))))
        lines += [("files", self.files), *(("note", note) for note in self.notes)]
        return [(label, text) for label, text in lines if text]


@dataclass
class Report:
    """What ran of the app; and the finding for each engine, or why there is none."""

    target: str
    ran: list[str] = field(default_factory=list)
    engines: list[EngineReport] = field(default_factory=list)
    problem: str = ""

    @property
    def exit_status(self) -> int:
        """0 when every engine is safe, 1 when one is trapped, 2 when it could not look."""
        verdicts = {engine.verdict for engine in self.engines}
        return 1 if "trapped" in verdicts else 0 if verdicts == {"safe"} else 2

    def to_json(self) -> str:
        """The whole report for a program."""
        return json.dumps(asdict(self) | {"exit_status": self.exit_status}, indent=2)

    def __repr__(self) -> str:
        rest = "nothing else of the app ran." if self.ran else "Nothing of the app ran."
        parts = [self.problem or "; ".join([*self.ran, rest])]
        for engine in self.engines:
            parts += ["", *(f"{label:<28}  {text}" for label, text in engine.lines())]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        return f'<pre style="white-space: pre-wrap">{escape(repr(self))}</pre>'


# Finding the engines: references are followed, and no code is called.

LEAVES = (str, bytes, int, float, type(None), CodeType, FrameType, logging.Logger, sa.MetaData)
STDLIB = sysconfig.get_path("stdlib")
FACTORIES = (FunctionType, MethodType, partial, type(lru_cache(len)))
LIMIT = 100_000  # objects to look at: the app's data may be large


@dataclass
class Place:
    """A value and where it was found: its path, the last key on it, the extension that made it."""

    value: Any
    path: str
    key: object = None
    extension: str = ""

    def setting(self, rest: str) -> str:
        """The line of configuration that gives the engine here another URL."""
        url = self.value.url.drivername + rest
        if self.extension == "flask_sqlalchemy_lite":
            kind = "ASYNC_ENGINES" if self.value.dialect.is_async else "ENGINES"
            return f'SQLALCHEMY_{kind} = {{"{self.key}": "{url}"}}'
        if self.extension and self.key:
            return f'SQLALCHEMY_BINDS = {{"{self.key}": "{url}"}}'
        return f'SQLALCHEMY_DATABASE_URI = "{url}"' if self.extension else f'create_engine("{url}")'


def find_engines(root: object, path: str) -> tuple[list[Place], bool]:
    """The engines that an object leads to, the nearest first; and if it leads to a connection."""
    todo = [Place(root, path)]
    seen: dict[int, object] = {}  # holds what it saw, so that no id comes twice
    found: dict[int, Place] = {}
    connection = False
    for place in todo:  # grows while it is read
        value, kind = place.value, type(place.value)
        if issubclass(kind, sa.Engine):
            known = found.setdefault(id(value.pool), place)
            if place.extension and not known.extension:  # it knows the line of configuration
                found[id(value.pool)] = place
            continue
        if id(value) in seen or len(seen) == LIMIT:
            continue
        seen[id(value)] = value
        if issubclass(kind, (sqlite3.Connection, sa.Connection)):
            connection |= not getattr(value, "closed", False)
        if kind.__module__.startswith("flask_sqlalchemy"):
            place.extension = kind.__module__.split(".")[0]
        for child, child_path, key in referents(place, root):
            if not issubclass(type(child), LEAVES):
                todo.append(Place(child, child_path, key, place.extension))
    return list(found.values()), connection


def referents(place: Place, root: object) -> Iterator[tuple[Any, str, object]]:
    """What a value refers to, with path and key; of code, only what is the reader's."""
    value, kind, path = place.value, type(place.value), place.path
    if issubclass(kind, WeakKeyDictionary):  # what an extension keeps for each app
        mine = [each for app, each in list(value.items()) if app is root]
        yield from ((each, path, None) for each in mine or list(value.values()))
    elif kind is FunctionType:
        kept = (value.__closure__, value.__defaults__, value.__kwdefaults__, vars(value))
        yield from ((each, path, None) for each in kept)
        yield from used_globals(value, root)
    elif kind is ModuleType or issubclass(kind, type):
        if is_own(value.__name__ if kind is ModuleType else value.__module__, root):
            yield from ((each, f"{path}.{name}", None) for name, each in list(vars(value).items()))
    elif issubclass(kind, dict):
        for key, each in list(dict.items(value)):
            yield each, f"{path}[{key!r}]" if isinstance(key, str) else path, key
    else:
        attributes: Any = {}  # what the object stores: nothing is computed
        with suppress(AttributeError):
            attributes = object.__getattribute__(value, "__dict__")
        for name, each in list(attributes.items()):
            yield each, path if name.startswith("_") else f"{path}.{name}", place.key
        others = gc.get_referents(value)
        yield from ((each, path, place.key) for each in others if each is not attributes)


def used_globals(function: FunctionType, root: object) -> Iterator[tuple[Any, str, object]]:
    """The global variables that a function of the reader's uses, also in other modules."""
    codes = [function.__code__]
    for code in codes:  # grows while it is read: functions in the function
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    steps = [step for code in codes for step in dis.get_instructions(code)]
    used = {step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    names = {name for code in codes for name in code.co_names}
    modules = [(function.__globals__, used)]
    for variables, wanted in modules:  # grows while it is read
        module = variables.get("__name__", "")
        for name in wanted & variables.keys() if is_own(module, root) else ():
            value = variables[name]
            if type(value) is not ModuleType:
                yield value, f"{module}.{name}", None
            elif all(vars(value) is not seen for seen, _ in modules):
                modules.append((vars(value), names))


def is_own(module: str, root: object) -> bool:
    """Whether a module is the reader's: neither Python's nor installed, or the app's own."""
    home = getattr(root, "__name__" if type(root) is ModuleType else "import_name", "__main__")
    file = getattr(sys.modules.get(module), "__file__", None) or STDLIB
    return module.split(".")[0] in ("__main__", str(home).split(".")[0]) or is_own_file(file)


def is_own_file(file: str) -> bool:
    """Whether a file holds code of the reader's."""
    return not (file.startswith((STDLIB, "<", __file__)) or re.search("(site|dist)-packages", file))


# What an engine connects to, and a copy of it that connects to something else.

HEADER = "import sys; print(open(sys.argv[1], 'rb').read(20).hex())"
COUNT = """if True:
    import importlib, json, sys
    job = json.load(sys.stdin)
    connection = importlib.import_module(job["driver"]).connect(*job["args"], **job["kwargs"])
    cursor = connection.cursor()
    cursor.execute(job["sql"])
    print(cursor.fetchone()[0])
"""


def run_python(code: str, *args: str, stdin: str = "") -> str:
    """Run code in a second process, and return what it prints or raise its last line."""
    command = [sys.executable, "-P", "-X", "utf8", "-c", code, *args]  # -P: not the app's modules
    options: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "timeout": 30}
    plain = os.environ | {"PYTHON_COLORS": "0"}  # a kernel asks for errors in color
    try:
        done = subprocess.run(command, input=stdin, env=plain, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Problem("A second process gave no answer in 30 s.") from None
    if done.returncode:
        raise Problem((done.stderr.strip() or "A second process ended early.").splitlines()[-1])
    return str(done.stdout.strip())


class Sqlite:
    """What SQLite opens for the database and ``uri`` of a connection: a file, or memory."""

    def __init__(self, database: str, uri: bool) -> None:
        self.database, self.uri = database, uri and database.startswith("file:")
        parts = urlsplit(database if self.uri else "")
        self.path = unquote(parts.path) if self.uri else database
        self.query = dict(parse_qsl(parts.query))
        self.named = self.path not in ("", ":memory:")
        memdb = self.query.get("vfs") == "memdb"
        self.in_memory = memdb or not self.named or self.query.get("mode") == "memory"
        cache = bool(self.path) and self.query.get("cache") == "shared"
        self.shared = self.path.startswith("/") if memdb else cache
        if not self.in_memory:
            self.path = os.path.abspath(re.sub("^/(?=[A-Za-z]:)", "", self.path))
        name = os.path.basename(self.path)
        self.is_odd = not self.in_memory and (":memory:" in name or name.startswith("file:"))

    def has_wal(self) -> bool:
        """Whether the file has a write-ahead log; or a Problem, when the app cannot write to it.

        A process that opens and closes a file loses SQLite's locks on it: a second one reads.
        """
        mode = "immutable" if "immutable" in self.query else self.query.get("mode", "")
        if mode in ("immutable", "ro"):
            raise Problem(f"{self.path} is opened read-only ({mode}): writing cannot be tried.")
        if not os.path.exists(self.path):
            if mode == "rw" or not os.path.isdir(os.path.dirname(self.path)):
                raise Problem(f"{self.path} is missing, and SQLite cannot make it there.")
            return False
        if not os.path.isfile(self.path):
            raise Problem(f"{self.path} is not a file: name the file of a SQLite database.")
        status = os.stat(self.path)
        if not (status.st_mode & 0o222 and os.access(self.path, os.W_OK)):
            raise Problem(f"{self.path} is read-only for you: writing cannot be tried.")
        header = bytes.fromhex(run_python(HEADER, self.path)) if status.st_size else b""
        if header and not header.startswith(b"SQLite format 3\0"):
            raise Problem(f"{self.path} is not a SQLite database: correct the path.")
        return header[18:20] == b"\2\2"

    def make_scratch(self, folder: str) -> str:
        """Name a database of the same kind that nobody uses."""
        query = {key: each for key, each in self.query.items() if (key, each) != ("mode", "rw")}
        if not self.in_memory:
            path = Path(folder, SCRATCH)
            if self.has_wal():
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            return f"{path.as_uri()}?{urlencode(query)}" if self.uri else str(path)
        if not (self.named or self.shared):
            return self.database
        if not self.named:  # file::memory:?cache=shared is one for the whole process
            query["mode"] = "memory"
        slash = "/" if self.path.startswith("/") else ""
        return f"file:{slash}diagnose-{secrets.token_hex(8)}?{urlencode(query)}"


def connect_arguments(engine: sa.Engine) -> tuple[list[Any], dict[str, Any]] | None:
    """What the engine passes to the driver, or ``None`` when the reader's code does that."""
    creator: Any = engine.pool._creator
    if getattr(creator, "__module__", "") != "sqlalchemy.engine.create":
        return None
    cells = zip(creator.__code__.co_freevars, creator.__closure__, strict=True)
    values = {name: cell.cell_contents for name, cell in cells}
    return list(values["cargs_tup"]), dict(values["cparams"])


def what_it_opens(engine: sa.Engine) -> Sqlite | None:
    """What SQLite opens for an engine, ``None`` for a server; or a Problem."""
    backend = engine.url.get_backend_name()
    if backend in SERVERS:
        return None
    if backend != "sqlite":
        raise Problem(f"This is {backend}: diagnose knows SQLite and the usual database servers.")
    passed = connect_arguments(engine)
    if passed is None or engine.dialect.dispatch.do_connect:
        raise Problem(
            "Its connections come from a function of yours, which could open your data if"
            " diagnose called it: name the URL that it opens instead."
        )
    return Sqlite(os.fspath(passed[0][0]), bool(passed[1].get("uri")))


def copy_engine(engine: sa.Engine, connect: Callable[[Any], Any]) -> sa.Engine:
    """An engine with the same pool, settings and listeners, which connects by ``connect``."""
    old: Any = engine.pool
    is_sqlite = engine.url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"execution_options": engine.get_execution_options()}
    if isinstance(old, sa.pool.QueuePool):
        options |= {"pool_size": old.size(), "max_overflow": old._max_overflow, "pool_timeout": 0}
    elif isinstance(old, sa.pool.SingletonThreadPool):
        options["pool_size"] = old.size
    if level := engine.dialect._on_connect_isolation_level:
        options["isolation_level"] = level
    if engine.dialect.is_async:
        options["_is_async"] = True  # as create_async_engine does
    copy = sa.create_engine(
        engine.url.set(database=None, query={}) if is_sqlite else engine.url,
        creator=connect,
        poolclass=type(old),
        pool_pre_ping=old._pre_ping,
        pool_reset_on_return=old._reset_on_return,
        pool_logging_name="diagnose",
        **options,
    )
    logger: Any = copy.pool.logger
    logger.setLevel(logging.CRITICAL + 1)  # what a trapped pool reports is an answer here
    for name, listener in own_listeners(engine):
        sa.event.listen(copy, name, listener)
    if is_sqlite:
        install_hook()
        sa.event.listen(copy, "connect", answer_at_once)  # last: a listener may set a timeout
    return copy


def own_listeners(engine: sa.Engine) -> list[tuple[str, Callable[..., Any]]]:
    """The reader's listeners of this engine alone; those of all engines hear of a copy anyway.

    One that listens once is left out: to run it here would use it up.
    """
    engine = getattr(engine, "_proxied", engine)  # of engine.execution_options(...)
    events = [(name, getattr(engine.pool.dispatch, name)) for name in POOL_EVENTS]
    events += [(name, getattr(engine.dispatch, name)) for name in ENGINE_EVENTS]
    listeners = [(name, each) for name, found in events for each in found.listeners]
    return [each for each in listeners if "sqlalchemy." not in str(each[1].__module__)]


def answer_at_once(connection: Any, record: Any) -> None:
    """Let SQLite say at once that it is locked."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")


allowed = threading.local()


def refuse_to_open(name: str, args: tuple[Any, ...]) -> None:
    """Keep a listener from opening the reader's data: an audit hook, at work in our threads."""
    if name == "sqlite3.connect" and args[0] not in getattr(allowed, "databases", args):
        raise PermissionError(f"a listener opens {args[0]!r}, which diagnose does not touch")


def refuse_to_attach(action: int, database: str | None, *_: object) -> int:
    """Keep a listener from attaching the reader's data: an authorizer of SQLite."""
    refused = action == sqlite3.SQLITE_ATTACH and database not in ("", ":memory:")
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


install_hook = lru_cache(lambda: sys.addaudithook(refuse_to_open))  # once: it stays for ever


# Trying the copy, step by step.


class Scratch:
    """A copy of an engine on a database, or with a table, that it makes and removes."""

    def __init__(self, engine: sa.Engine, folder: str, signals: list[int]) -> None:
        self.engine, self.folder, self.signals = engine, folder, signals
        self.sqlite = what_it_opens(engine)
        self.args, self.kwargs = connect_arguments(engine) or ([], {})
        if self.sqlite:
            self.args = [self.sqlite.make_scratch(folder)]
            self.kwargs["timeout"] = 0  # an answer at once instead of a wait
        self.table = sa.Table(
            f"diagnose_{secrets.token_hex(8)}", sa.MetaData(), sa.Column("n", sa.Integer)
        )
        self.filled = False
        self.copy = copy_engine(engine, self.connect)
        self.connections: dict[int, list[Any]] = {}  # the driver's, by the thread that made them
        self.threads: list[ThreadPoolExecutor] = []
        self.loop = asyncio.Runner() if engine.dialect.is_async else None
        self.first = self.new_thread()
        self.second = self.first if self.loop else self.new_thread()

    def new_thread(self) -> ThreadPoolExecutor:
        """Start a thread for one step at a time, which opens no other SQLite database."""
        databases = (self.args[0], ":memory:") if self.sqlite else ()
        arguments = (allowed, "databases", databases)
        self.threads.append(ThreadPoolExecutor(1, "diagnose", setattr, arguments))
        return self.threads[-1]

    def connect(self, record: Any) -> Any:
        """Make a connection of the driver: to the scratch database, or to the reader's server."""
        if self.sqlite:
            connection: Any = self.engine.dialect.connect(*self.args, **self.kwargs)
            with suppress(AttributeError):  # an asynchronous driver has none
                connection.set_authorizer(refuse_to_attach)
        else:
            connection = self.engine.pool._invoke_creator(record)
        self.connections.setdefault(threading.get_ident(), []).append(connection)
        return connection

    def on(self, thread: ThreadPoolExecutor, step: Callable[..., Any], *args: Any) -> Any:
        """Do a step in a thread, and return its result or its error."""
        if self.loop:
            step, args = self.loop.run, (greenlet_spawn(step, *args),)
        try:
            result = thread.submit(step, *args).result(30 if self.sqlite else PATIENCE)
        except Exception as error:  # noqa: BLE001 - an error is what many a look is for
            error.__traceback__ = None  # refers to connections
            result = error
        if self.signals:
            raise Interrupted
        return result

    @contextmanager
    def session(self, thread: ThreadPoolExecutor) -> Iterator[Any]:
        """A connection or an error; in the end, what is not committed is rolled back."""
        connection = self.on(thread, self.copy.connect)
        try:
            yield connection
        finally:
            if isinstance(connection, sa.Connection):
                self.on(thread, connection.close)

    def same(self, mine: Any, thread: ThreadPoolExecutor) -> bool:
        """Whether another check-out leads to the connection that is checked out already."""
        with self.session(thread) as other:
            if not (isinstance(mine, sa.Connection) and isinstance(other, sa.Connection)):
                return False
            return mine.connection.dbapi_connection is other.connection.dbapi_connection

    def fill(self) -> None:
        """Make the table and store one row."""
        self.filled = True
        with self.copy.begin() as connection:
            self.table.create(connection)
            self.add(connection)

    def add(self, connection: sa.Connection) -> None:
        """Store one more row, without a commit."""
        connection.execute(self.table.insert().values(n=1))

    def rows(self, connection: sa.Connection | None = None) -> Any:
        """Count the rows; without a connection as a short session does: connect, look, close."""
        with nullcontext(connection) if connection else self.copy.connect() as current:
            return current.scalar(sa.select(sa.func.count()).select_from(self.table))

    def another_process(self) -> Answer:
        """Whether a second process sees the same rows."""
        dbapi: Any = sqlite3 if self.sqlite else self.engine.dialect.dbapi
        kwargs = {"uri": self.sqlite.uri} if self.sqlite else self.kwargs
        job = {
            "driver": getattr(dbapi, "__name__", "none that a second process can use"),
            "args": self.args,
            "kwargs": {k: v for k, v in kwargs.items() if isinstance(v, (str, int, float))},
            "sql": f"SELECT count(*) FROM {self.table.name}",
        }
        if not self.args and not kwargs:
            return Answer(None, "only a function of yours knows how to connect")
        rows = self.on(self.first, self.rows)
        try:
            return Answer(int(run_python(COUNT, stdin=json.dumps(job))) == rows)
        except (Problem, TypeError) as problem:  # arguments that JSON does not know
            return Answer(False if self.sqlite else None, self.describe(problem))

    def remove(self) -> None:
        """Drop the table from a server; close every connection and end every thread."""

        def drop() -> None:
            with self.copy.begin() as connection:
                self.table.drop(connection, checkfirst=True)

        def close() -> None:  # SQLite refuses that to another thread
            for connection in self.connections.pop(threading.get_ident(), []):
                with suppress(Exception):  # the others are to be closed all the same
                    connection.close()

        self.signals = []  # remove all, whatever comes
        left = None
        if self.filled and not self.sqlite:
            self.on(self.first, self.copy.dispose)
            left = self.on(self.first if self.loop else self.new_thread(), drop)
        for thread in self.threads:
            stuck = isinstance(self.on(thread, close), TimeoutError)
            thread.shutdown(wait=not stuck)
        if self.loop:
            self.loop.close()
        if left:
            raise Problem(f"The table {self.table.name} is left on the server: drop it by hand.")

    def describe(self, seen: object) -> str:
        """What a look saw, or its error as the app would show it."""
        if not isinstance(seen, Exception):
            return f"{seen} rows"
        cause = getattr(seen, "orig", None) or seen
        line = (str(cause).strip() or "no answer").splitlines()[0]
        line = line.partition(", connection timed out")[0].replace(self.table.name, "item")
        return line if isinstance(cause, Problem) else f"{type(cause).__name__}: {line}"


# The questions, and what the answers amount to.


@dataclass
class Look:
    """What was measured on a scratch database."""

    answers: dict[str, Answer] = field(default_factory=dict)
    one_for_all: bool = False  # two threads get the same connection at the same time
    one_a_thread: bool = False  # two sessions of one thread do
    in_turns: bool = False
    refused: str = ""  # why a server lets this user write nothing
    no_transactions: bool = False
    files: list[str] = field(default_factory=list)  # while a transaction is open


def measure(scratch: Scratch, keeper: bool) -> Look:
    """Ask every question; with a connection open beside the pool, when the app holds a keeper."""
    look = Look()
    first, second, on = scratch.first, scratch.second, scratch.on
    if keeper and scratch.sqlite:
        on(first, scratch.connect, None)
    error = on(first, lambda: scratch.copy.connect().close())
    if error:
        raise Problem(f"It cannot connect: {scratch.describe(error)}")
    error = on(first, scratch.fill)
    if error and scratch.sqlite:
        raise Problem(f"It cannot write to a scratch database: {scratch.describe(error)}")
    after = on(second, scratch.rows)
    with scratch.session(first) as mine:
        on(first, scratch.rows, mine)
        during = on(second, scratch.rows)
        look.one_for_all, look.one_a_thread = scratch.same(mine, second), scratch.same(mine, first)
    look.in_turns = waits(during)
    if error:
        look.refused = scratch.describe(error)
        look.answers = dict.fromkeys(QUESTIONS, Answer(None))
        return look
    look.answers["another_thread"] = another_thread(scratch, after, during)
    look.answers["another_process"] = scratch.another_process()
    isolation(scratch, look)
    look.answers["survives_dispose"] = survival(scratch)
    return look


def waits(seen: object) -> bool:
    """Whether a look had to wait for another session: slow, but nothing is lost."""
    locked = isinstance(seen, Exception) and "locked" in str(seen)
    return locked or isinstance(seen, (PoolTimeout, TimeoutError, AssertionError))  # AssertionPool


def another_thread(scratch: Scratch, after: object, during: object) -> Answer:
    """What a thread sees after the work of another one, and while that one has a session."""
    for seen, when in ((after, ""), (during, ", while the first thread has a session open")):
        if seen != 1 and not waits(seen):
            return Answer(False, scratch.describe(seen) + when)
    return Answer(True, f"in turns ({scratch.describe(during)})" if waits(during) else "")


def isolation(scratch: Scratch, look: Look) -> None:
    """Let another session look at uncommitted work: from another thread, and from the same."""
    me, on = scratch.first, scratch.on
    hidden = safe = Answer(True)
    for other, where in ((scratch.second, "another thread"), (me, "the same thread")):
        rows = on(me, scratch.rows)
        if isinstance(rows, Exception):
            hidden = safe = Answer(None, scratch.describe(rows))
            break
        with scratch.session(me) as mine:
            on(me, scratch.add, mine)
            look.files = os.listdir(scratch.folder)
            seen = on(other, scratch.rows)
            error = on(me, sa.Connection.commit, mine)
        if seen == rows + 1 and hidden.yes:
            hidden = Answer(False, f"a session in {where} sees it")
        elif waits(seen) and hidden.yes:
            hidden = Answer(True, f"the other session waits ({scratch.describe(seen)})")
        if on(me, scratch.rows) != rows + 1 and safe.yes:
            why = f", with {scratch.describe(error)}" if error else ", and raises no error"
            safe = Answer(False, f"after a look from {where}, commit() stores nothing{why}")
    look.answers |= {"uncommitted_hidden": hidden, "safe_from_rollback": safe}
    if hidden.yes is False and safe.yes:
        rows = on(me, scratch.rows)
        with scratch.session(me) as mine:
            on(me, scratch.add, mine)
        look.no_transactions = on(me, scratch.rows) != rows


def survival(scratch: Scratch) -> Answer:
    """Whether the rows are still there after the engine dropped its connections."""
    rows = scratch.on(scratch.first, scratch.rows)
    scratch.on(scratch.first, scratch.copy.dispose)
    left = scratch.on(scratch.first, scratch.rows)
    if isinstance(rows, Exception):
        return Answer(None, scratch.describe(rows))
    return Answer(True) if left == rows else Answer(False, scratch.describe(left))


def judge(scratch: Scratch, look: Look) -> str:
    """The finding that the answers amount to, a key of ``TRAPS`` or ``SAFE``."""
    sqlite, thread = scratch.sqlite, look.answers["another_thread"]
    if sqlite and sqlite.is_odd:
        return "odd file"
    if thread.yes is False:
        if sqlite is None:
            raise Problem(f"Another thread does not see rows on this server: {thread.detail}")
        if "same thread" in thread.detail:
            return "refused"
        if sqlite.named or sqlite.shared:
            return "not kept" if sqlite.shared else "name not shared"
        if not isinstance(scratch.engine.pool, sa.pool.SingletonThreadPool):
            return "own connection"
        return "own thread" if scratch.kwargs.get("check_same_thread", True) else "check off"
    if look.one_a_thread and not look.one_for_all:
        return "one a thread"
    if look.one_for_all or look.answers["safe_from_rollback"].yes is False:
        return "one connection"
    if look.answers["uncommitted_hidden"].yes is False and not look.no_transactions:
        return "dirty"
    if sqlite and sqlite.in_memory:
        return "turns" if look.in_turns else "memory"
    return "file" if sqlite else "read only" if look.refused else "server"


def cure(place: Place, sqlite: Sqlite | None, finding: str) -> str:
    """The configuration that ends a trap."""
    if finding == "dirty":
        return "leave out read_uncommitted, or isolation_level"
    if not sqlite or not (sqlite.in_memory or sqlite.is_odd):
        return "leave out poolclass and connect_args: by default each session has its connection"
    file = place.setting(":///shop.db")
    memory = place.setting(":///file:///shop?vfs=memdb&uri=true")
    plain = "both without poolclass and connect_args"
    return f"{file}; or, to stay in memory, {memory} and one connection held open; {plain}"


def notes(scratch: Scratch, look: Look, finding: str, keeper: bool) -> list[str]:
    """What else a reader should know about an engine."""
    sqlite, engine = scratch.sqlite, scratch.engine
    listeners = [getattr(each, "__qualname__", "?") for _, each in own_listeners(engine)]
    in_memory = sqlite is not None and sqlite.in_memory
    safe_memory = in_memory and finding in SAFE
    missing = sqlite and not in_memory and not os.path.exists(sqlite.path)
    found = {
        "one session writes at a time: others wait, or get `database is locked`": finding == "file",
        "a second process has none of it: see 08_more_than_one_process": safe_memory,
        "hold one connection open while the app runs": safe_memory and not keeper,
        f"writing was refused: {look.refused}": look.refused,
        "tried with one connection held open, since your code holds one": in_memory and keeper,
        "a second connection inside a session waits, then raises an error": look.in_turns,
        "each statement commits by itself: rollback() takes nothing back": look.no_transactions,
        "the file is not there yet: SQLite makes it at the first connection": missing,
        "asynchronous: tried with two sessions in one event loop": engine.dialect.is_async,
        f"your listeners ran on the scratch database: {', '.join(listeners)}": listeners,
    }
    return [note for note, applies in found.items() if applies]


def describe_files(sqlite: Sqlite | None, used: list[str], left: list[str]) -> str:
    """The files that this kind of database makes, under the reader's names."""
    if not sqlite or not left:
        return "none"
    used, left = ([each.replace(SCRATCH, sqlite.path) for each in names] for names in (used, left))
    more = [os.path.basename(each) for each in sorted(used) if each not in left]
    also = f"; during a transaction also {', '.join(more)}" if more else ""
    return ", ".join(sorted(left)) + also


def shown(url: sa.URL) -> str:
    """A URL without its password; the query of a server's could hold one, too."""
    is_sqlite = url.get_backend_name() == "sqlite"
    return unquote(url.render_as_string()) if is_sqlite else url.set(query={}).render_as_string()


def look_at(place: Place, keeper: bool, signals: list[int]) -> EngineReport:
    """Look at one engine; what keeps it from looking stands in the report."""
    report = EngineReport(place.path, shown(place.value.url), type(place.value.pool).__name__)
    try:
        with tempfile.TemporaryDirectory(prefix="diagnose-", ignore_cleanup_errors=True) as folder:
            scratch = Scratch(place.value, folder, signals)
            try:
                look = measure(scratch, keeper)
            finally:
                scratch.remove()
            left = os.listdir(folder)
        report.finding = judge(scratch, look)
    except Problem as problem:
        report.sentence = str(problem)
        return report
    except Exception as error:  # noqa: BLE001 - a pool or dialect that is new to diagnose
        report.sentence = f"No copy of this engine could be tried: {type(error).__name__}: {error}"
        return report
    report.answers = look.answers
    report.verdict = "trapped" if report.finding in TRAPS else "safe"
    report.notebook, report.sentence = (TRAPS | SAFE)[report.finding]
    if report.verdict == "trapped":
        report.cure = cure(place, scratch.sqlite, report.finding)
        file = os.path.basename(scratch.sqlite.path) if scratch.sqlite else ""
        no_error = NO_ERROR.get(report.finding, "").format(file)
        report.message = no_error or look.answers["another_thread"].detail
    report.files = describe_files(scratch.sqlite, look.files, left)
    report.notes = notes(scratch, look, report.finding, keeper)
    return report


@contextmanager
def deferred_signals() -> Iterator[list[int]]:
    """Let a signal end the look between two steps, and deliver it when all is removed."""
    signals: list[int] = []
    old: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) not in (None, signal.SIG_IGN):
                old[number] = signal.signal(number, lambda number, _: signals.append(number))
    try:
        with suppress(Interrupted):
            yield signals
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    if signals:
        signal.raise_signal(signals[0])
        raise KeyboardInterrupt  # the program goes on after it


# What the reader names, and what comes out.


def diagnose(target: object) -> Report:
    """Look at every engine of an app without touching its data.

    :param target: an app, engine, session, ``db`` object or module; a factory, which is called;
        or as text what the command takes: ``"myapp:app"``, a URL, the path of a file.
    :return: a report, also of what kept it from looking.
    """
    report = Report(target if isinstance(target, str) else type(target).__name__)
    try:
        places, keeper = resolve(target, report)
        with deferred_signals() as signals:
            for place in places:
                report.engines.append(look_at(place, keeper, signals))
    except Problem as problem:
        report.problem = str(problem)
    return report


def resolve(target: object, report: Report) -> tuple[list[Place], bool]:
    """The engines that a target leads to, and whether it leads to a connection."""
    value: Any = target
    path, module = "app" if hasattr(target, "extensions") else type(target).__name__.lower(), None
    if isinstance(target, str):
        if "://" in target or is_file(target):
            return [typed_engine(target)], False
        module, value = load(target)
        path = target if ":" in target else module.__name__
        report.ran.append(f"Importing {module.__name__} ran it")
    if isinstance(value, FACTORIES):
        value = attempt(value, f"Calling {path}")
        report.ran.append(f"{path} was called")
    places, keeper = find_engines(value, path)
    if not places:
        with suppress(Exception):  # computed, so only asked for where nothing is stored
            places, _ = find_engines(value.engine, path)
            report.ran.append(f"{path} was asked for its engine")
    if module:
        others, kept = find_engines(module, module.__name__)
        places, keeper = places or others, keeper or kept
    if not places:
        raise Problem(
            f"No SQLAlchemy engine was found in {path}: name the engine, a session, or the"
            " factory that makes it, as in myapp:engine or myapp:create_app."
        )
    return places, keeper


def is_file(target: str) -> bool:
    """Whether a text is the path of a database, and not a module with or without a name."""
    if re.match(r"[\w./]+:(?![\\/])|.*\.py$", target):
        return False
    return os.path.isfile(target) or bool(re.search(r"[\\/]|\.(db|db3|sqlite|sqlite3)$", target))


def typed_engine(target: str) -> Place:
    """An engine for a URL, or for the path of a SQLite file, which has to be there."""
    try:
        url = sa.make_url(target) if "://" in target else sa.URL.create("sqlite", database=target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is looked at here
            engine = sa.create_engine(url)
    except ImportError as error:
        raise Problem(f"The driver for {target.split(':')[0]} is missing: {error}.") from None
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise Problem(f"This URL makes no engine: {str(error).splitlines()[0]}") from None
    sqlite = what_it_opens(engine)
    if sqlite and not (sqlite.in_memory or os.path.exists(sqlite.path)):
        raise Problem(f"There is no file {sqlite.path}: correct the path, or name your app.")
    return Place(engine, "create_engine" if "://" in target else "file")


def load(target: str) -> tuple[ModuleType, object]:
    """Import a module, which runs it, and get the object that is named in it."""
    name, _, attributes = target.removesuffix("()").partition(":")  # as for flask --app
    name = name.removesuffix(".py").replace("/", ".")
    module = attempt(partial(importlib.import_module, name), f"Importing {name}")
    value: Any = module
    for attribute in filter(None, attributes.split(".")):
        if not hasattr(value, attribute):
            raise Problem(f"There is no {attributes} in {name}: correct the name after the colon.")
        value = getattr(value, attribute)
    return module, value


def attempt(action: Callable[[], Any], doing: str) -> Any:
    """Run code of the app; what it raises is a Problem, with the app's last line on the way."""
    try:
        return action()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the app's code
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f"{Path(x.filename).name}:{x.lineno} " for x in frames if is_own_file(x.filename)]
        reason = f"{''.join(lines[-1:])}{type(error).__name__}: {' '.join(str(error).split())}"
        if isinstance(error, ModuleNotFoundError) and not lines:  # not an import of the app's
            reason += "; run this in the folder of your app, with the Python of your app"
        raise Problem(f"{doing} in {os.getcwd()} failed: {reason}") from None


def main(arguments: list[str] | None = None) -> int:
    """Print the report on what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="diagnose.py", description="Is your app in the trap? 0 safe, 1 trapped, 2 not looked."
    )
    parser.add_argument("target", help="myapp:app, myapp:create_app, myapp:engine, a URL or a file")
    parser.add_argument("--json", action="store_true", help="print the report for a program")
    options = parser.parse_args(arguments)
    here = os.path.dirname(os.path.abspath(__file__))  # its modules could hide the app's
    sys.path[:] = [os.getcwd(), *(each for each in sys.path if os.path.abspath(each) != here)]
    sys.dont_write_bytecode = True
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # so that app.run() at import returns at once
    try:
        with redirect_stdout(sys.stderr):  # what the app prints
            report = diagnose(options.target)
    except KeyboardInterrupt:
        print("Interrupted: nothing is left behind.", file=sys.stderr)
        return 130
    print(report.to_json() if options.json else report, flush=True)
    if any(thread.name.startswith("diagnose") for thread in threading.enumerate()):
        os._exit(report.exit_status)  # else the exit waits for a server that does not answer
    return report.exit_status


if __name__ == "__main__":
    sys.exit(main())
