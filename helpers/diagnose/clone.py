"""A copy of an engine, with its pool, settings and listeners, that connects elsewhere."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

POOL_EVENTS = ("first_connect", "connect", "checkout", "checkin", "reset")
ENGINE_EVENTS = ("engine_connect", "begin", "commit", "rollback")


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
