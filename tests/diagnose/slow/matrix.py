"""Run with an old Python and an old SQLAlchemy, in a folder with a copy of diagnose.

It prints as JSON what is found about engines whose finding is the same in every version.
"""

from __future__ import annotations

import importlib
import json
import sqlite3
import warnings
from typing import Any

from sqlalchemy import Column, Integer, create_engine, event
from sqlalchemy.orm import declarative_base
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

warnings.simplefilter("ignore")
diagnose = importlib.import_module("diagnose").diagnose  # the copy in this folder
OFF = {"check_same_thread": False}
MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"
NAMED = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"
ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "own-thread": ("sqlite://", {}),
    "thread-check-off": ("sqlite://", {"connect_args": OFF}),
    "one-connection": ("sqlite://", {"poolclass": StaticPool, "connect_args": OFF}),
    "own-connection": ("sqlite://", {"poolclass": NullPool}),
    "other-thread-refused": ("sqlite://", {"poolclass": QueuePool, "connect_args": {}}),
    "no-keeper": (MEMDB, {"poolclass": NullPool}),
    "memory": (MEMDB, {"poolclass": QueuePool, "connect_args": OFF}),
    "name-not-shared": ("sqlite:///file:shop?vfs=memdb&uri=true", {"poolclass": NullPool}),
    "dirty-reads": (
        NAMED,
        {"poolclass": QueuePool, "connect_args": OFF, "isolation_level": "READ UNCOMMITTED"},
    ),
    "odd-file": ("sqlite:///file::memory:?cache=shared", {}),
    "file": ("sqlite:///shop.db", {}),
    "one-connection-a-thread": ("sqlite:///shop.db", {"poolclass": SingletonThreadPool}),
    "one-connection-no-transactions": (
        "sqlite://",
        {"poolclass": StaticPool, "connect_args": OFF, "isolation_level": "AUTOCOMMIT"},
    ),
    "turns": (
        "sqlite://",
        {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "connect_args": OFF},
    ),
}


def said(target: Any) -> str:
    """What was found, or what holds, or the problem."""
    [engine] = diagnose(target).engines
    return " ".join(each.id for each in engine.findings) or engine.problem or engine.kind


def with_tables() -> str:
    """What is found about a model without a table."""
    base = declarative_base()
    names = {"__tablename__": "lamp", "id": Column(Integer, primary_key=True)}
    lamp = type("Lamp", (base,), names)
    sqlite3.connect("empty.db").execute("CREATE TABLE rug (id)").connection.close()
    return said({"engine": create_engine("sqlite:///empty.db"), "lamp": lamp})


def with_listeners() -> str:
    """What is found where transactions begin by hand."""
    engine = create_engine("sqlite:///shop.db", future=True)
    event.listen(engine, "connect", lambda each, _: setattr(each, "isolation_level", None))
    event.listen(engine, "begin", lambda each: each.exec_driver_sql("BEGIN IMMEDIATE"))
    return said(engine)


def asynchronous() -> str:
    """What is found about the default in memory, where the driver is installed."""
    from sqlalchemy.ext.asyncio import create_async_engine

    return said(create_async_engine("sqlite+aiosqlite://"))


if __name__ == "__main__":
    found = {name: said(create_engine(url, **more)) for name, (url, more) in ENGINES.items()}
    found["tables-missing"] = with_tables()
    found["file (listeners)"] = with_listeners()
    found["one-connection (async)"] = asynchronous()
    print(json.dumps(found))
