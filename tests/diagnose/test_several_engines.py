"""Several engines without an extension: what is in their databases tells whose the models are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from diagnosing import findings, write

from helpers.diagnose import diagnose

MODELS = """
    from sqlalchemy import Column, Integer, create_engine
    from sqlalchemy.orm import declarative_base, sessionmaker
    from sqlalchemy.pool import QueuePool, StaticPool
    Base, LogBase = declarative_base(), declarative_base()
    class Lamp(Base):
        __tablename__ = "lamp"
        id = Column(Integer, primary_key=True)
    class Log(LogBase):
        __tablename__ = "log"
        id = Column(Integer, primary_key=True)
    engine = create_engine("{one}", {options})
    log_engine = create_engine("{two}", {options})
"""
FILES = {"one": "sqlite:///shop.db", "two": "sqlite:///log.db", "options": ""}
STATIC = 'poolclass=StaticPool, connect_args={"check_same_thread": False}'
IN_MEMORY = {"one": "sqlite://", "two": "sqlite://", "options": STATIC}


def found(folder: Path, values: dict[str, str], rest: str) -> dict[str, str]:
    """The findings of the module, by the name of the engine."""
    write(folder, {"shop.py": MODELS.format(**values) + f"    {rest}\n"})
    report = diagnose("shop")
    return dict(zip([engine.name for engine in report.engines], findings(report), strict=True))


def test_each_engine_has_the_models_that_are_in_it(folder: Path) -> None:
    """Both are safe: nothing of the one is missing in the other."""
    both = "Base.metadata.create_all(engine); LogBase.metadata.create_all(log_engine)"
    assert found(folder, FILES, both) == {"shop.engine": "file", "shop.log_engine": "file"}
    [one, two] = diagnose("shop").engines
    assert (one.tables.named, two.tables.named) == (["lamp"], ["log"])


def test_an_empty_file_misses_what_no_other_engine_has(folder: Path) -> None:
    """The first request has made it."""
    (folder / "shop.db").touch()
    assert found(folder, FILES, "LogBase.metadata.create_all(log_engine)") == {
        "shop.engine": "tables-missing",
        "shop.log_engine": "file",
    }


def test_tables_that_were_made_through_the_other_engine_are_found(folder: Path) -> None:
    """The app's own file is empty."""
    (folder / "shop.db").touch()
    both = "Base.metadata.create_all(log_engine); LogBase.metadata.create_all(log_engine)"
    assert found(folder, FILES, both) == {
        "shop.engine": "tables-elsewhere",
        "shop.log_engine": "file",
    }


def test_a_second_file_that_is_not_there_yet_is_no_fault(folder: Path) -> None:
    """What is in the first one is nobody else's."""
    both = "Base.metadata.create_all(engine); LogBase.metadata.create_all(engine)"
    assert found(folder, FILES, both) == {"shop.engine": "file", "shop.log_engine": "file"}


def test_two_engines_in_memory_are_two_databases(folder: Path) -> None:
    """The app's and the test's: the tables were made in one of them."""
    both = "Base.metadata.create_all(log_engine); LogBase.metadata.create_all(log_engine)"
    assert found(folder, IN_MEMORY, both) == {
        "shop.engine": "one-connection tables-elsewhere",
        "shop.log_engine": "one-connection",
    }
    [engine, _] = diagnose("shop").engines
    assert "shop.log_engine has lamp" in engine.findings[-1].sentence
    assert engine.findings[-1].cures[0].lines == ["Lamp.metadata.create_all(engine)"]


def test_the_database_of_a_library_needs_none_of_the_models(folder: Path) -> None:
    """A job store has tables of its own, which it makes when it starts."""
    library = "class JobStore:\n    def __init__(self, engine):\n        self.engine = engine\n"
    write(folder, {"site-packages/jobs_of_tests.py": library})
    (folder / "log.db").touch()
    rest = """
    import sys
    sys.path.insert(0, "site-packages")
    from jobs_of_tests import JobStore
    jobs = JobStore(log_engine)
    del log_engine
    Base.metadata.create_all(engine); LogBase.metadata.create_all(engine)
"""
    assert set(found(folder, FILES, rest.strip()).values()) == {"file"}


def test_a_file_without_tables_is_no_safe_target(folder: Path) -> None:
    """It is what somebody with the error would name."""
    with closing(sqlite3.connect(folder / "shop.db")):
        pass
    assert findings(diagnose("shop.db")) == ["no-tables"]
