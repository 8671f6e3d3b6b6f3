"""Waiting for a lock, made visible, so that ``interleave`` can step sessions that wait.

SQLite waits inside one call and tells nobody. The classes here ask ``here.wait`` instead,
which a stepped session sets in its thread. PostgreSQL waits in its server, which can be
asked who waits for whom.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, create_engine, func, select
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.pool import NullPool, QueuePool

here = threading.local()


class StepCursor(sqlite3.Cursor):
    """The cursor of a :class:`StepConnection`."""

    connection: StepConnection

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Execute a statement, and wait for its lock through ``here.wait``."""
        return self.connection.run(sql, partial(super().execute, sql, *parameters))

    def executemany(self, sql: str, *parameters: Any) -> Any:
        """Execute a statement many times, and wait for its lock through ``here.wait``."""
        return self.connection.run(sql, partial(super().executemany, sql, *parameters))


class StepConnection(sqlite3.Connection):
    """A connection to SQLite that waits for locks through ``here.wait``.

    Where a wait could not help, SQLite does not wait: a transaction that has read, and
    now wants to write while another one writes, fails at once. So it does here.
    """

    _holds_lock = False

    def cursor(self, factory: Any = StepCursor) -> Any:
        """Make a cursor that waits as the connection does."""
        return super().cursor(factory)

    def execute(self, sql: str, *parameters: Any) -> Any:
        """Execute a statement in a new cursor, which the driver would not make here."""
        return self.cursor().execute(sql, *parameters)

    def commit(self) -> None:
        """Commit, and wait for the readers through ``here.wait``."""
        until_free(super().commit, is_busy)
        self._holds_lock = False

    def rollback(self) -> None:
        """Roll back, which needs no lock."""
        super().rollback()
        self._holds_lock = False

    def run(self, sql: str, call: Callable[[], Any]) -> Any:
        """Call what executes a statement."""
        if self._holds_lock:
            return call()
        result = until_free(call, is_busy)
        starts_without_lock = sql.lstrip().upper().startswith(("BEGIN", "SAVEPOINT", "PRAGMA"))
        self._holds_lock = self.in_transaction and not starts_without_lock
        return result


class StepPool(QueuePool):
    """A pool that waits for a connection through ``here.wait``; give it ``pool_timeout=0``."""

    def connect(self) -> Any:
        """Check a connection out."""
        return until_free(super().connect, lambda error: isinstance(error, NoConnection))


STEPPED: dict[str, Any] = {"timeout": 0, "factory": StepConnection}
"""For ``create_engine("sqlite:///…", connect_args=STEPPED)``. Flask-SQLAlchemy may change
what it is given, so give it ``{**STEPPED}``."""


def until_free(call: Callable[[], Any], in_the_way: Callable[[Exception], bool]) -> Any:
    """Call until nothing is in the way, or until ``here.wait()`` says that it is enough.

    :param call: what may find something in its way.
    :param in_the_way: whether an error says so.
    """
    while True:
        try:
            return call()
        except Exception as error:
            if not in_the_way(error) or not hasattr(here, "wait") or not here.wait():
                raise


def is_busy(error: Exception) -> bool:
    """Whether SQLite would wait, as far as the timeout allows.

    ``SQLITE_BUSY_SNAPSHOT`` and ``SQLITE_LOCKED`` are errors at once, whatever the timeout.
    """
    return getattr(error, "sqlite_errorname", None) == "SQLITE_BUSY"


class Backend(NamedTuple):
    """The process of a PostgreSQL server that serves one connection."""

    url: URL
    pid: int

    def ask(self, function: str) -> Any:
        """Call a function on the process, through a connection of its own.

        :param function: ``pg_blocking_pids``, which tells the processes that it waits for,
            or ``pg_cancel_backend``, which ends its statement with an error
            (https://www.postgresql.org/docs/current/functions-info.html, …-admin.html).
        """
        with create_engine(self.url, poolclass=NullPool).connect() as connection:
            return connection.scalar(select(getattr(func, function)(self.pid)))

    def is_in_deadlock(self) -> bool:
        """Whether it waits for a process that waits for it."""
        others = [Backend(self.url, pid) for pid in self.ask("pg_blocking_pids")]
        return any(self.pid in other.ask("pg_blocking_pids") for other in others)


def backend_of(connection: Connection) -> Backend | None:
    """The process behind a connection, when it is one of psycopg to PostgreSQL."""
    if connection.dialect.name != "postgresql":
        return None
    driver: Any = connection.connection.dbapi_connection
    return Backend(connection.engine.url, driver.info.backend_pid)
