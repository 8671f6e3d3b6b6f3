"""What SQLAlchemy keeps to itself: the only room that reads its private names, by version.

Tested with SQLAlchemy 1.4, 2.0.0, 2.0.47, 2.0.48 and 2.1: the versions on both sides of a change.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any, Callable

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import AssertionPool, QueuePool, SingletonThreadPool, StaticPool

POOL_EVENTS = ("first_connect", "connect", "checkout", "checkin", "reset")
ENGINE_EVENTS = ("engine_connect", "begin", "commit", "rollback")
Arguments = tuple[list[Any], dict[str, Any]]
Listener = Callable[..., Any]


def is_async(engine: Engine) -> bool:
    """Whether the engine's driver is asynchronous."""
    return bool(getattr(engine.dialect, "is_async", False))


def creator_of(engine: Engine) -> Any:
    """The function that makes the connections of a pool."""
    creator: Any = engine.pool._creator
    return creator


def connect_arguments(engine: Engine) -> Arguments | None:
    """What the engine passes to the driver, or ``None`` when the reader's code does that.

    The creator is a closure: its positional arguments are ``cargs``, since 2.0.48 ``cargs_tup``.
    """
    creator = creator_of(engine)
    if getattr(creator, "__module__", "") not in ("sqlalchemy.engine.create",):
        return None
    cells = zip(creator.__code__.co_freevars, creator.__closure__)
    values = {name: cell.cell_contents for name, cell in cells}
    positional = values["cargs_tup"] if "cargs_tup" in values else values["cargs"]
    return list(positional), dict(values["cparams"])


def connects_by_event(engine: Engine) -> bool:
    """Whether a listener of the reader's makes the connections."""
    return bool(engine.dialect.dispatch.do_connect)


def pool_options(engine: Engine) -> dict[str, Any]:
    """What ``create_engine`` needs to make the same pool, which never waits."""
    pool: Any = engine.pool
    options: dict[str, Any] = {
        "poolclass": type(pool),
        "pool_pre_ping": pool._pre_ping,
        "pool_reset_on_return": pool._reset_on_return,
        "execution_options": engine.get_execution_options(),
    }
    if isinstance(pool, QueuePool):
        options.update(pool_size=pool.size(), max_overflow=pool._max_overflow, pool_timeout=0)
    elif isinstance(pool, SingletonThreadPool):
        options["pool_size"] = pool.size
    dialect: Any = engine.dialect  # 2.0 renamed it
    level = getattr(dialect, "_on_connect_isolation_level", getattr(dialect, "isolation_level", ""))
    if level:
        options["isolation_level"] = level
    if is_async(engine) and not sa.__version__.startswith("1."):
        options["_is_async"] = True  # as create_async_engine does
    return options


def pool_is_default(engine: Engine) -> bool:
    """Whether the pool is what the dialect chooses for this URL by itself."""
    dialect: Any = engine.dialect
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the default for a URL will change
        return type(engine.pool) is dialect.get_dialect_pool_class(engine.url)


def quiet(engine: Engine) -> None:
    """Keep a pool from logging: what a trapped one reports is an answer here."""
    logger: Any = engine.pool.logger
    logger.setLevel(logging.CRITICAL + 1)


def own_listeners(engine: Engine) -> list[tuple[str, Listener]]:
    """The reader's listeners of this engine alone; those of all engines hear of a copy anyway.

    One that listens once is left out: to run it here would use it up.
    """
    engine = getattr(engine, "_proxied", engine)  # where it is of ``execution_options(...)``
    events = [(name, getattr(engine.pool.dispatch, name)) for name in POOL_EVENTS]
    events += [(name, getattr(engine.dispatch, name)) for name in ENGINE_EVENTS]
    listeners = [(name, each) for name, found in events for each in found.listeners]
    return [each for each in listeners if "sqlalchemy." not in str(each[1].__module__)]


def is_checked_out(value: object) -> bool:
    """Whether a value is a connection that an engine has given out, or what stands for one."""
    kind = type(value)  # ``isinstance`` would ask the value, which may be a lazy one
    return issubclass(kind, Connection) or kind.__name__ == "_ConnectionFairy"


def authorize(connection: Any, authorizer: Callable[..., int]) -> None:
    """Set SQLite's authorizer; that of an asynchronous driver in the driver's own thread."""
    if hasattr(connection, "set_authorizer"):
        connection.set_authorizer(authorizer)
    else:
        connection.run_async(lambda own: own._execute(own._conn.set_authorizer, authorizer))


def connections_of(pool: Any) -> list[Any]:
    """The driver's connections that a pool has for this thread; ``None`` for one in use."""
    records: list[Any] = []
    if isinstance(pool, QueuePool):
        records = list(getattr(pool._pool, "queue", ()))
    elif isinstance(pool, SingletonThreadPool):
        mine = getattr(pool._conn, "current", None)  # a weak reference
        records = [mine()] if mine else []
    elif isinstance(pool, (StaticPool, AssertionPool)):
        records = [vars(pool).get("connection", vars(pool).get("_conn"))]
    made = [(each, getattr(each, "dbapi_connection", None)) for each in records if each]
    return [None if record.in_use else driver for record, driver in made if driver is not None]


def driver_connection(connection: Any) -> Any:
    """The driver's connection under one of SQLAlchemy's that is checked out."""
    fairy = connection.connection if isinstance(connection, Connection) else connection
    return getattr(fairy, "dbapi_connection", None) or getattr(fairy, "connection", None)
