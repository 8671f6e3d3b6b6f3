"""A file that was copied while its app had it open in WAL: its tables stayed in the ``-wal``."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from diagnosing import LAMP_AND_RUG, content, write

from helpers.diagnose import diagnose

SHOP = LAMP_AND_RUG + '    engine = create_engine("sqlite:///copy.db")\n'
COUNT = """
from sqlalchemy.orm import Session
with Session(engine) as session:
    assert session.query(Lamp).count() == 1
"""


@pytest.fixture(params=["beside", "elsewhere"])
def original(request: pytest.FixtureRequest, folder: Path) -> Iterator[Path]:
    """The file of an app that runs, and a bad copy of it in the reader's folder."""
    path = (folder if request.param == "beside" else folder.parent) / "live.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript("CREATE TABLE lamp (id); CREATE TABLE rug (id)")
        connection.execute("INSERT INTO lamp VALUES (1)")
        connection.commit()
        shutil.copy2(path, folder / "copy.db")
        yield path


def test_a_copy_that_left_its_wal_behind_is_not_said_to_be_new(
    original: Path, folder: Path
) -> None:
    """The tables were made; a cure that is pasted gets them, and no file is lost."""
    write(folder, {"shop.py": SHOP})
    before = content(folder.parent)
    report = diagnose("shop")
    [finding] = report.findings
    assert content(folder.parent) == before
    assert "Is it a copy of a file in use? Its tables are in the -wal of that" in finding.sentence
    if original.parent != folder:
        assert finding.id == "tables-missing"
        assert finding.cures[0].where.startswith("If not: at startup")
        return
    assert finding.id == "tables-elsewhere"
    for cure in finding.cures:
        code = SHOP.replace(
            'engine = create_engine("sqlite:///copy.db")', "\n    ".join(cure.lines)
        )
        write(folder, {"shop.py": code + COUNT.replace("\n", "\n    ")})
        subprocess.run([sys.executable, "shop.py"], check=True)
        code = SHOP.replace(
            'create_engine("sqlite:///copy.db")', cure.lines[-1].partition(" = ")[2]
        )
        write(folder, {"shop.py": code})
        assert diagnose("shop").safe
    assert original.exists()
    assert content(folder)[str(folder / "copy.db")] == before[str(folder / "copy.db")]


def test_a_copy_that_is_named_alone(original: Path, folder: Path) -> None:
    """Nobody knows whether it is one."""
    [finding] = diagnose("copy.db").findings
    assert finding.id == "no-tables"
    assert "Is it a copy of a file in use?" in finding.sentence
    assert "Nothing has created them" not in finding.sentence
