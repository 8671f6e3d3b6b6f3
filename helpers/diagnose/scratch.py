"""Trying the copy of an engine, step by step, on a database that nobody uses."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.util import greenlet_spawn

from .clone import allowed, copy_engine, instead_of_connect, refuse_to_attach
from .database import Sqlite
from .private import authorize, driver_connection, is_async
from .words import Problem


class Scratch:
    """A copy of an engine, on a database of the same kind that it makes and removes."""

    def __init__(
        self, engine: Engine, sqlite: Sqlite, folder: str, wal: bool, readers_table: str
    ) -> None:
        self.engine, self.sqlite, self.readers_table = engine, sqlite, readers_table
        args, kwargs = sqlite.passed
        self.args = [sqlite.make_scratch(folder, wal), *args[1:]]
        self.kwargs = {**kwargs, "timeout": 0}  # an answer at once instead of a wait
        self.table = sa.Table(
            f"diagnose_{secrets.token_hex(8)}", sa.MetaData(), sa.Column("n", sa.Integer)
        )
        self.notes: list[str] = []
        self.copy = copy_engine(engine, self.connect, self.notes)
        self.connections: dict[int, list[Any]] = {}  # the driver's, by the thread that made them
        self.threads: list[ThreadPoolExecutor] = []
        self.loop = asyncio.new_event_loop() if is_async(engine) else None
        self.first = self.new_thread()
        self.second = self.first if self.loop else self.new_thread()

    def new_thread(self) -> ThreadPoolExecutor:
        """Start a thread for one step at a time, which opens no other SQLite database."""
        arguments = (allowed, "databases", (self.args[0], ":memory:"))
        self.threads.append(ThreadPoolExecutor(1, "diagnose", setattr, arguments))
        return self.threads[-1]

    def connect(self, record: Any = None) -> Any:
        """Make a connection as the app does, to the scratch database."""
        if self.sqlite.creator:
            with instead_of_connect(lambda *_, **__: self.open()):
                return self.sqlite.creator()
        return self.open()

    def open(self) -> Any:
        """Let the driver open the scratch database."""
        connection: Any = self.engine.dialect.connect(*self.args, **self.kwargs)
        authorize(connection, refuse_to_attach)
        self.connections.setdefault(threading.get_ident(), []).append(connection)
        return connection

    def on(self, thread: ThreadPoolExecutor, step: Callable[..., Any], *args: Any) -> Any:
        """Do a step in a thread, and return its result or its error."""
        if self.loop:
            step, args = self.run_in_loop, (step, *args)
        try:
            return thread.submit(step, *args).result(30)
        except Exception as error:  # noqa: BLE001 - an error is what many a look is for
            error.__traceback__ = None  # refers to connections
            return error

    def run_in_loop(self, step: Callable[..., Any], *args: Any) -> Any:
        """Do a step in the event loop, as SQLAlchemy's asyncio does."""
        assert self.loop
        return self.loop.run_until_complete(greenlet_spawn(step, *args))

    @contextmanager
    def session(self, thread: ThreadPoolExecutor) -> Iterator[Any]:
        """A connection or an error; in the end, what is not committed is rolled back."""
        connection = self.on(thread, self.copy.connect)
        try:
            yield connection
        finally:
            if isinstance(connection, Connection):
                self.on(thread, connection.close)

    def same(self, mine: Any, thread: ThreadPoolExecutor) -> bool:
        """Whether another check-out leads to the connection that is checked out already."""
        with self.session(thread) as other:
            if not (isinstance(mine, Connection) and isinstance(other, Connection)):
                return False
            return driver_connection(mine) is driver_connection(other)

    def fill(self) -> None:
        """Make the table and store one row."""
        with self.copy.begin() as connection:
            self.table.create(connection)
            self.add(connection)

    def add(self, connection: Connection) -> None:
        """Store one more row, without a commit."""
        connection.execute(self.table.insert().values(n=1))

    def rows(self, connection: Connection | None = None) -> Any:
        """Count the rows; without a connection as a short session does: connect, look, close."""
        query = sa.select(sa.func.count()).select_from(self.table)
        with nullcontext(connection) if connection else self.copy.connect() as current:
            return current.scalar(query)

    def close(self) -> None:
        """Close every connection and end every thread."""

        def close() -> None:  # SQLite refuses that to another thread
            for connection in self.connections.pop(threading.get_ident(), []):
                with suppress(Exception):  # the others are to be closed all the same
                    connection.close()

        for thread in self.threads:
            self.on(thread, close)
            thread.shutdown()
        if self.loop:
            self.loop.close()

    def describe(self, seen: object) -> str:
        """What a look saw, or its error as the app would show it, with its table for ours."""
        if not isinstance(seen, Exception):
            return f"{seen} rows"
        cause = getattr(seen, "orig", None) or seen
        line = (str(cause).strip() or "no answer").splitlines()[0]
        line = line.partition(", connection timed out")[0].partition(" The object was")[0]
        line = line.replace(self.table.name, self.readers_table)
        return line if isinstance(cause, Problem) else f"{type(cause).__name__}: {line}"
