"""The listeners of the app."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from diagnosing import answers, content, findings, make_file
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from helpers.diagnose import diagnose


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

    @event.listens_for(engine, "begin")
    def begin_immediate(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    report = diagnose(engine)
    assert (findings(report), answers(report)) == (["file"], "yyyyy")
    assert "begin_immediate" in report.engines[0].notes[-1]
    assert "waits (OperationalError: database is locked)" in str(report)
    assert {Path(file).name for _, _, file in seen} == {"scratch.db"}


def test_a_listener_for_the_first_connection_is_not_used_up() -> None:
    """It still runs at the first connection of the app."""
    engine = create_engine("sqlite:///shop.db", poolclass=NullPool)
    calls: list[object] = []
    event.listen(engine, "connect", lambda *_: calls.append(1), once=True)
    assert (findings(diagnose(engine)), calls) == (["file"], [])
    engine.connect().close()
    assert calls == [1]


@pytest.mark.parametrize(
    "listen",
    [
        lambda connection, _: connection.execute("ATTACH 'shop.db' AS shop"),
        lambda connection, _: connection.execute("VACUUM INTO 'copy.db'"),
        lambda connection, _: sqlite3.connect("shop.db").backup(connection),
    ],
)
def test_a_listener_cannot_open_the_data(listen: Any, folder: Path) -> None:
    """It is stopped, and the report says so."""
    make_file(folder / "shop.db", wal=True)
    before = content(folder)
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", listen)
    report = diagnose(engine)
    assert (report.exit_status, content(folder)) == (2, before)
    assert "authoriz" in str(report) or "a listener opens 'shop.db'" in str(report)
