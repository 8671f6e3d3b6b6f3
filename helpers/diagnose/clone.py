"""A copy of an engine, with its pool, settings, listeners and creator, that connects elsewhere."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from types import FunctionType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from .private import Arguments, Listener, own_listeners, pool_options, quiet
from .readers import all_codes, line_of
from .words import Problem

allowed = threading.local()  # .databases: what a thread of ours may open
refused: list[str] = []  # what a listener tried to open, in our threads or in the driver's
real = sqlite3.connect
NAMES = (  # of what it takes, in this order
    "database", "timeout", "detect_types", "isolation_level", "check_same_thread", "factory",
    "cached_statements", "uri",
)  # fmt: skip


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


def guarded(listener: Listener, notes: list[str]) -> Listener:
    """The listener, which may not open the reader's data, and whose errors have its name."""
    name = getattr(listener, "__qualname__", type(listener).__name__) + line_of(listener)

    def call(*args: Any) -> Any:
        refused.clear()
        try:
            return listener(*args)
        except Exception as error:
            if refused:
                note = f"left out: your listener {name}, since it opens {refused[0]}"
                notes.extend([] if note in notes else [note])
            elif isinstance(error, (sqlite3.Error, SQLAlchemyError)):
                vars(error)["listener"] = f" in your listener {name}"
                raise
            else:
                said = f"Your listener {name} raises {type(error).__name__}: {error}"
                raise ListenerProblem(said) from None

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


@contextmanager
def instead_of_connect(connect: Callable[..., Any]) -> Iterator[None]:
    """Let ``sqlite3.connect`` be another function, in this thread alone."""
    mine = threading.get_ident()

    def choose(*args: Any, **kwargs: Any) -> Any:
        return (connect if threading.get_ident() == mine else real)(*args, **kwargs)

    vars(sqlite3)["connect"] = choose
    try:
        yield
    finally:
        vars(sqlite3)["connect"] = real


def passed_by(creator: Any) -> Arguments | None:
    """What a ``creator=`` passes to ``sqlite3.connect`` each time, or ``None`` if not told.

    It runs, and gets a connection to an empty database; whatever else it opens is refused.
    """
    codes = all_codes(creator) if isinstance(creator, FunctionType) else []
    if not any("connect" in code.co_names for code in codes):
        return None
    passed: list[Arguments] = []

    def connect(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(NAMES, args)), **kwargs}
        passed.append(([given.pop("database")], given))
        made = real(":memory:", **given)
        made.set_authorizer(refuse_to_attach)
        return made

    install_hook()
    allowed.databases = (":memory:",)
    try:
        with instead_of_connect(connect):
            for _ in range(2):
                creator().close()
    except Exception:  # noqa: BLE001 - it is the app's code
        return None
    finally:
        del allowed.databases
    return passed[0] if len(passed) == 2 else None
