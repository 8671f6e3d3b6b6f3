"""The reader's data stays as it is."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from diagnosing import (
    MEMDB,
    SIGNALING,
    answers,
    content,
    findings,
    make_file,
    mostly_slow,
    run,
    write,
)
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from helpers.diagnose import diagnose
from helpers.look import dispose


@pytest.mark.parametrize("journal", mostly_slow(["delete", "wal", "open wal"], ["open wal"]))
def test_a_file_stays_as_it_is(journal: str, folder: Path) -> None:
    """Byte by byte, without a new file beside it; the scratch has the same kind of journal."""
    write(
        folder, {"shop.py": "import sqlalchemy\ndb = sqlalchemy.create_engine('sqlite:///shop.db')"}
    )
    make_file(folder / "shop.db", wal=journal != "delete")
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        if journal == "open wal":
            connection.execute("UPDATE item SET name = 'rug'")
            connection.commit()  # stays in the log as long as this connection is open
        before = content(folder)
        assert len(before) == (4 if journal == "open wal" else 2)
        done = run("shop:db", "--output", "json")
        reports = json.loads(done.stdout)["reports"]
        for target in ("shop.db", "sqlite:///shop.db", create_engine("sqlite:///shop.db")):
            reports.append(json.loads(diagnose(target).to_json()))
        assert content(folder) == before
    for report in reports:
        (engine,) = report["engines"]
        assert (report["exit_status"], engine["kind"]) == (0, "file")
        assert engine["tables"]["there"] == ["item"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "step", "status"),
    [
        (signal.SIGINT, "import", 130),
        (signal.SIGTERM, "import", 143),
        (signal.SIGTERM, "begin", 143),
    ],
)
def test_an_interrupt_leaves_everything_as_it_is(
    number: int, step: str, status: int, folder: Path
) -> None:
    """The app itself sends the signal to the command, so the moment is exact; then it hangs."""
    write(folder, {"shop.py": SIGNALING})
    make_file(folder / "shop.db", wal=True)
    before = content(folder)
    done = run("shop:engine", "--output", "json", STEP=step, SIGNAL=str(int(number)))
    assert (done.returncode, done.stdout) == (status, "")
    assert content(folder) == before


LOCK = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"


def test_the_locks_of_the_app_hold(folder: Path) -> None:
    """A process that opened and closed the file itself would lose the locks it has on it."""
    make_file(folder / "shop.db", wal=False)
    engine = create_engine("sqlite:///shop.db", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO item VALUES ('rug')"))
        assert findings(diagnose(engine)) == ["file"]
        other = subprocess.run(
            [sys.executable, "-c", LOCK, "shop.db"], check=False, capture_output=True, text=True
        )
    assert "database is locked" in other.stderr


def test_the_engine_itself_is_not_connected() -> None:
    """Rows in memory stay, and the pool has the connections that it had."""
    url = "sqlite:///file::memory:?cache=shared&uri=true"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE item (name)"))
    status = engine.pool.status()
    assert answers(diagnose(engine)) == "ynyyn"
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT name FROM sqlite_master")).all()
    assert (tables, engine.pool.status()) == (["item"], status)
    dispose(engine)


def test_a_connection_that_the_app_holds_keeps_the_database() -> None:
    """Without one, a database with a name ends with each session of this pool."""
    engine = create_engine(MEMDB, poolclass=NullPool)
    assert findings(diagnose(engine)) == ["no-keeper"]
    with engine.connect() as keeper:
        report = diagnose({"engine": engine, "keeper": keeper})
    assert (findings(report), answers(report)) == (["memory"], "ynyyy")
