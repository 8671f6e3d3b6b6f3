"""Engines with a ``creator``: it is run on a scratch database, and opens nothing of the app's."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosing import content, findings, make_file, write

from helpers.diagnose import Report, diagnose

APP = """
    import functools, sqlite3
    from sqlalchemy import create_engine
    from sqlalchemy.pool import QueuePool, StaticPool
    OFF = {{"check_same_thread": False}}
    {creator}
    engine = create_engine("sqlite://", creator=creator{options})
"""
MEMORY = 'lambda: sqlite3.connect(":memory:", **OFF)'
SHARED = "file:memdb1?mode=memory&cache=shared"
QUEUE = ", poolclass=QueuePool"
TOLD = {
    "memory": (MEMORY, "", "thread-check-off"),
    "memory, checked": ('lambda: sqlite3.connect(":memory:")', "", "own-thread"),
    "one": (
        'lambda: sqlite3.connect(":memory:", **OFF)',
        ", poolclass=StaticPool",
        "one-connection",
    ),
    "shared": (f'lambda: sqlite3.connect("{SHARED}", uri=True, **OFF)', QUEUE, "memory"),
    "shared, as often shown": (
        f'lambda: sqlite3.connect("{SHARED}", uri=True)',
        "",
        "one-connection-a-thread",
    ),
    "uri forgotten": (f'lambda: sqlite3.connect("{SHARED}")', QUEUE, "odd-file"),
    "file": ('lambda: sqlite3.connect("shop.db", 30, **OFF)', QUEUE, "file"),
    "file, by name": ('lambda: sqlite3.connect(database="shop.db", **OFF)', QUEUE, "file"),
    "file, checked": ('lambda: sqlite3.connect("shop.db")', QUEUE, "other-thread-refused"),
}
NOT_TOLD = {
    "another name": "from sqlite3 import connect\n    creator = lambda: connect('shop.db')",
    "kept": "kept = sqlite3.connect(':memory:')\n    creator = lambda: kept",
    "kept by a cache": (
        "@functools.lru_cache\n    def creator():\n        return sqlite3.connect(':memory:')"
    ),
    "raises": "def creator():\n        sqlite3.connect; raise OSError('connect')",
    "two": "def creator():\n        sqlite3.connect('a'); return sqlite3.connect('b')",
}


def look(folder: Path, creator: str, options: str) -> Report:
    """The report on an app whose engine has a creator."""
    write(folder, {"shop.py": APP.format(creator=creator, options=options)})
    return diagnose("shop:engine")


@pytest.mark.parametrize("name", TOLD)
def test_a_creator_is_tried_on_a_scratch_database(name: str, folder: Path) -> None:
    """It gets another database in the place of its own, which stays as it is."""
    make_file(folder / "shop.db", wal=False)
    creator, options, finding = TOLD[name]
    write(folder, {"shop.py": ""})
    before = content(folder)
    assert findings(look(folder, f"creator = {creator}", options)) == [finding]
    write(folder, {"shop.py": ""})
    assert content(folder).keys() == before.keys()
    assert content(folder)[str(folder / "shop.db")] == before[str(folder / "shop.db")]


@pytest.mark.parametrize("name", NOT_TOLD)
def test_what_cannot_be_told_is_said(name: str, folder: Path) -> None:
    """Status 2, with the place of the function; nothing was opened."""
    report = look(folder, NOT_TOLD[name], "")
    [engine] = [each for each in report.engines if each.name.endswith("engine")]
    assert engine.problem.startswith("Its connections come from a function of yours")
    assert {path.name for path in folder.iterdir()} == {"shop.py"}


def test_what_a_creator_does_to_its_connection_counts(folder: Path) -> None:
    """Here it ends the transactions of the driver; the file is not attached."""
    creator = """
    def creator():
        connection = sqlite3.connect("shop.db", isolation_level=None, **OFF)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
"""
    make_file(folder / "shop.db", wal=True)
    [engine] = look(folder, creator.strip(), QUEUE).engines
    assert (engine.kind, engine.opens) == ("file", str(folder / "shop.db"))
    assert engine.tables.there == ["item"]
    assert any("commits by itself" in note for note in engine.notes)
    attaching = creator.replace("PRAGMA foreign_keys = ON", "ATTACH 'other.db' AS other")
    assert "a function of yours" in look(folder, attaching.strip(), QUEUE).engines[0].problem
    assert not (folder / "other.db").exists()


def test_the_cure_keeps_what_the_creator_passed(folder: Path) -> None:
    """Pasted in the place of the call: safe."""
    creator = f'creator = lambda: sqlite3.connect("{SHARED}", uri=True, timeout=9)'
    [finding] = look(folder, creator, QUEUE).findings
    assert finding.id == "other-thread-refused"
    for cure in finding.cures:
        lines = "\n".join(cure.lines)
        assert "timeout" in lines
        write(folder, {"shop.py": "from sqlalchemy import create_engine\n" + lines})
        assert diagnose("shop:engine").safe


def test_a_creator_is_not_run_where_others_are_at_work() -> None:
    """In the app's own process, ``sqlite3.connect`` stays what it is."""
    import sqlite3

    from sqlalchemy import create_engine

    calls: list[int] = []

    def creator() -> sqlite3.Connection:
        calls.append(1)
        return sqlite3.connect(":memory:")

    report = diagnose(create_engine("sqlite://", creator=creator))
    assert (report.exit_status, calls) == (2, [])
