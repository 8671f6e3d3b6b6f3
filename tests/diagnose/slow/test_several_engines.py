"""Several engines without an extension: what is in their databases tells whose the models are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
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


OTHER = """
    from sqlalchemy import text
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS other (id)"))
"""


@pytest.mark.parametrize("log", ["LogBase.metadata.create_all(log_engine)", ""])
def test_a_file_with_other_tables_misses_what_no_engine_has(log: str, folder: Path) -> None:
    """Whether the second file has its tables or is not there yet; the cure makes the right one."""
    rest = OTHER.strip() + f"\n    {log}"
    assert found(folder, FILES, rest) == {
        "shop.engine": "tables-missing",
        "shop.log_engine": "file",
    }
    [one, two] = diagnose("shop").engines
    assert one.tables.missing == (["lamp"] if log else ["lamp", "log"])
    assert one.findings[0].sentence.startswith("The database has other; your models also name lamp")
    assert one.findings[0].cures[0].lines == ["Lamp.metadata.create_all(engine)"]
    assert (diagnose("shop").exit_status, two.verdict) == (1, "safe")


def test_an_app_that_fails_for_a_missing_table_has_no_safe_engine_for_it(folder: Path) -> None:
    """The function that was called raises the error; the report says where the table is."""
    with closing(sqlite3.connect(folder / "old.db")) as connection:
        connection.execute("CREATE TABLE lamp (id)")
    lamps = """
    LogBase.metadata.create_all(log_engine)
    def lamps():
        return sessionmaker(engine)().query(Lamp).all()
"""
    found(folder, FILES, OTHER.strip() + lamps)
    report = diagnose("shop:lamps")
    assert "no such table: lamp" in report.problem
    assert (findings(report), report.exit_status) == (["tables-elsewhere", "file"], 1)


def test_models_without_a_database_may_belong_to_each_engine(folder: Path) -> None:
    """A third base, where both engines have models of their own: neither is called safe."""
    third = """
    class Rug(declarative_base()):
        __tablename__ = "rug"
        id = Column(Integer, primary_key=True)
"""
    both = "Base.metadata.create_all(engine); LogBase.metadata.create_all(log_engine)"
    assert set(found(folder, FILES, both + third).values()) == {"tables-missing"}
    [one, two] = diagnose("shop").engines
    assert (one.tables.missing, two.tables.missing) == (["rug"], ["rug"])
    assert one.findings[0].cures[0].lines == ["Rug.metadata.create_all(engine)"]


def test_models_of_an_engine_that_cannot_be_read_are_not_missing(folder: Path) -> None:
    """They may be on the server."""
    pytest.importorskip("psycopg")
    server = 'log_engine = create_engine("postgresql+psycopg://localhost/log")'
    rest = OTHER.strip() + f"\n    {server}"
    assert set(found(folder, FILES, rest).values()) == {"file", "server"}


def test_a_second_file_that_is_not_there_yet_is_no_fault(folder: Path) -> None:
    """What is in the first one is nobody else's."""
    both = "Base.metadata.create_all(engine); LogBase.metadata.create_all(engine)"
    assert found(folder, FILES, both) == {"shop.engine": "file", "shop.log_engine": "file"}


def test_two_engines_in_memory_are_two_databases(folder: Path) -> None:
    """The app's and the test's: the tables were made in one of them."""
    both = "Base.metadata.create_all(log_engine); LogBase.metadata.create_all(log_engine)"
    assert found(folder, IN_MEMORY, both) == {
        "shop.engine": "two-engines",
        "shop.log_engine": "one-connection",
    }
    [finding] = diagnose("shop").engines[0].findings
    assert "shop.log_engine gets lamp" in finding.sentence
    path, *lines = finding.cures[0].lines
    assert path == "from pathlib import Path"
    url = "f\"sqlite:///{Path(__file__).with_name('shop.db')}\""
    assert lines == [
        "# shop.engine",
        f"engine = create_engine({url})",
        "# shop.log_engine",
        f"log_engine = create_engine({url})",
    ]


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
    (folder / "shop.db").unlink()
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        connection.execute("CREATE TABLE other (id)")
    rest = rest.partition("    Base.metadata")[0]
    assert sorted(found(folder, FILES, rest.strip()).values()) == ["file", "tables-missing"]


def test_a_file_without_tables_is_no_safe_target(folder: Path) -> None:
    """It is what somebody with the error would name."""
    with closing(sqlite3.connect(folder / "shop.db")):
        pass
    assert findings(diagnose("shop.db")) == ["no-tables"]
