"""Whose the models are where an app has several engines: told by its code, or by the databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from diagnosing import findings, run, write

from helpers.diagnose import diagnose

SHOP = """
    from sqlalchemy import Column, Integer, create_engine, text
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.orm import Session, declarative_base, sessionmaker
    Base = declarative_base()
    class Lamp(Base):
        __tablename__ = "lamp"
        id = Column(Integer, primary_key=True)
    class Log({log}):
        __tablename__ = "log"
        id = Column(Integer, primary_key=True)
    engine = create_engine("sqlite:///shop.db")
    log_engine = create_engine("sqlite:///logs.db")
"""
TWO_BASES = SHOP.format(log="declarative_base()")
ONE_BASE = SHOP.format(log="Base")
BOTH = "Base.metadata.create_all(engine); Log.metadata.create_all(log_engine)"


def make(folder: Path, file: str, *tables: str) -> None:
    """A file with tables, or an empty one."""
    (folder / file).touch()
    with closing(sqlite3.connect(folder / file)) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (id)")


def found(folder: Path, code: str, rest: str) -> list[str]:
    """The findings of both engines of an app."""
    write(folder, {"shop.py": code + f"    {rest.strip()}\n"})
    return findings(diagnose("shop"))


@pytest.mark.parametrize("target", ["shop:engine", "shop:log_engine"])
def test_an_engine_that_is_named_alone_has_no_models_of_the_others(
    target: str, folder: Path
) -> None:
    """Each has its own tables, and nothing else belongs into it."""
    write(folder, {"shop.py": TWO_BASES + f"    {BOTH}\n"})
    done = run(target, "--verbose")
    assert done.returncode == 0, done.stdout
    assert f"tables   {'log' if 'log' in target else 'lamp'}\n" in done.stdout


def test_the_file_of_the_other_engine_may_not_be_there_yet(folder: Path) -> None:
    """What is nowhere belongs to the engine that has no models."""
    write(folder, {"shop.py": TWO_BASES})
    make(folder, "logs.db", "log")
    assert findings(diagnose("shop:log_engine")) == ["file"]


def test_a_session_binds_models_to_an_engine(folder: Path) -> None:
    """One base, whose models have an engine each."""
    rest = "make = sessionmaker(binds={Lamp: engine, Log: log_engine})"
    make(folder, "shop.db", "lamp", "log")
    make(folder, "logs.db", "rug")
    assert found(folder, ONE_BASE, rest) == ["file", "tables-elsewhere"]
    make(folder, "logs.db", "log")
    assert found(folder, ONE_BASE, rest) == ["file", "file"]


ASYNC = """
    log_engine = create_async_engine("sqlite+aiosqlite:///logs.db")
    async def lifespan(app):
        async with log_engine.begin() as connection:
            await connection.run_sync(Log.metadata.create_all)
"""
PARAMETER = """
    def fill(engine):
        Log.metadata.create_all(engine)
"""
WITH = """
    def start():
        with log_engine.begin() as connection:
            Log.metadata.create_all(bind=connection)
"""


@pytest.mark.parametrize(
    ("rest", "sure"), [(WITH, True), (ASYNC, True), (PARAMETER, False)], ids=["with", "async", "no"]
)
def test_code_that_has_not_run_tells_whose_tables_it_makes(
    rest: str, sure: bool, folder: Path
) -> None:
    """A parameter may be any engine: then the report says that nothing tells."""
    pytest.importorskip("aiosqlite")
    make(folder, "shop.db", "rug")
    make(folder, "logs.db", "rug")
    write(folder, {"shop.py": TWO_BASES + rest})
    one, two = diagnose("shop").engines
    assert (one.tables.missing, two.tables.missing) == (
        (["lamp"], ["log"]) if sure else (["lamp", "log"], ["lamp", "log"])
    )
    for engine in (one, two):
        [finding] = engine.findings
        assert ("Nothing tells whether this is the engine of" in finding.sentence) != sure
        assert finding.cures[0].where.startswith("If so: at startup") != sure


@pytest.mark.parametrize("tables", [("visit",), ()])
def test_a_file_for_sql_by_hand_misses_no_models(tables: tuple[str, ...], folder: Path) -> None:
    """The sessions are on the other engine, which alone is to be mended."""
    rest = """
    def visits():
        with log_engine.connect() as connection:
            return connection.execute(text("SELECT * FROM visit")).all()
    def lamps():
        with Session(engine) as session:
            return session.query(Lamp).all(), session.query(Log).all()
"""
    make(folder, "logs.db", *tables)
    make(folder, "shop.db", "rug")
    assert found(folder, ONE_BASE, rest) == ["tables-missing", "file"]
    make(folder, "shop.db", "lamp", "log")
    assert found(folder, ONE_BASE, rest) == ["file", "file"]


def test_models_that_are_split_between_two_files_are_no_fault(folder: Path) -> None:
    """A session of the reader's chooses, by code that is not run."""
    make(folder, "shop.db", "lamp")
    make(folder, "logs.db", "log")
    assert found(folder, ONE_BASE, "") == ["file", "file"]


def test_a_module_whose_file_is_no_python_any_more_is_passed_over(folder: Path) -> None:
    """It was imported, and its file is being edited."""
    make(folder, "shop.db", "lamp", "log")
    edits = "    import pathlib; pathlib.Path('edited.py').write_text('create_all ession def (')\n"
    write(folder, {"edited.py": "", "shop.py": ONE_BASE + "    import edited\n" + edits})
    report = diagnose("shop")
    assert report.problem == "" and {each.problem for each in report.engines} == {""}
