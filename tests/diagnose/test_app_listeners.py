"""The listeners of the app: they decide what a session sees, and may not open the data."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from diagnosing import ANY_THREAD, MEMDB, answers, content, findings, make_file
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from helpers.diagnose import diagnose


def begin_by_hand(engine: Engine, begin: str = "BEGIN") -> None:
    """The two listeners that SQLAlchemy's page gives for transactions of SQLite's own."""

    @event.listens_for(engine, "connect")
    def no_driver_transactions(connection: Any, record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin_now(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def test_listeners_run_on_the_scratch_database() -> None:
    """Those of connections and transactions do, since they decide what a session sees."""
    engine = create_engine("sqlite:///shop.db")
    seen = []

    @event.listens_for(engine, "connect")
    def no_driver_transactions(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 60000")
        seen.extend(connection.execute("PRAGMA database_list").fetchall())

    assert any("commits by itself" in note for note in diagnose(engine).engines[0].notes)
    assert {Path(file).name for _, _, file in seen} == {"scratch.db"}


@pytest.mark.parametrize(
    ("url", "options", "begin", "finding"),
    [
        ("sqlite:///shop.db", {}, "BEGIN IMMEDIATE", "file"),
        (MEMDB, {}, "BEGIN IMMEDIATE", "memory"),
        (
            "sqlite://",
            {"poolclass": StaticPool, "connect_args": ANY_THREAD},
            "BEGIN",
            "one-connection",
        ),
    ],
)
def test_a_begin_of_its_own_changes_no_finding(
    url: str, options: dict[str, Any], begin: str, finding: str
) -> None:
    """Nobody takes turns on one connection because a lock is taken early."""
    engine = create_engine(url, **options)
    begin_by_hand(engine, begin)
    report = diagnose(engine)
    assert findings(report) == [finding]
    assert not any("second connection inside" in note for note in report.engines[0].notes)


def test_a_file_that_one_connection_keeps_locked_is_found() -> None:
    """No other thread ever gets in, also when the session has ended."""
    engine = create_engine("sqlite:///shop.db")

    @event.listens_for(engine, "connect")
    def lock(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")

    report = diagnose(engine)
    assert findings(report) == ["locked"]
    assert report.findings[0].message == "OperationalError: database is locked"


@pytest.mark.parametrize("name", ["connect", "checkout", "begin"])
def test_a_listener_that_raises_is_named(name: str) -> None:
    """And is not taken for the trap."""
    engine = create_engine("sqlite:///shop.db")

    def fail(*_: Any) -> None:
        raise ValueError("no license")

    event.listen(engine, name, fail)
    [sentence] = findings(diagnose(engine))
    assert sentence.endswith("raises ValueError: no license")
    assert "fail (test_app_listeners.py:" in sentence


def test_a_listener_for_the_first_connection_is_not_used_up() -> None:
    """It still runs at the first connection of the app."""
    engine = create_engine("sqlite:///shop.db", poolclass=NullPool)
    calls: list[object] = []
    event.listen(engine, "connect", lambda *_: calls.append(1), once=True)
    assert (findings(diagnose(engine)), calls) == (["file"], [])
    engine.connect().close()
    assert calls == [1]


def attach(connection: Any, record: Any) -> None:
    """Give the file a second name."""
    connection.execute("ATTACH 'shop.db' AS shop")


def attach_with_a_cursor(connection: Any, record: Any) -> None:
    """As ``attach``, also for an asynchronous driver."""
    cursor = connection.cursor()
    cursor.execute("ATTACH 'shop.db' AS shop")
    cursor.execute("CREATE TABLE shop.rug (name)")
    cursor.close()


def copy_out(connection: Any, record: Any) -> None:
    """Write a copy."""
    connection.execute("VACUUM INTO 'copy.db'")


def copy_in(connection: Any, record: Any) -> None:
    """Read another file."""
    sqlite3.connect("shop.db").backup(connection)


@pytest.mark.parametrize(
    ("listen", "file"), [(attach, "shop"), (copy_out, "copy"), (copy_in, "shop")]
)
def test_a_listener_cannot_open_the_data(listen: Any, file: str, folder: Path) -> None:
    """It is left out, and the report says so; the finding is right without it."""
    make_file(folder / "shop.db", wal=True)
    before = content(folder)
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", listen)
    report = diagnose(engine)
    assert (findings(report), content(folder)) == (["own-thread"], before)
    [note] = report.engines[0].notes
    assert note.startswith(f"left out: your listener {listen.__name__} (test_app_listeners.py:")
    assert note.endswith(f"since it opens {file}.db")
    assert answers(report) == "nnnnn"


def test_a_listener_of_an_asynchronous_engine_cannot_either(folder: Path) -> None:
    """Its driver opens the database in a thread of its own."""
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import create_async_engine

    make_file(folder / "shop.db", wal=False)
    before = content(folder)
    engine = create_async_engine("sqlite+aiosqlite://")
    event.listen(engine.sync_engine, "connect", attach_with_a_cursor)
    report = diagnose(engine)
    assert (findings(report), content(folder)) == (["one-connection"], before)
    assert report.engines[0].notes[-1].endswith("since it opens shop.db")
