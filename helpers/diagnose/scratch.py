"""Trying the copy, step by step."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.util import greenlet_spawn

from .clone import allowed, copy_engine, refuse_to_attach
from .database import connect_arguments, what_it_opens
from .process import run_python
from .report import Answer, Interrupted, Problem

PATIENCE = 5.0  # seconds for a server to answer; on SQLite no step waits for another one


COUNT = """if True:
    import importlib, json, sys
    job = json.load(sys.stdin)
    connection = importlib.import_module(job["driver"]).connect(*job["args"], **job["kwargs"])
    cursor = connection.cursor()
    cursor.execute(job["sql"])
    print(cursor.fetchone()[0])
"""


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
