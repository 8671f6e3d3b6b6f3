"""What a learner's code does to databases while it is tried, and nothing left of it afterwards."""

from __future__ import annotations

import gc
import os
import sqlite3
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from helpers.look import describe_error, dispose
from helpers.spawn import TemporaryFolder


@dataclass
class Statement:
    """A statement that ran: on which engine, in which thread, and what it raised, if it did."""

    engine: Engine
    sql: str
    thread: str
    error: str = ""


@contextmanager
def watched() -> Iterator[list[Statement]]:
    """Try a learner's code in an empty folder and record its statements.

    Afterwards the working directory is as before, and engines and connections that were made
    in the meantime are closed. Those that were there before are left alone.
    """
    statements: list[Statement] = []

    def note(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        statements.append(Statement(connection.engine, sql, threading.current_thread().name))

    def note_error(context: Any) -> None:
        if context.statement and statements:
            mine = [s for s in statements if s.thread == threading.current_thread().name]
            if mine:
                mine[-1].error = describe_error(context.original_exception)

    kinds = (Connection, Engine, sqlite3.Connection)
    before = _alive(*kinds)
    folder, here = TemporaryFolder(), os.getcwd()
    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": note,
        "handle_error": note_error,
    }
    for name, listener in listeners.items():
        event.listen(Engine, name, listener)
    with warnings.catch_warnings():
        # A shop in the trap leaves connections that no other thread may close.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            os.chdir(folder.path)
            yield statements
        finally:
            for name, listener in listeners.items():
                event.remove(Engine, name, listener)
            os.chdir(here)
            _close([each for each in _alive(*kinds) if not any(each is old for old in before)])
            gc.collect()
            folder.remove()


@contextmanager
def once(
    matches: Callable[[Connection, str], bool],
    do: Callable[[Connection], object],
    target: Any = Engine,
    moment: str = "before_cursor_execute",
) -> Iterator[None]:
    """Do something once, in the thread that executes a statement, at that moment.

    :param matches: says of a connection and its SQL whether that is the statement.
    :param do: what to do, with the connection.
    :param target: an engine, or all engines.
    :param moment: ``"before_cursor_execute"``, or ``"after_cursor_execute"``.
    """
    first = threading.Lock()

    def meet(connection: Connection, cursor: Any, sql: str, *_: Any) -> None:
        if matches(connection, sql) and first.acquire(blocking=False):
            do(connection)

    event.listen(target, moment, meet)
    try:
        yield
    finally:
        event.remove(target, moment, meet)


def _alive(*kinds: type) -> list[Any]:
    """Every object of these kinds, also one that is garbage and not collected yet."""
    return [each for each in gc.get_objects() if issubclass(type(each), kinds)]


def _close(made: list[Any]) -> None:
    for each in made:
        if isinstance(each, Connection):  # a keeper, which would log that it is closed already
            with suppress(AttributeError, SQLAlchemyError, sqlite3.Error):  # one is half made
                each.close()
    for each in made:
        if isinstance(each, Engine):
            dispose(each)
    for each in made:
        if isinstance(each, sqlite3.Connection):
            with suppress(sqlite3.ProgrammingError):  # of another thread: it goes as garbage
                each.close()
