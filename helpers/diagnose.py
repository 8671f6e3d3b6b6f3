"""Is your own app in the trap? Looks at its engines and leaves its data alone.

Run this file by its path, with the Python and in the folder of your app. Name a module with
an app, a factory, an engine or a session in it; or a URL; or the file of a SQLite database::

    python path/to/helpers/diagnose.py myapp:app
    python path/to/helpers/diagnose.py "myapp:create_app('testing')" --json

In a notebook, ``diagnose(app)`` returns a report. The exit status is 0 when every engine is
safe, 1 when one is trapped, and 2 when it could not look.

Importing a module runs it. Apart from that, a factory and the listeners of connection events,
nothing of the app runs. Everything is tried on a copy of each engine, on a scratch database
of the same kind; on a server, in a scratch table that is removed again. This file needs the
standard library and SQLAlchemy only, so that it runs where your app runs.
"""

from __future__ import annotations

import argparse
import ast
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
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from queue import SimpleQueue
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Column, Connection, Engine, Integer, MetaData, Table
from sqlalchemy import create_engine, event, func, make_url, pool, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.util import greenlet_spawn

PATIENCE = 5.0  # seconds that one step may take; on SQLite none waits
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
N01, N02 = "01_one_db_object_two_databases", "02_why_each_thread_has_its_own"
N04, N05 = "04_fix_use_a_file", "05_todays_default_shares_one_connection"
N06, N07 = "06_fix_name_the_memory_database", "07_fix_use_a_database_server"
OWN = "each {} gets a database of its own in memory, without the tables of the others"
ONE = "{} share one connection and so one transaction: a rollback takes the others' work with it"
TRAPS = {  # finding: (notebook that explains it, sentence)
    "own thread": (N01, OWN.format("thread")),
    "check off": (N02, f"check_same_thread=False alone cures nothing: {OWN.format('thread')}"),
    "own connection": (N02, OWN.format("connection")),
    "name not shared": (N06, f"a name in memory that is not shared: {OWN.format('connection')}"),
    "not kept": (N06, "this pool keeps no connection, and the database ends with the last one"),
    "refused": (N06, "the driver refuses a connection in a thread that did not open it"),
    "one connection": (N05, ONE.format("all sessions")),
    "one a thread": (N05, ONE.format("all sessions of a thread")),
    "odd file": (N06, "this is a file with a strange name and not in memory: it keeps its rows"),
    "dirty": ("09_choose", "sessions read what another one may never commit"),
}
SAFE = {
    "file": (N04, "all threads and processes share one file"),
    "memory": (N06, "all threads of this process share one database in memory"),
    "turns": (N06, "all sessions take turns on one connection"),
    "server": (N07, "all threads and processes share one server"),
    "read only": (N07, "each session has its own connection to a server, as far as reading tells"),
}


class Problem(Exception):
    """Why it could not look, as a sentence for the reader."""


class Blocked(Exception):
    """A step still waits after ``PATIENCE``."""


class Interrupted(BaseException):
    """A signal came; it is delivered as soon as everything is removed."""


@dataclass
class Answer:
    """What was measured: yes, no, or ``None`` for not tried; and what made it so."""

    yes: bool | None
    detail: str = ""

    def __str__(self) -> str:
        word = {True: "yes", False: "no", None: "not tried"}[self.yes]
        return f"{word}: {self.detail}" if self.detail else word


@dataclass
class EngineReport:
    """What was found about one engine; its verdict is safe, trapped or not looked."""

    name: str
    url: str
    pool: str
    verdict: str = "not looked"
    finding: str = ""
    sentence: str = ""
    notebook: str = ""
    cure: str = ""
    message: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    files: str = ""
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, str]]:
        """What a reader sees: labels and texts."""
        lines = [
            ("engine", f"{self.name} ({self.url}, {self.pool})"),
            (self.verdict.upper(), self.sentence),
            ("what you see", self.message),
            ("cure", self.cure),
            ("explained in", self.notebook),
            *((QUESTIONS[key], str(answer)) for key, answer in self.answers.items()),
            ("files", self.files),
            *(("note", note) for note in self.notes),
        ]
        return [(label, text) for label, text in lines if text]


@dataclass
class Report:
    """What ran of the app, and the finding for each engine or why there is none."""

    target: str
    ran: str = ""
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
        lines = [line for line in (self.ran, self.problem) if line]
        for engine in self.engines:
            lines += ["", *(f"{label:<28}  {text}" for label, text in engine.lines())]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left">'
        parts = [f"<p>{escape(line)}</p>" for line in (self.ran, self.problem) if line]
        for engine in self.engines:
            pairs = ((escape(label), escape(text)) for label, text in engine.lines())
            rows = "".join(f"<tr>{cell}{a}</td>{cell}{b}</td></tr>" for a, b in pairs)
            parts.append(f"<table>{rows}</table>")
        return "".join(parts)


# Finding the engines. Variables and attributes are followed, and no code is called.

LEAVES = (str, bytes, int, float, type(None), CodeType, logging.Logger)
CONTAINERS = (list, tuple, set, frozenset, deque, MethodType, partial, property)
CONTAINERS += (staticmethod, classmethod, type(lru_cache(len)))
STDLIB = sysconfig.get_path("stdlib")
DULL = ("jinja2", "sqlalchemy.sql", "sqlalchemy.event", "sqlalchemy.orm.mapper")


@dataclass
class Place:
    """A value, the path that leads to it, the last key on that path, and the extension."""

    value: Any
    path: str
    key: object = None
    extension: str = ""

    def setting(self, rest: str) -> str:
        """The line of configuration that gives the engine at this place another URL."""
        url = self.value.url.drivername + rest
        if self.extension == "flask_sqlalchemy_lite":
            kind = "ASYNC_ENGINES" if self.value.dialect.is_async else "ENGINES"
            return f'SQLALCHEMY_{kind} = {{"{self.key}": "{url}"}}'
        if self.extension and self.key is not None:
            return f'SQLALCHEMY_BINDS = {{"{self.key}": "{url}"}}'
        if self.extension:
            return f'SQLALCHEMY_DATABASE_URI = "{url}"'
        return f'create_engine("{url}")'


def find_engines(root: object, path: str) -> tuple[list[Place], bool]:
    """The engines that an object leads to, the nearest first, and if there is a connection."""
    todo = deque([Place(root, path)])
    seen: dict[int, object] = {}  # holds what was seen, so that no id is used twice
    found: dict[int, Place] = {}
    connection = False
    while todo:
        place = todo.popleft()
        value, kind = place.value, type(place.value)
        if id(value) in seen or issubclass(kind, LEAVES) or kind.__module__.startswith(DULL):
            continue
        seen[id(value)] = value
        if issubclass(kind, Engine):
            found.setdefault(id(value.pool), place)
            continue
        connection |= issubclass(kind, (sqlite3.Connection, Connection))
        if kind.__name__ == "SQLAlchemy" and kind.__module__.startswith("flask_sqlalchemy"):
            place.extension = kind.__module__.partition(".")[0]
        for child, child_path, key in children(place, root):
            todo.append(Place(child, child_path, key, place.extension))
    return list(found.values()), connection


def children(place: Place, root: object) -> Iterator[tuple[Any, str, object]]:
    """What a value refers to: each with its path and the last key on the way to it."""
    value, path, kind = place.value, place.path, type(place.value)
    if issubclass(kind, WeakKeyDictionary):  # what an extension keeps for each app
        apps = [app for app in list(value) if app is root] or list(value)
        yield from ((value[app], path, place.key) for app in apps)
    elif kind is ModuleType or issubclass(kind, type):
        if is_own(value.__name__ if kind is ModuleType else value.__module__, root):
            yield from ((each, f"{path}.{name}", None) for name, each in list(vars(value).items()))
        return
    elif kind is FunctionType:
        yield from ((each, name, None) for name, each in used_by(value, root))
    elif issubclass(kind, dict):
        for key, each in list(dict.items(value)):
            yield each, f"{path}[{key!r}]" if isinstance(key, str) else path, key
    elif issubclass(kind, CONTAINERS):
        yield from ((each, path, place.key) for each in gc.get_referents(value))
    for name, each in attributes(value):
        yield each, path if name.startswith("_") else f"{path}.{name}", place.key
    if is_own(kind.__module__, root):
        yield kind, path, None


def attributes(value: object) -> Iterator[tuple[str, Any]]:
    """The attributes that an object holds itself; none is computed."""
    slots = [name for cls in type(value).__mro__ for name in vars(cls).get("__slots__", ())]
    with suppress(AttributeError):
        yield from list(object.__getattribute__(value, "__dict__").items())
    for name in slots:
        with suppress(AttributeError):
            yield name, object.__getattribute__(value, name)


def used_by(function: FunctionType, root: object) -> Iterator[tuple[str, Any]]:
    """The variables that a function of the reader's uses, its imports among them."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not assigned yet
            yield f"{function.__qualname__}.{name}", cell.cell_contents
    module = function.__globals__.get("__name__", "")
    if not is_own(module, root):
        return
    used, attributes_used, imports = names_in(function.__code__)
    spaces = [(function.__globals__, used)]
    parents = ["", *(f"{module.rsplit('.', depth)[0]}." for depth in range(module.count(".") + 1))]
    for name in {parent + each for parent in parents for each in imports}:
        if name in sys.modules and is_own(name, root):
            spaces.append((vars(sys.modules[name]), attributes_used))
    for space, names in spaces:  # grows while it is read
        for name in names & space.keys():
            value = space[name]
            if type(value) is not ModuleType:
                yield f"{space.get('__name__')}.{name}", value
            elif is_own(value.__name__, root) and all(vars(value) is not old for old, _ in spaces):
                spaces.append((vars(value), attributes_used))


def names_in(code: CodeType) -> tuple[set[str], set[str], set[str]]:
    """The global names, all names, and the modules that code and the code in it mention."""
    steps = list(dis.get_instructions(code))
    used = {step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    imports = {step.argval for step in steps if step.opname == "IMPORT_NAME"}
    names = set(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            for total, more in zip((used, names, imports), names_in(inner), strict=True):
                total |= more
    return used, names, imports | names if imports else imports


def is_own(module: str, root: object) -> bool:
    """Whether a module is the reader's, and not a library's."""
    home = getattr(root, "__name__" if type(root) is ModuleType else "import_name", "__main__")
    if module.partition(".")[0] in ("__main__", str(home).partition(".")[0]):
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return bool(file) and is_own_file(file)


def is_own_file(file: str) -> bool:
    """Whether a file is the reader's code: not of Python, and not installed."""
    return not (file.startswith((STDLIB, "<", __file__)) or "site-packages" in file or "dist-packages" in file)


# What an engine connects to, and a copy of the engine that connects to something else.


class Sqlite:
    """What SQLite opens for given connect arguments: a file, or a database in memory."""

    def __init__(self, database: str, uri: bool) -> None:
        self.database, self.uri = database, uri and database.startswith("file:")
        self.path, self.query = database, {}
        if self.uri:
            parts = urlsplit(database)
            self.path, self.query = unquote(parts.path), dict(parse_qsl(parts.query))
        self.named = self.path not in ("", ":memory:")
        if self.query.get("vfs") == "memdb":
            self.in_memory, self.shared = True, self.path.startswith("/")
        else:
            self.in_memory = not self.named or self.query.get("mode") == "memory"
            self.shared = bool(self.path) and self.query.get("cache") == "shared"
        if not self.in_memory:
            self.path = os.path.abspath(re.sub("^/(?=[A-Za-z]:)", "", self.path))
        self.wal = False

    @property
    def is_odd(self) -> bool:
        """Whether it is a file that was meant to be a database in memory."""
        name = os.path.basename(self.path)
        return not self.in_memory and (":memory:" in name or name.startswith("file:"))

    def check_file(self) -> None:
        """Look at the file without opening it here.

        A process that opens and closes a file loses SQLite's locks on it, so another reads it.

        :raises Problem: when the app could not write to it.
        """
        mode = "immutable=1" if "immutable" in self.query else f"mode={self.query.get('mode')}"
        if mode in ("immutable=1", "mode=ro"):
            raise Problem(f"{self.path} is opened read-only ({mode}), so writing cannot be tried.")
        folder = os.path.dirname(self.path)
        if not os.path.exists(self.path):
            if mode == "mode=rw" or not os.path.isdir(folder):
                what = "file" if mode == "mode=rw" else "folder for the file"
                raise Problem(f"There is no {what} {self.path}: make it, or correct the URL.")
            return
        status = os.stat(self.path)
        if not stat.S_ISREG(status.st_mode):
            raise Problem(f"{self.path} is not a file: name the file of a SQLite database.")
        if not status.st_mode & 0o222 or not os.access(self.path, os.W_OK):
            raise Problem(f"{self.path} is read-only for you: diagnose it where the app can write.")
        header = bytes.fromhex(run_python(HEADER, self.path) if status.st_size else "")
        if header and not header.startswith(b"SQLite format 3\0"):
            raise Problem(f"{self.path} is not a SQLite database: correct the path.")
        self.wal = header[18:20] == b"\2\2"

    def make_scratch(self, folder: str) -> str:
        """Name a database of the same kind that nobody uses; a file gets its journal mode."""
        query = {key: each for key, each in self.query.items() if self.in_memory or key != "mode"}
        if not self.in_memory:
            path = Path(folder, SCRATCH)
            if self.wal:
                connection = sqlite3.connect(path)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.close()
            return f"{path.as_uri()}?{urlencode(query)}" if self.uri else str(path)
        if not (self.named or self.shared):
            return self.database
        if not self.named:  # file::memory:?cache=shared is one for the whole process
            query["mode"] = "memory"
        slash = "/" if self.path.startswith("/") else ""
        return f"file:{slash}diagnose-{secrets.token_hex(8)}?{urlencode(query)}"


def what_it_opens(engine: Engine) -> Sqlite | None:
    """What SQLite opens for an engine, or ``None`` for a server.

    :raises Problem: when that cannot be known, or is no database that diagnose knows.
    """
    backend = engine.url.get_backend_name()
    if backend in SERVERS:
        return None
    if backend != "sqlite":
        raise Problem(f"This is {backend}: diagnose knows SQLite and the usual database servers.")
    passed = connect_arguments(engine)
    if passed is None or engine.dialect.dispatch.do_connect:
        raise Problem(
            "Its connections come from a function of yours, which diagnose does not call, since it"
            " could open your data: name the URL instead."
        )
    args, kwargs = passed
    return Sqlite(os.fspath(args[0]), bool(kwargs.get("uri")))


SCRATCH = "scratch.db"
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
    """Run code in a second process and return what it prints.

    :raises Problem: with the last line of its errors.
    """
    command = [sys.executable, "-P", "-X", "utf8", "-c", code, *args]  # -P: not the app's modules
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, encoding="utf-8", timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Problem(f"a second process gave no answer in {PATIENCE:g} s") from None
    if done.returncode:
        raise Problem((done.stderr.strip() or "a second process ended early").splitlines()[-1])
    return done.stdout.strip()


def connect_arguments(engine: Engine) -> tuple[list[Any], dict[str, Any]] | None:
    """What the engine passes to the driver, or ``None`` when the reader's code does that."""
    creator = engine.pool._creator
    if getattr(creator, "__module__", "") != "sqlalchemy.engine.create":
        return None
    cells = zip(creator.__code__.co_freevars, creator.__closure__ or (), strict=True)
    values = {name: cell.cell_contents for name, cell in cells}
    return list(values["cargs_tup"]), dict(values["cparams"])


def copy_engine(engine: Engine, connect: Callable[[Any], Any]) -> Engine:
    """An engine with the same pool, settings and listeners, which connects by ``connect``."""
    old, options = engine.pool, {}
    if isinstance(old, pool.QueuePool):
        options = {"pool_size": old.size(), "max_overflow": old._max_overflow, "pool_timeout": 0}
    elif isinstance(old, pool.SingletonThreadPool):
        options = {"pool_size": old.size}
    if engine.dialect._on_connect_isolation_level:
        options["isolation_level"] = engine.dialect._on_connect_isolation_level
    is_sqlite = engine.dialect.name == "sqlite"
    make: Callable[..., Any] = create_engine
    if engine.dialect.is_async:
        from sqlalchemy.ext.asyncio import create_async_engine as make
    copy = make(
        engine.url.set(database=None, query={}) if is_sqlite else engine.url,
        creator=connect,
        poolclass=type(old),
        pool_pre_ping=old._pre_ping,
        pool_reset_on_return=old._reset_on_return,
        pool_logging_name="diagnose",
        execution_options=engine.get_execution_options(),
        **options,
    )
    copy = getattr(copy, "sync_engine", copy)
    logger = getattr(copy.pool.logger, "logger", copy.pool.logger)
    logger.setLevel(logging.CRITICAL + 1)  # what a trapped pool reports is an answer here
    for name, listener in own_listeners(engine):
        event.listen(copy, name, listener)
        guard_other_databases()
    return copy


def own_listeners(engine: Engine) -> list[tuple[str, Callable[..., Any]]]:
    """The reader's listeners that shape a connection or a transaction of this engine.

    One that listens once is left out: to run here would use it up.
    """
    engine = getattr(engine, "_proxied", engine)  # of engine.execution_options(...)
    of_pool = [(name, getattr(engine.pool.dispatch, name)) for name in POOL_EVENTS]
    of_engine = [(name, getattr(engine.dispatch, name)) for name in ENGINE_EVENTS]
    return [
        (name, listener)
        for name, listeners in of_pool + of_engine
        for listener in listeners.listeners
        if not getattr(listener, "__module__", "").startswith("sqlalchemy.")
    ]


_allowed = threading.local()


def refuse_other_databases(name: str, args: tuple[Any, ...]) -> None:
    """Keep a listener from opening the reader's data: an audit hook, active in our threads."""
    if name == "sqlite3.connect" and args[0] not in getattr(_allowed, "databases", args):
        raise PermissionError(f"it opens {args[0]!r}, which diagnose does not touch")


@lru_cache
def guard_other_databases() -> None:
    """Install the audit hook, once, since Python cannot remove one."""
    sys.addaudithook(refuse_other_databases)


def refuse_attach(action: int, database: str | None, *_: object) -> int:
    """Keep a listener from attaching the reader's data: an authorizer of SQLite."""
    refused = action == sqlite3.SQLITE_ATTACH and database not in ("", ":memory:")
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


# Trying the copy, step by step.


class Actor:
    """A thread that does one step at a time, so that two of them have one order."""

    def __init__(self, is_async: bool, databases: tuple[str, ...]) -> None:
        self._steps: SimpleQueue[Any] = SimpleQueue()
        work = threading.Thread(target=self._work, args=(is_async, databases), daemon=True)
        self.thread = work
        work.start()

    def __call__(self, step: Callable[..., Any], *args: Any) -> Any:
        """Do one step in this thread and return what it returns, or raise what it raises.

        :raises Blocked: when it still waits after ``PATIENCE``.
        """
        future: futures.Future[Any] = futures.Future()
        self._steps.put((future, partial(step, *args)))
        if not futures.wait([future], PATIENCE).done:
            raise Blocked(f"no answer in {PATIENCE:g} s")
        return future.result()

    def end(self) -> None:
        """End the thread, unless a step in it waits for ever."""
        self._steps.put(None)
        self.thread.join(PATIENCE)

    def _work(self, is_async: bool, databases: tuple[str, ...]) -> None:
        _allowed.databases = databases
        with asyncio.Runner() if is_async else nullcontext() as loop:
            for future, step in iter(self._steps.get, None):
                try:
                    future.set_result(loop.run(greenlet_spawn(step)) if loop else step())
                except BaseException as error:
                    future.set_exception(error)


class Scratch:
    """A copy of an engine on a database, or in a table, that it makes and removes."""

    def __init__(
        self, engine: Engine, sqlite: Sqlite | None, folder: str, signals: list[int]
    ) -> None:
        self.engine, self.sqlite, self.folder, self.signals = engine, sqlite, folder, signals
        self.table = Table(f"diagnose_{secrets.token_hex(8)}", MetaData(), Column("n", Integer))
        self.args, self.kwargs = connect_arguments(engine) or ([], {})
        if sqlite:
            self.args = [sqlite.make_scratch(folder)]
            self.kwargs["timeout"] = 0  # an answer at once instead of a wait
        self.copy = copy_engine(engine, self.connect)
        self.connections: dict[int, list[Any]] = {}  # the driver's, by the thread that made them
        self.held: list[tuple[Actor, Connection]] = []
        self.filled = False
        self.actors: list[Actor] = []
        self.first = self.new_actor()
        self.second = self.first if engine.dialect.is_async else self.new_actor()

    def new_actor(self) -> Actor:
        """Start a thread that opens nothing but the scratch database."""
        databases = (self.args[0], ":memory:") if self.sqlite else ()
        self.actors.append(Actor(self.engine.dialect.is_async, databases))
        return self.actors[-1]

    def connect(self, record: Any) -> Any:
        """Make a connection of the driver: to the scratch database, or to the reader's server."""
        if self.sqlite:
            connection = self.engine.dialect.connect(*self.args, **self.kwargs)
            with suppress(AttributeError):  # an asynchronous driver has none
                connection.set_authorizer(refuse_attach)
        else:
            connection = self.engine.pool._invoke_creator(record)
        self.connections.setdefault(threading.get_ident(), []).append(connection)
        return connection

    def on(self, actor: Actor, step: Callable[..., Any], *args: Any) -> Any:
        """Do a step in a thread, and return its result or its error.

        :raises Interrupted: when a signal came before the step.
        """
        if self.signals:
            raise Interrupted
        try:
            return actor(step, *args)
        except Exception as error:
            error.__traceback__ = None  # refers to connections
            return error

    def hold(self, actor: Actor) -> Any:
        """Check a connection out, and keep it until ``release``."""
        connection = self.on(actor, self.copy.connect)
        if isinstance(connection, Connection):
            self.held.append((actor, connection))
        return connection

    def release(self, connection: Any) -> None:
        """Check a connection in; what is not committed is rolled back."""
        for actor, held in self.held:
            if held is connection:
                self.on(actor, held.close)
        self.held = [(actor, held) for actor, held in self.held if held is not connection]

    def same(self, mine: Any, actor: Actor) -> bool:
        """Whether another check-out leads to the connection that is checked out already."""
        other = self.hold(actor)
        both = isinstance(mine, Connection) and isinstance(other, Connection)
        answer = both and mine.connection.dbapi_connection is other.connection.dbapi_connection
        self.release(other)
        return answer

    def ping(self) -> None:
        """Step: connect."""
        self.copy.connect().close()

    def fill(self) -> None:
        """Step: make the table and store one row."""
        self.filled = True
        with self.copy.begin() as connection:
            self.table.create(connection)
            self.add(connection)

    def add(self, connection: Connection) -> None:
        """Step: store one more row, without a commit."""
        connection.execute(self.table.insert().values(n=1))

    def count(self, connection: Connection) -> Any:
        """Step: count the rows on a connection."""
        return connection.scalar(select(func.count()).select_from(self.table))

    def rows(self) -> Any:
        """Step: count the rows as a short session does: connect, look, close."""
        with self.copy.connect() as connection:
            return self.count(connection)

    def rows_elsewhere(self) -> int:
        """Count the rows in a second process.

        :raises Problem: when that process cannot tell.
        """
        driver = "sqlite3" if self.sqlite else getattr(self.engine.dialect.dbapi, "__name__", "")
        plain = (str, int, float, bool, type(None))
        kwargs = {name: each for name, each in self.kwargs.items() if isinstance(each, plain)}
        if self.sqlite:
            kwargs = {"uri": self.sqlite.uri}
        sql = f"SELECT count(*) FROM {self.table.name}"
        job = {"driver": driver, "args": self.args, "kwargs": kwargs, "sql": sql}
        return int(run_python(COUNT, stdin=json.dumps(job)))

    def drop(self) -> None:
        """Step: remove the table."""
        with self.copy.begin() as connection:
            self.table.drop(connection, checkfirst=True)

    def close_driver_connections(self) -> None:
        """Step: close what this thread opened, since SQLite refuses that to another one."""
        for connection in self.connections.pop(threading.get_ident(), []):
            connection.close()

    def remove(self) -> None:
        """Drop the table from a server; close every connection and end every thread.

        :raises Problem: when the table could not be dropped.
        """
        self.signals = []  # to be removed, whatever comes
        for actor, connection in self.held:
            self.on(actor, connection.close)
        left = None
        if self.filled and not self.sqlite:
            self.on(self.first, self.copy.dispose)
            left = self.on(self.new_actor(), self.drop)
        for actor in self.actors:
            self.on(actor, self.close_driver_connections)
            actor.end()
        if left:
            raise Problem(f"The table {self.table.name} is left on the server: drop it by hand.")

    def describe(self, seen: object) -> str:
        """What a look saw, or its error as the app would show it."""
        if not isinstance(seen, Exception):
            return f"{seen} rows"
        cause = getattr(seen, "orig", None) or seen
        line = (str(cause).strip().splitlines() or [""])[0].partition(", connection timed out")[0]
        name = "" if isinstance(cause, (Problem, Blocked)) else f"{type(cause).__name__}: "
        return name + line.replace(self.table.name, "item")


# The questions, and what the answers amount to.


@dataclass
class Look:
    """What was measured on a scratch database."""

    answers: dict[str, Answer] = field(default_factory=dict)
    one_for_all: bool = False  # two threads get the same connection at the same time
    one_a_thread: bool = False  # two sessions of one thread do
    in_turns: bool = False
    no_transactions: bool = False
    refused: str = ""  # why a server lets this user write nothing
    files: list[str] = field(default_factory=list)  # while a transaction is open


def measure(scratch: Scratch, keeper: bool) -> Look:
    """Ask every question.

    :param keeper: whether the app holds a connection open beside the pool.
    :raises Problem: when the copy cannot connect, or cannot write to a scratch database.
    """
    look = Look()
    first, second, on = scratch.first, scratch.second, scratch.on
    if keeper and scratch.sqlite:
        on(first, scratch.connect, None)
    error = on(first, scratch.ping)
    if isinstance(error, Exception):
        raise Problem(f"It cannot connect: {scratch.describe(error)}")
    error = on(first, scratch.fill)
    if isinstance(error, Exception) and scratch.sqlite:
        raise Problem(f"It cannot write to a scratch database: {scratch.describe(error)}")
    after = on(second, scratch.rows)
    mine = scratch.hold(first)
    on(first, scratch.count, mine)
    during = on(second, scratch.rows)
    look.one_for_all = scratch.same(mine, second)
    look.one_a_thread = scratch.same(mine, first)
    scratch.release(mine)
    look.in_turns = waits(during)
    if error:
        look.refused = scratch.describe(error)
        look.answers = {key: Answer(None, look.refused) for key in QUESTIONS}
        return look
    look.answers["another_thread"] = another_thread(scratch, after, during)
    look.answers["another_process"] = another_process(scratch)
    isolation(scratch, look)
    look.answers["survives_dispose"] = survival(scratch)
    return look


def waits(seen: object) -> bool:
    """Whether a look had to wait for another session: slow, but nothing is lost."""
    locked = isinstance(seen, Exception) and "locked" in str(seen)
    return locked or isinstance(seen, (PoolTimeout, Blocked, AssertionError))  # AssertionPool


def another_thread(scratch: Scratch, after: object, during: object) -> Answer:
    """What a thread sees after the work of another one, and while that one has a session."""
    for seen, when in ((after, ""), (during, ", while the first thread has a session open")):
        if seen != 1 and not waits(seen):
            return Answer(False, scratch.describe(seen) + when)
    return Answer(True, f"in turns ({scratch.describe(during)})" if waits(during) else "")


def another_process(scratch: Scratch) -> Answer:
    """Whether a second process sees the same rows."""
    if not scratch.args and not scratch.kwargs:
        return Answer(None, "the connections come from a function of yours")
    rows = scratch.on(scratch.first, scratch.rows)
    try:
        return Answer(scratch.rows_elsewhere() == rows)
    except Problem as problem:
        return Answer(False if scratch.sqlite else None, scratch.describe(problem))


def isolation(scratch: Scratch, look: Look) -> None:
    """Let another session look at uncommitted work: from another thread, and from the same."""
    me, on = scratch.first, scratch.on
    hidden = safe = Answer(True)
    for other, where in ((scratch.second, "another thread"), (me, "the same thread")):
        rows = on(me, scratch.rows)
        if not isinstance(rows, int):
            hidden = safe = Answer(None, scratch.describe(rows))
            break
        mine = scratch.hold(me)
        on(me, scratch.add, mine)
        look.files = sorted(os.listdir(scratch.folder))
        seen = on(other, scratch.rows)
        error = on(me, lambda mine=mine: mine.commit())
        scratch.release(mine)
        if seen == rows + 1 and hidden.yes:
            hidden = Answer(False, f"a session in {where} sees it")
        elif waits(seen) and hidden.yes:
            hidden = Answer(True, f"the other session waits ({scratch.describe(seen)})")
        if on(me, scratch.rows) != rows + 1 and safe.yes:
            why = f" with {scratch.describe(error)}" if error else " without an error"
            safe = Answer(False, f"after a look from {where}, the work is lost{why}")
    look.answers |= {"uncommitted_hidden": hidden, "safe_from_rollback": safe}
    if hidden.yes is False and safe.yes:
        rows, mine = on(me, scratch.rows), scratch.hold(me)
        on(me, scratch.add, mine)
        scratch.release(mine)
        look.no_transactions = on(me, scratch.rows) != rows


def survival(scratch: Scratch) -> Answer:
    """Whether the rows are still there after the engine dropped its connections."""
    rows = scratch.on(scratch.first, scratch.rows)
    if isinstance(rows, Exception):
        return Answer(None, scratch.describe(rows))
    scratch.on(scratch.first, scratch.copy.dispose)
    left = scratch.on(scratch.first, scratch.rows)
    return Answer(True) if left == rows else Answer(False, scratch.describe(left))


def judge(engine: Engine, sqlite: Sqlite | None, look: Look) -> str:
    """The finding that the answers amount to, a key of ``TRAPS`` or ``SAFE``."""
    answers = look.answers
    if sqlite and sqlite.is_odd:
        return "odd file"
    if sqlite and answers["another_thread"].yes is False:
        return judge_threads(engine, sqlite, answers["another_thread"].detail)
    if look.one_for_all or answers["safe_from_rollback"].yes is False and not look.one_a_thread:
        return "one connection"
    if look.one_a_thread:
        return "one a thread"
    if answers["uncommitted_hidden"].yes is False and not look.no_transactions:
        return "dirty"
    if look.in_turns:
        return "turns"
    if sqlite:
        return "memory" if sqlite.in_memory else "file"
    return "read only" if look.refused else "server"


def judge_threads(engine: Engine, sqlite: Sqlite, detail: str) -> str:
    """Why another thread does not see the rows."""
    if "same thread" in detail:
        return "refused"
    if sqlite.shared:
        return "not kept"
    if sqlite.named:
        return "name not shared"
    if not isinstance(engine.pool, pool.SingletonThreadPool):
        return "own connection"
    _, kwargs = connect_arguments(engine) or ([], {})
    return "own thread" if kwargs.get("check_same_thread", True) else "check off"


def cure(place: Place, sqlite: Sqlite | None, finding: str) -> str:
    """The configuration that ends a trap."""
    if finding == "dirty":
        return "leave out read_uncommitted or isolation_level"
    if not sqlite or not (sqlite.in_memory or sqlite.is_odd):
        return "leave out poolclass: the default pool gives each session its own connection"
    file = place.setting(":///shop.db")
    memory = place.setting(":///file:///shop?vfs=memdb&uri=true")
    return (
        f"{file}; or, to stay in memory, {memory} and one connection held open;"
        " both without poolclass and connect_args"
    )


def notes(place: Place, sqlite: Sqlite | None, look: Look, finding: str, keeper: bool) -> list[str]:
    """What else a reader should know about an engine."""
    engine = place.value
    lines = []
    if finding == "file":
        lines.append(
            "one session writes at a time, the others wait or get `database is locked`; two that"
            " read, add and write can lose an update (04_fix_use_a_file)"
        )
    if finding in ("memory", "turns") and look.answers["another_process"].yes is False:
        lines.append("a second worker, or the reloader's child, has none of it (08_more_than_one_process)")
    if finding in ("memory", "turns") and look.answers["survives_dispose"].yes is False:
        lines.append("hold one connection open as long as the app runs: the database ends with the last")
    if look.in_turns:
        seconds = getattr(engine.pool, "_timeout", 0)
        lines.append(f"a second connection inside a session fails after {seconds:g} s")
    if look.no_transactions:
        lines.append("each statement commits by itself, so rollback() takes nothing back")
    if sqlite and not sqlite.in_memory and not os.path.exists(sqlite.path):
        lines.append("the file is not there yet: SQLite makes it at the first connection")
    if keeper and sqlite and sqlite.in_memory:
        lines.append("tried with one connection held open, since your code holds one")
    if engine.dialect.is_async:
        lines.append("asynchronous: tried with two sessions in one event loop, not in two threads")
    if names := [getattr(each, "__qualname__", repr(type(each))) for _, each in own_listeners(engine)]:
        lines.append(f"your listeners ran on the scratch connections: {', '.join(names)}")
    return lines


def look_at(place: Place, keeper: bool, signals: list[int]) -> EngineReport:
    """Look at one engine; what keeps it from looking stands in the report."""
    engine = place.value
    report = EngineReport(place.path, shown(engine.url), type(engine.pool).__name__)
    try:
        sqlite = what_it_opens(engine)
        if sqlite and not sqlite.in_memory:
            sqlite.check_file()
        with tempfile.TemporaryDirectory(prefix="diagnose-", ignore_cleanup_errors=True) as folder:
            scratch = Scratch(engine, sqlite, folder, signals)
            try:
                look = measure(scratch, keeper)
            finally:
                scratch.remove()
            left = sorted(os.listdir(folder))
    except Problem as problem:
        report.sentence = str(problem)
        return report
    finding = judge(engine, sqlite, look)
    trapped = finding in TRAPS
    report.verdict, report.finding = "trapped" if trapped else "safe", finding
    report.notebook, report.sentence = (TRAPS if trapped else SAFE)[finding]
    if trapped:
        report.cure = cure(place, sqlite, finding)
        failed = [each.detail for each in look.answers.values() if each.yes is False and each.detail]
        report.message = failed[0] if failed else ""
    report.answers, report.files = look.answers, describe_files(sqlite, look.files, left)
    report.notes = notes(place, sqlite, look, finding, keeper)
    return report


def describe_files(sqlite: Sqlite | None, open_files: list[str], left: list[str]) -> str:
    """The files that this kind of database makes, under the reader's names."""
    if not sqlite or not left:
        return "none"
    name = os.path.basename(sqlite.path)
    more = [each.replace(SCRATCH, name) for each in open_files if each not in left]
    kept = [os.path.join(os.path.dirname(sqlite.path), each.replace(SCRATCH, name)) for each in left]
    return ", ".join(kept) + (f"; while it is used also {', '.join(more)}" if more else "")


def shown(url: URL) -> str:
    """A URL without secrets, which a server's query may hold, too."""
    return (url if url.get_backend_name() == "sqlite" else url.set(query={})).render_as_string()


# What the reader names, and what comes out.


def diagnose(target: object) -> Report:
    """Look at every engine of an app without touching its data.

    :param target: an app, engine, session, ``db`` object or module; a factory, which is called;
        or as text what the command takes: ``"myapp:app"``, a URL, the path of a file.
    :return: a report, also of what kept it from looking.
    """
    report = Report(target if isinstance(target, str) else type(target).__name__)
    try:
        places, keeper, report.ran = resolve(target)
        with deferred_signals() as signals:
            for place in places:
                report.engines.append(look_at(place, keeper, signals))
    except Problem as problem:
        report.problem = str(problem)
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
        raise KeyboardInterrupt  # its handler did not end the program


def resolve(target: object) -> tuple[list[Place], bool, str]:
    """The engines that a target leads to, if it holds a connection, and what ran of the app.

    :raises Problem: when there is no engine.
    """
    value, ran, module = target, "Nothing of the app ran.", None
    path = "app" if hasattr(target, "extensions") else type(target).__name__.lower()
    if isinstance(target, str) and not ("://" in target or is_database_path(target)):
        module, value = load(target)
        path, ran = target, f"Importing {module.__name__} ran it; nothing else of the app ran."
    if isinstance(value, (str, URL)):
        return [typed_engine(value)], False, ran
    if type(value) in (FunctionType, MethodType, partial):
        value = call(value)
        ran = ran.replace("ran it;", "ran it, and the factory was called;")
    places, keeper = find_engines(value, path)
    if module:
        others, kept = find_engines(module, module.__name__)
        places, keeper = places or others, keeper or kept
    if not places:
        with suppress(Exception):  # an attribute that is computed, asked for as a last resort
            places, _ = find_engines(value.engine, f"{path}.engine")  # type: ignore[attr-defined]
    if not places:
        raise Problem(
            f"No SQLAlchemy engine was found from {path}: name the engine, the session or the"
            " factory that makes it, as in myapp:engine or myapp:create_app."
        )
    return places, keeper, ran


def is_database_path(target: str) -> bool:
    """Whether a text is the path of a database, and not a module with or without a name."""
    if re.match(r"[A-Za-z_][\w.]*:(?![\\/])|.*\.py(:|$)", target):
        return False
    suffixes = (".db", ".db3", ".sqlite", ".sqlite3")
    return os.path.isfile(target) or target.endswith(suffixes) or "/" in target or "\\" in target


def typed_engine(target: str | URL) -> Place:
    """An engine for a URL, or for the path of a SQLite file, that has to be there.

    :raises Problem: when there is no such file or driver.
    """
    try:
        is_path = isinstance(target, str) and "://" not in target
        url = URL.create("sqlite", database=os.path.abspath(target)) if is_path else make_url(target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is looked at here
            engine = create_engine(url)
    except ImportError as error:
        raise Problem(f"The driver for {url.drivername} is not there ({error}): install it.") from None
    except SQLAlchemyError as error:
        raise Problem(f"{target!r} is not a URL for SQLAlchemy: {error}") from None
    sqlite = what_it_opens(engine)
    if sqlite and not (sqlite.in_memory or sqlite.is_odd or os.path.exists(sqlite.path)):
        raise Problem(f"There is no file {sqlite.path}: correct the path, or name your app instead.")
    return Place(engine, str(target) if is_path else f'create_engine("{shown(url)}")')


def load(target: str) -> tuple[ModuleType, object]:
    """Import a module, which runs it, and get the object that is named in it.

    :raises Problem: when it cannot be imported, or has no such name.
    """
    name, expression = re.fullmatch(r"(.*\.py|[^:]*)(?::(.*))?", target, re.DOTALL).groups()
    if name.endswith(".py"):
        path = Path(name).absolute()
        names, folder = [path.stem], path.parent
        while (folder / "__init__.py").is_file():
            names, folder = [folder.name, *names], folder.parent
        sys.path.insert(0, str(folder))
        name = ".".join(names)
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            where = "Run diagnose in the folder of your app, and name the module as import does."
            raise Problem(f"There is no module {error.name} in {os.getcwd()}. {where}") from None
        raise Problem(f"Importing {name} raised {where_from(error)}") from None
    return module, evaluate(module, expression) if expression else module


def evaluate(module: ModuleType, expression: str) -> object:
    """The object that ``app``, ``package.app`` or ``create_app("testing")`` names in a module.

    :raises Problem: when it names nothing.
    """
    try:
        tree = ast.parse(expression, mode="eval").body
        arguments: ast.Call | None = tree if isinstance(tree, ast.Call) else None
        value: Any = module
        for part in ast.unparse(arguments.func if arguments else tree).split("."):
            value = getattr(value, part)
        if not arguments:
            return value
        args = [ast.literal_eval(each) for each in arguments.args]
        kwargs = {str(each.arg): ast.literal_eval(each.value) for each in arguments.keywords}
    except (SyntaxError, ValueError, AttributeError) as error:
        raise Problem(f"{expression} names nothing in {module.__name__}: {error}.") from None
    return partial(value, *args, **kwargs)


def call(factory: Callable[[], object]) -> object:
    """Call a factory, whatever it raises.

    :raises Problem: when it raises, or needs arguments.
    """
    try:
        return factory()
    except (Exception, SystemExit) as error:
        raise Problem(f"Calling the factory raised {where_from(error)}") from None


def where_from(error: BaseException) -> str:
    """An error and the last line of the reader's that led to it, in one line."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if is_own_file(each.filename)]
    place = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}."


def main(arguments: list[str] | None = None) -> int:
    """Print the report on what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="diagnose.py",
        description="Is your app in the trap? Exit status: 0 safe, 1 trapped, 2 could not look.",
    )
    parser.add_argument("target", help="myapp:app, myapp:create_app, myapp:engine, a URL, or a file")
    parser.add_argument("--json", action="store_true", help="print the report for a program")
    options = parser.parse_args(arguments)
    here = os.path.dirname(os.path.abspath(__file__))  # has modules that could hide the app's
    sys.path[:] = [os.getcwd(), *(each for each in sys.path if os.path.abspath(each) != here)]
    sys.dont_write_bytecode = True
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # app.run() at import then returns at once
    try:
        with redirect_stdout(sys.stderr):  # what the app prints
            report = diagnose(options.target)
    except KeyboardInterrupt:
        print("Interrupted: nothing is left behind.", file=sys.stderr)
        return 130
    print(report.to_json() if options.json else report)
    return report.exit_status


if __name__ == "__main__":
    sys.exit(main())
