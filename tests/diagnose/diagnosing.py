"""What the tests of diagnose share."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import AssertionPool, NullPool, QueuePool, SingletonThreadPool, StaticPool

from helpers import diagnose as package
from helpers.diagnose import Report

FOLDER = Path(package.__file__).parent
ANY_THREAD = {"check_same_thread": False}
NAMED = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"
PRIVATE = "sqlite:///file:/shop?mode=memory&uri=true"
MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"
LAMP_AND_RUG = """
    from sqlalchemy import Column, Integer, create_engine
    from sqlalchemy.orm import declarative_base
    Base = declarative_base()
    class Lamp(Base):
        __tablename__ = "lamp"
        id = Column(Integer, primary_key=True)
    class Rug(Base):
        __tablename__ = "rug"
        id = Column(Integer, primary_key=True)
"""
ONE = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "connect_args": ANY_THREAD}


def mostly_slow(cases: Iterable[Any], fast: Collection[Any]) -> list[Any]:
    """The cases for a parametrized test, of which only a few run in the quick command."""
    keep = [*fast]
    return [
        each
        if (each[0] if isinstance(each, tuple) else each) in keep
        else pytest.param(*(each if isinstance(each, tuple) else (each,)), marks=pytest.mark.slow)
        for each in cases
    ]


def make(url: str, **options: Any) -> Engine:
    """An engine, whatever SQLAlchemy thinks of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return create_engine(url, **options)


def findings(report: Report) -> list[str]:
    """What was found, an engine each."""
    return [
        " ".join(each.id for each in engine.findings) or engine.problem or engine.kind
        for engine in report.engines
    ]


def answers(report: Report) -> str:
    """The answers of the only engine: thread, process, hidden, safe, dispose."""
    (engine,) = report.engines
    return "".join({True: "y", False: "n", None: "-"}[each.yes] for each in engine.answers.values())


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the file as a reader does, in the current folder; a warning is an error."""
    command = [sys.executable, "-W", "error", str(FOLDER), *arguments]
    environment = os.environ | environment | {"PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=environment
    )


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file of a folder: its bytes, and when they were written."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def flask_app(folder: Path, uri: str, **config: Any) -> Flask:
    """An app of Flask-SQLAlchemy, which keeps its files in the folder."""
    app = Flask("shop", instance_path=str(folder))
    app.config.update(SQLALCHEMY_DATABASE_URI=uri, **config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        SQLAlchemy(app)
    return app


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of an app."""
    for name, code in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(code), encoding="utf-8")


def make_file(path: Path, wal: bool) -> None:
    """A database with a row."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        connection.execute("CREATE TABLE item (name)")
        connection.execute("INSERT INTO item VALUES ('lamp')")
        connection.commit()


ENGINES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "default": ("sqlite://", {}, "own-thread", "nnnnn"),
    "spelled out": ("sqlite:///:memory:", {}, "own-thread", "nnnnn"),
    "check off": ("sqlite://", {"connect_args": ANY_THREAD}, "thread-check-off", "nnnnn"),
    "a thread at a time": (
        "sqlite://",
        {"poolclass": SingletonThreadPool, "pool_size": 1},
        "own-thread",
        "nn---",
    ),
    "static": (
        "sqlite://",
        {"poolclass": StaticPool, "connect_args": ANY_THREAD},
        "one-connection",
        "ynnnn",
    ),
    "static, checked": ("sqlite://", {"poolclass": StaticPool}, "other-thread-refused", "nn---"),
    "static file": ("sqlite:///shop.db", {"poolclass": StaticPool}, "one-connection", "yynny"),
    "no pool": ("sqlite://", {"poolclass": NullPool}, "own-connection", "nn---"),
    "queue": ("sqlite://", {"poolclass": QueuePool}, "other-thread-refused", "nn---"),
    "queue, unchecked": (
        "sqlite://",
        {"poolclass": QueuePool, "connect_args": ANY_THREAD},
        "own-connection",
        "nn--n",
    ),
    "pool of one": (PRIVATE, ONE, "turns", "ynyyn"),
    "pool of one, no name": ("sqlite://", ONE, "turns", "ynyyn"),
    "assertion": (
        "sqlite://",
        {"poolclass": AssertionPool, "connect_args": ANY_THREAD},
        "turns",
        "ynyyn",
    ),
    "memdb": (MEMDB, {}, "memory", "ynyyn"),
    "memdb, no slash": ("sqlite:///file:shop?vfs=memdb&uri=true", {}, "name-not-shared", "nn--n"),
    "memdb, no pool": (MEMDB, {"poolclass": NullPool}, "no-keeper", "nn---"),
    "shared": (NAMED, {"poolclass": QueuePool, "connect_args": ANY_THREAD}, "memory", "ynyyn"),
    "shared, checked": (NAMED, {"poolclass": QueuePool}, "other-thread-refused", "nnyyy"),
    "shared, a thread each": (
        NAMED,
        {"poolclass": SingletonThreadPool},
        "one-connection-a-thread",
        "ynnny",
    ),
    "shared, dirty": (
        NAMED,
        {"poolclass": QueuePool, "connect_args": ANY_THREAD, "isolation_level": "READ UNCOMMITTED"},
        "dirty-reads",
        "ynnyn",
    ),
    "shared, as documented": (
        "sqlite:///file::memory:?cache=shared&uri=true",
        {},
        "memory",
        "ynyyn",
    ),
    "uri forgotten": ("sqlite:///file::memory:?cache=shared", {}, "odd-file", "yyyyy"),
    "name, uri forgotten": (
        "sqlite:///file:shop?mode=memory&cache=shared",
        {"poolclass": QueuePool},
        "odd-file",
        "nyyyy",
    ),
    "nameless file": ("sqlite:///file:?uri=true", {}, "own-connection", "nn--n"),
    "file": ("sqlite:///shop.db", {}, "file", "yyyyy"),
    "file, checked": (
        "sqlite:///shop.db",
        {"connect_args": {"check_same_thread": True}},
        "other-thread-refused",
        "nyyyy",
    ),
    "file, no pool": ("sqlite:///shop.db", {"poolclass": NullPool}, "file", "yyyyy"),
    "file, a thread each": (
        "sqlite:///shop.db",
        {"poolclass": SingletonThreadPool},
        "one-connection-a-thread",
        "yynny",
    ),
    "file, pool of one": ("sqlite:///shop.db", ONE, "file", "yyyyy"),
    "file as URI": ("sqlite:///file:shop.db?mode=rwc&uri=true", {}, "file", "yyyyy"),
    "file, autocommit": ("sqlite:///shop.db", {"isolation_level": "AUTOCOMMIT"}, "file", "yynyy"),
}


SIGNALING = """
    import os, signal, threading
    from sqlalchemy import create_engine, event
    engine = create_engine("sqlite:///shop.db")
    step = os.environ["STEP"]
    def interrupt(*_):
        os.kill(os.getppid(), int(os.environ["SIGNAL"]))
        threading.Event().wait()
    if step == "import":
        interrupt()
    else:
        event.listen(engine, step, interrupt)
"""
