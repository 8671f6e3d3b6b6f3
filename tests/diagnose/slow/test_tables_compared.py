"""The tables that models name, those that are there, and the file that has them instead."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from diagnosing import (
    LAMP_AND_RUG,
    content,
    findings,
    flask_app,
    make,
    make_file,
    run,
    write,
)
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
from sqlalchemy.pool import StaticPool

from helpers.diagnose import EngineReport, diagnose, second_process

SHOP = LAMP_AND_RUG + '    engine = create_engine("sqlite:///shop.db")\n'


def fill(path: Path, *tables: str) -> None:
    """A file with tables that have a column ``id``."""
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (id INTEGER)")


def models(*names: str) -> MetaData:
    """What models would declare."""
    metadata = MetaData()
    for name in names:
        Table(name, metadata, Column("id", Integer, primary_key=True))
    return metadata


def only(target: Any) -> EngineReport:
    """The report on the only engine."""
    [engine] = diagnose(target).engines
    return engine


def test_the_tables_are_compared(folder: Path) -> None:
    """All there, in any case and with more of them: safe."""
    fill(folder / "shop.db", "Lamp", "rug", "alembic_version")
    report = only({"engine": create_engine("sqlite:///shop.db"), "m": models("lamp", "rug")})
    assert report.verdict == "safe"
    assert report.tables.named == ["lamp", "rug"]
    assert report.tables.there == ["Lamp", "alembic_version", "rug"]
    assert report.opens == str(folder / "shop.db")


def test_a_table_that_no_migration_makes_yet_needs_one(folder: Path) -> None:
    """Else running the migrations changes nothing, and the advice comes again."""
    write(folder, {"shop.py": SHOP, "migrations/env.py": ""})
    fill(folder / "shop.db", "rug", "alembic_version")
    [finding] = diagnose("shop").findings
    [cure] = finding.cures
    assert cure.lines == ["alembic revision --autogenerate", "alembic upgrade head"]
    assert cure.where.endswith("no change, import the models where env.py sees them")


@pytest.mark.parametrize(("there", "said"), [((), "no tables"), (("rug",), "rug")])
def test_missing_tables_are_found(there: tuple[str, ...], said: str, folder: Path) -> None:
    """In an empty file, which SQLite made at the first look, and in one with other tables."""
    write(folder, {"shop.py": SHOP})
    fill(folder / "shop.db", *there)
    [finding] = diagnose("shop").findings
    assert finding.id == "tables-missing"
    assert finding.sentence.startswith(f"The database has {said}; your models also name lamp")
    assert finding.message == "OperationalError: no such table: lamp"
    assert finding.cures[0].lines == ["Lamp.metadata.create_all(engine)"]


def test_a_file_that_is_not_there_yet_is_no_fault(folder: Path) -> None:
    """A fresh clone has none; the note says what happens."""
    write(folder, {"shop.py": SHOP})
    report = only("shop")
    assert (report.verdict, report.tables.missing) == ("safe", ["lamp", "rug"])
    assert any("not there yet" in note for note in report.notes)
    assert not (folder / "shop.db").exists()


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("other", ["instance/shop.db", "old.sqlite3"])
def test_the_file_that_has_the_tables_is_found(empty: bool, other: str, folder: Path) -> None:
    """Two files of one name, as a relative path leads to; the cure opens the right one."""
    write(folder, {"shop.py": SHOP})
    fill(folder / other, "lamp", "rug")
    if empty:
        (folder / "shop.db").touch()
    before = content(folder)
    [finding] = diagnose("shop").findings
    assert finding.id == "tables-elsewhere"
    assert f"{folder / other} has lamp, rug" in finding.sentence
    assert content(folder) == before
    cured = SHOP.replace("    engine =", "    # ") + "    " + finding.cures[0].lines[0]
    write(folder, {"shop.py": cured})
    assert diagnose("shop").safe


def test_another_engine_that_has_the_tables_is_found(folder: Path) -> None:
    """A migration, for example, that runs on an engine of its own."""
    fill(folder / "migrated" / "here.data", "lamp")
    (folder / "shop.db").touch()
    app = flask_app(
        folder,
        "sqlite:///shop.db",
        SQLALCHEMY_BINDS={"b": f"sqlite:///{folder}/migrated/here.data"},
    )
    app.extensions["sqlalchemy"].Model.metadata._add_table(
        "lamp", None, models("lamp").tables["lamp"]
    )
    report = diagnose(app)
    assert [finding.id for finding in report.findings] == ["tables-elsewhere"]
    assert "here.data has lamp" in report.findings[0].sentence


def test_each_bind_has_tables_of_its_own(folder: Path) -> None:
    """What belongs to one is not missing in another."""
    binds = {"stock": "sqlite:///stock.db"}
    app = Flask("shop", instance_path=str(folder))
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite:///shop.db", SQLALCHEMY_BINDS=binds)
    db: Any = SQLAlchemy(app)
    type("Lamp", (db.Model,), {"id": db.Column(db.Integer, primary_key=True)})
    rug = {"__bind_key__": "stock", "id": db.Column(db.Integer, primary_key=True)}
    type("Rug", (db.Model,), rug)
    fill(folder / "shop.db", "lamp")
    fill(folder / "stock.db", "rug")
    assert diagnose(app).safe
    (folder / "stock.db").unlink()
    fill(folder / "stock.db", "lamp")
    found = {engine.name[-9:]: engine.verdict for engine in diagnose(app).engines}
    assert found == {"alchemy']": "safe", "['stock']": "to mend"}


def test_a_url_that_came_too_late_is_found(folder: Path) -> None:
    """The extension has made its engine with the one before."""
    app = flask_app(folder, "sqlite:///shop.db")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/other.db"
    [finding] = diagnose(app).findings
    assert finding.id == "url-not-used"
    assert f"says sqlite:///{folder}/other.db" in finding.sentence
    assert finding.cures[0].lines == [
        f"app.config[\"SQLALCHEMY_DATABASE_URI\"] = 'sqlite:///{folder}/other.db'"
    ]
    assert diagnose(flask_app(folder, "sqlite:///shop.db")).safe


def test_a_relative_path_is_told(folder: Path) -> None:
    """With where it leads from here."""
    report = only(create_engine("sqlite:///data.db"))
    assert report.opens == str(folder / "data.db")
    assert any("the path is relative" in note for note in report.notes)
    absolute = only(create_engine(f"sqlite:///{folder}/data.db"))
    assert not any("relative" in note for note in absolute.notes)


def test_a_folder_that_a_url_names_is_missing(folder: Path) -> None:
    """There is no file to look for; where the path is a folder, none has to be made."""
    [finding] = diagnose(f"sqlite:///{folder}/nowhere/shop.db").findings
    assert finding.id == "no-folder"
    (folder / "shop.db").mkdir()
    [finding] = diagnose("sqlite:///shop.db").findings
    assert (finding.id, finding.cures[0].lines) == ("no-folder", [])
    assert finding.cures[0].where.startswith("Remove that folder")


@pytest.mark.parametrize("link", [False, True])
def test_a_missing_folder_is_found(link: bool, folder: Path) -> None:
    """Also behind a link; the cure is a line to paste."""
    path = folder / "data" / "shop.db"
    if link:
        (folder / "shop.db").symlink_to(path)
    url = f"sqlite:///{folder / 'shop.db' if link else path}"
    report = diagnose(create_engine(url))
    [finding] = report.findings
    assert (finding.id, report.exit_status) == ("no-folder", 1)
    assert finding.message == "OperationalError: unable to open database file"
    exec("\n".join(finding.cures[0].lines))
    assert diagnose(create_engine(url)).safe


def test_a_file_of_something_else_is_found(folder: Path) -> None:
    """An encrypted one looks the same, and is not copied either."""
    (folder / "shop.db").write_bytes(os.urandom(4096))
    assert findings(diagnose("shop.db")) == ["not-a-database"]


def test_a_pipe_and_a_large_file_are_not_read(folder: Path) -> None:
    """The first would block, the second would take long; both are said."""
    os.mkfifo(folder / "pipe.db")
    with open(folder / "large.db", "wb") as file:
        file.truncate(second_process.LARGEST + 1)
    assert "is not a file" in diagnose(make("sqlite:///pipe.db")).findings[0].sentence
    report = only("large.db")
    assert (report.verdict, report.notes[0]) == ("safe", "its tables were not read: 200 MB")


@pytest.mark.parametrize("mode", ["mode=ro", "immutable=1"])
def test_an_engine_that_reads_only_is_looked_at(mode: str, folder: Path) -> None:
    """Its pool matters as much; that it writes nothing is a note."""
    fill(folder / "shop.db", "lamp")
    url = f"sqlite:///file:shop.db?{mode}&uri=true"
    assert findings(diagnose(url)) == ["file"]
    assert any("reading only" in note for note in only(url).notes)
    assert findings(diagnose(make(url, poolclass=StaticPool))) == ["one-connection"]


WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA synchronous = OFF")
print(flush=True)
while True:
    connection.execute("INSERT INTO item VALUES ('lamp')")
"""


def test_a_file_that_is_always_written_to_is_said_to_be(folder: Path) -> None:
    """No copy is ever the same before and after; or one was, and then it is right."""
    make_file(folder / "shop.db", wal=False)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, "shop.db"], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        report = only("shop.db")
        writer.kill()
    busy = "it is being written to: its tables could not be read" in report.notes
    assert (report.tables.there == ["item"]) != busy
    assert report.verdict == "safe"


def test_a_copy_is_tried_again_until_nobody_writes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts only when size, time and inode of all parts are as before."""
    make_file(folder / "shop.db", wal=False)
    copied: list[int] = []
    plain = shutil.copyfile

    def copy(source: str, target: str) -> None:
        plain(source, target)
        copied.append(1)
        if len(copied) < 3:
            os.utime(source, ns=(1, len(copied)))

    monkeypatch.setattr(shutil, "copyfile", copy)
    assert second_process.copy(str(folder / "shop.db"), str(folder / "copy"))
    assert len(copied) == 3
    monkeypatch.setattr(second_process, "PATIENCE", -1)
    del copied[:]
    assert not second_process.copy(str(folder / "shop.db"), str(folder / "copy"))


FACTORY = """
    def create_app():
        Base.metadata.create_all(engine)
        return engine
"""


def test_what_the_app_does_to_files_is_said(folder: Path) -> None:
    """A factory that makes tables, on the real file."""
    write(folder, {"shop.py": SHOP + FACTORY})
    done = run("shop:create_app")
    made = f"shop:create_app was called; made {folder / 'shop.db'}"
    assert made in " ".join(done.stdout.split())
    assert only("shop.db").tables.there == ["lamp", "rug"]
