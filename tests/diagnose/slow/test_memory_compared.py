"""The tables of a database in memory: those that the app has made while it was imported."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosing import LAMP_AND_RUG, MEMDB, NAMED, findings, write
from sqlalchemy import create_engine

from helpers.diagnose import EngineReport, diagnose

SHOP = (
    LAMP_AND_RUG
    + """
    import sqlite3
    from sqlalchemy import text
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import AssertionPool, NullPool, QueuePool, StaticPool
"""
)
POOLS = {
    "a connection a thread": 'create_engine("sqlite://")',
    "one connection": 'create_engine("sqlite://", poolclass=StaticPool)',
    "one at a time": 'create_engine("sqlite://", poolclass=AssertionPool)',
    "a queue": 'create_engine("sqlite://", poolclass=QueuePool)',
    "memdb": f'create_engine("{MEMDB}")',
    "a shared cache": f'create_engine("{NAMED}", poolclass=QueuePool)',
}
NO_TABLES = "its tables were not read: "


def looked(folder: Path, engine: str, rest: str) -> EngineReport:
    """The report on the only engine of an app."""
    lines = ["", f"engine = {engine}", *rest.splitlines()]
    write(folder, {"shop.py": SHOP + "\n    ".join(lines)})
    [report] = diagnose("shop:engine").engines
    return report


@pytest.mark.parametrize("pool", POOLS)
def test_the_tables_in_memory_are_compared(pool: str, folder: Path) -> None:
    """They are read where the app has made them, and the missing one is found."""
    engine = looked(folder, POOLS[pool], "Lamp.__table__.create(engine)")
    assert (engine.tables.named, engine.tables.there) == (["lamp", "rug"], ["lamp"])
    assert engine.tables.missing == ["rug"]
    last = engine.findings[-1]
    assert (last.id, last.message) == ("tables-missing", "OperationalError: no such table: rug")


@pytest.mark.parametrize("pool", POOLS)
def test_memory_that_has_all_tables_is_as_it_was(pool: str, folder: Path) -> None:
    """Nothing is missing; the other finding, if any, stays."""
    engine = looked(folder, POOLS[pool], "Base.metadata.create_all(engine)")
    assert (engine.tables.there, engine.tables.missing) == (["lamp", "rug"], [])
    assert "tables-missing" not in [finding.id for finding in engine.findings]


@pytest.mark.parametrize("pool", POOLS)
def test_memory_in_which_nothing_is_yet_is_no_finding(pool: str, folder: Path) -> None:
    """Startup code will create the tables; a pool without a connection says so."""
    engine = looked(folder, POOLS[pool], "")
    assert not engine.tables.there
    assert "tables-missing" not in [finding.id for finding in engine.findings]
    assert (engine.tables.there == []) != any(NO_TABLES in note for note in engine.notes)


def test_a_pool_that_keeps_no_connection_says_so(folder: Path) -> None:
    """There is no database to read."""
    made = 'create_engine("sqlite://", poolclass=NullPool)'
    engine = looked(folder, made, "Base.metadata.create_all(engine)")
    assert engine.notes[0] == f"{NO_TABLES}no connection is open, so it is empty"


BUSY = """
Base.metadata.create_all(engine)
session = Session(engine)
session.add(Lamp())
session.flush()
import atexit
def check():
    session.commit()
    rows = Session(engine).query(Lamp).count()
    open("rows.txt", "w").write(str(rows))
atexit.register(check)
"""


@pytest.mark.parametrize("pool", ["a connection a thread", "one connection"])
def test_a_connection_in_use_is_left_alone(pool: str, folder: Path) -> None:
    """The app's transaction goes on, and its row is stored."""
    engine = looked(folder, POOLS[pool], BUSY.strip())
    assert engine.tables.there is None
    assert NO_TABLES in engine.notes[0]
    assert (folder / "rows.txt").read_text(encoding="utf-8") == "1"


def test_the_rows_of_the_app_do_not_matter(folder: Path) -> None:
    """A row factory of the app's changes what a row is."""
    rest = """
raw = engine.raw_connection()
raw.driver_connection.row_factory = lambda cursor, row: {}
raw.close()
Base.metadata.create_all(engine)
"""
    engine = looked(folder, POOLS["one connection"], rest.strip())
    assert engine.tables.there == ["lamp", "rug"]


def test_memory_of_this_process_is_not_read(folder: Path) -> None:
    """Others may be at work on it; without models there is nothing to say."""
    report = diagnose(create_engine("sqlite://"))
    assert findings(report) == ["own-thread"]
    assert not any(NO_TABLES in note for note in report.engines[0].notes)
