"""An INSERT that others meet before it is committed: who comes to its connection, and when."""

from __future__ import annotations

import re
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from helpers.step import give_time

TIME = 0.15  # seconds for somebody who may have to wait for a lock
LINE = 0.05  # and at each further line, where a lock may be free for a moment
# The word that says what a statement does, after comments, and after WITH and its queries.
KIND = re.compile(
    r"(?:\s|--[^\n]*|/\*.*?\*/)*(?:WITH\b.*?\b(?=INSERT\b|REPLACE\b))?(\w*)", re.I | re.S
)


@dataclass
class Overlap:
    """What happens around one INSERT, and the others who come before its commit.

    :param callers: what the others do, by their names, which are those of their threads. Each
        comes as soon as the INSERT is done, has time there, and again up to the commit.
    """

    callers: dict[str, Callable[[], Future[str]]] = field(default_factory=dict)
    thread: threading.Thread | None = None
    connection: sqlite3.Connection | None = None  # as long as its INSERT isn't committed
    others: dict[str, Future[str]] = field(default_factory=dict)
    in_statement: set[str] = field(default_factory=set)
    in_transaction: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    pausing: bool = False

    def before(self, connection: sqlite3.Connection, sql: str) -> None:
        """Note who comes with a statement, and let others come before one that ends it all."""
        who = threading.current_thread().name.partition("_")[0]
        if threading.current_thread() is self.thread:
            if kind(sql) in ("COMMIT", "END", "ROLLBACK"):
                self.let_come(TIME)
        elif connection is not self.connection:
            self.elsewhere.add(who)
        else:
            (self.in_transaction if connection.in_transaction else self.in_statement).add(who)

    def after(self, cursor: sqlite3.Cursor, sql: str) -> None:
        """Let the others come after the first INSERT; what nobody has to commit ends there."""
        connection = cursor.connection
        if self.thread is None and kind(sql) in ("INSERT", "REPLACE"):
            self.thread, self.connection = threading.current_thread(), connection
            for who, call in self.callers.items():
                self.pausing = True
                self.others[who] = call()
                self.let_come(TIME)
        if self._is_mine(connection) and not connection.in_transaction:
            self.connection = None

    def fetches(self, cursor: sqlite3.Cursor) -> None:
        """Do nothing before rows are fetched: an INSERT has none to wait for."""

    def ends(self, connection: sqlite3.Connection, end: Callable[[], Any]) -> Any:
        """Let the others come before a transaction ends, and return what its end returns."""
        mine = self._is_mine(connection)
        if mine:
            self.let_come(TIME)
        result = end()
        if mine:
            self.connection = None
        return result

    def let_come(self, seconds: float) -> None:
        """Give time to those who have not come yet, to this connection or to another one."""
        came = self.in_statement | self.in_transaction | self.elsewhere
        waiting = [future for who, future in self.others.items() if who not in came]
        self.pausing = True
        give_time(waiting, seconds)
        self.pausing = False

    def trace(self, frame: Any, event: str, _: object) -> Any:
        """Let the others come at each line of the statement's thread: see ``sys.settrace``."""
        if self.pausing or frame.f_globals.get("__name__", "").startswith(f"{__package__}."):
            return None
        if event == "line" and self.connection and threading.current_thread() is self.thread:
            self.let_come(LINE)
        return self.trace

    def traced(self, action: Callable[[], Any]) -> Any:
        """Run an action, with the others at each of its lines, and return what it returns."""
        before = sys.gettrace()
        sys.settrace(self.trace)
        try:
            return action()
        finally:
            sys.settrace(before)

    def _is_mine(self, connection: sqlite3.Connection) -> bool:
        return connection is self.connection and threading.current_thread() is self.thread


def _cursors(overlaps: Overlaps) -> type[sqlite3.Cursor]:
    """Make the class of the cursors that tell what they do."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *parameters: Any) -> Any:
            overlaps.now.before(self.connection, sql)
            result = super().execute(sql, *parameters)
            overlaps.now.after(self, sql)
            return result

        def executemany(self, sql: str, *parameters: Any) -> Any:
            overlaps.now.before(self.connection, sql)
            result = super().executemany(sql, *parameters)
            overlaps.now.after(self, sql)
            return result

        def fetchone(self) -> Any:
            overlaps.now.fetches(self)
            return super().fetchone()

        def fetchmany(self, *size: Any, **options: Any) -> Any:
            overlaps.now.fetches(self)
            return super().fetchmany(*size, **options)

        def fetchall(self) -> Any:
            overlaps.now.fetches(self)
            return super().fetchall()

        def __next__(self) -> Any:
            overlaps.now.fetches(self)
            return super().__next__()

    return Cursor


def kind(sql: str) -> str:
    """Return the word that says what a statement does, as ``"INSERT"``."""
    found = KIND.match(sql)
    return found[1].upper() if found else ""


def _globals(function: object) -> dict[str, Any]:
    """The names around a function, or around a class's first method."""
    method = getattr(function, "__init__", None)
    return getattr(function, "__globals__", getattr(method, "__globals__", {}))


class Overlaps:
    """A ``sqlite3.connect`` whose connections tell an overlap what they do."""

    def __init__(self) -> None:
        self.now = Overlap()
        self._connect = sqlite3.connect
        overlaps = self

        told = _cursors(self)

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = told) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, *parameters: Any) -> Any:
                return self.cursor().execute(sql, *parameters)

            def executemany(self, sql: str, *parameters: Any) -> Any:
                return self.cursor().executemany(sql, *parameters)

            def commit(self) -> None:
                overlaps.now.ends(self, super().commit)

            def __exit__(self, *error: Any) -> Any:
                return overlaps.now.ends(self, lambda: super(Connection, self).__exit__(*error))

        self._connection = Connection

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Connect as ``sqlite3.connect`` does."""
        return self._connect(*arguments, **({"factory": self._connection} | options))

    @contextmanager
    def listening_to(self, *functions: object) -> Iterator[None]:
        """Stand for ``sqlite3.connect`` and ``sqlite3.Connection``, under whatever name.

        :param functions: or classes: those whose names are looked at, as after ``from sqlite3
            import connect``, with the functions of their modules.
        """
        stand_ins = {id(sqlite3.connect): self, id(sqlite3.Connection): self._connection}
        places = [vars(sqlite3), vars(sqlite3.dbapi2), *map(_globals, functions)]
        before = [
            (place, {name: it for name, it in place.items() if id(it) in stand_ins})
            for place in places
        ]
        try:
            for place, names in before:
                place.update({name: stand_ins[id(it)] for name, it in names.items()})
            yield
        finally:
            for place, names in before:
                place.update(names)
