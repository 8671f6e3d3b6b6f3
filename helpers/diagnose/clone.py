"""A copy of an engine, with its pool, settings and listeners, that connects elsewhere."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from .private import Listener, own_listeners, pool_options, quiet
from .report import Problem

allowed = threading.local()  # .databases: what a thread of ours may open
refused: list[str] = []  # what a listener tried to open, in our threads or in the driver's


class ListenerProblem(Problem):
    """A listener of the reader's that raises, with its name."""


def copy_engine(engine: Engine, connect: Callable[[Any], Any], notes: list[str]) -> Engine:
    """An engine with the same pool, settings and listeners, which connects by ``connect``."""
    copy = sa.create_engine(
        engine.url.set(database=None, query={}),
        creator=connect,
        pool_logging_name="diagnose",
        future=True,
        **pool_options(engine),
    )
    quiet(copy)
    for name, listener in own_listeners(engine):
        sa.event.listen(copy, name, guarded(listener, notes))
    install_hook()
    sa.event.listen(copy, "connect", answer_at_once)  # last: a listener may set a timeout
    return copy


def name_of(function: Any) -> str:
    """A function as a reader finds it: its name, and its file with the line."""
    code = getattr(function, "__code__", None)
    place = f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})" if code else ""
    return getattr(function, "__qualname__", type(function).__name__) + place


def guarded(listener: Listener, notes: list[str]) -> Listener:
    """The listener, which may not open the reader's data, and whose errors have its name."""

    def call(*args: Any) -> Any:
        refused.clear()
        try:
            return listener(*args)
        except Exception as error:
            if isinstance(error, (sqlite3.Error, SQLAlchemyError)) and not refused:
                vars(error)["listener"] = f" in your listener {name_of(listener)}"
                raise
            if not refused:
                reason = f"{type(error).__name__}: {error}"
                raise ListenerProblem(
                    f"Your listener {name_of(listener)} raises {reason}"
                ) from None
            note = f"left out: your listener {name_of(listener)}, since it opens {refused[0]}"
            if note not in notes:
                notes.append(note)

    return call


def answer_at_once(connection: Any, record: Any) -> None:
    """Let SQLite say at once that it is locked."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")


def refuse_to_open(name: str, args: tuple[Any, ...]) -> None:
    """Keep a listener from opening the reader's data: an audit hook, at work in our threads."""
    databases = getattr(allowed, "databases", None)
    if name != "sqlite3.connect" or databases is None:
        return
    database = os.fsdecode(args[0])  # Python 3.9 gives bytes
    if database not in databases:
        refused.append(database)
        raise PermissionError(f"diagnose does not open {database}")


def refuse_to_attach(action: int, database: str | None, *_: object) -> int:
    """Keep a listener from attaching the reader's data: an authorizer of SQLite."""
    if action != sqlite3.SQLITE_ATTACH or database in ("", ":memory:"):
        return sqlite3.SQLITE_OK
    refused.append(database or "another database")
    return sqlite3.SQLITE_DENY


install_hook = lru_cache(None)(lambda: sys.addaudithook(refuse_to_open))  # once: it stays for ever
