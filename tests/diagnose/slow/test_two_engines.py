"""Engines in memory that are two databases: the cause is said, and its cure mends all of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from diagnosing import FOLDER, findings, write

from helpers.diagnose import Cure, Finding, diagnose

MODELS = """
    from sqlalchemy import Column, Integer, create_engine
    from sqlalchemy.orm import Session, declarative_base, sessionmaker
    Base = declarative_base()
    class Lamp(Base):
        __tablename__ = "lamp"
        id = Column(Integer, primary_key=True)
"""
ENGINE = """
    engine = create_engine("sqlite://")
"""
MAKES = """
    def init():
        Base.metadata.create_all(engine)
"""
READS = """
    from db import *
    import db
    engine = create_engine("sqlite://", connect_args={"timeout": 9})
    def count():
        with Session(engine) as session:
            return session.query(Lamp).count()
"""
FIXTURE = """
    from pytest import fixture
    from db import *
    @fixture
    def made():
        engine = create_engine("sqlite:///:memory:")
        yield engine
        engine.dispose()
    @fixture
    def tables(made):
        Base.metadata.create_all(made)
    def test_it(tables):
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor() as threads, Session(engine) as session:
            assert threads.submit(session.query(Lamp).count).result() == 0
"""
METHOD = """
    from db import *
    class Store:
        def open(self, in_memory):
            if in_memory:
                self.engine = create_engine("sqlite:///:memory:")
            return Session(self.engine)
        def load(self):
            session = self.open(True)
            Base.metadata.create_all(self.engine)
            session.add(Lamp())
            session.commit()
            session.close()
            return self.open(True)
    store = Store()
    store.load().close()
    def count():
        with store.open(True) as session:
            return session.query(Lamp).count()
"""
COUNT = """
    from concurrent.futures import ThreadPoolExecutor
    from shop import *
    db.init()
    with ThreadPoolExecutor() as threads:
        assert threads.submit(count).result() == 0
"""


def two_engines(target: str, other: str) -> Finding:
    """The only finding of the first engine, and that it names the other one."""
    [finding] = diagnose(target).engines[0].findings
    assert (finding.id, finding.notebook) == ("two-engines", "12")
    assert f"own database: {other} gets lamp" in finding.sentence
    assert finding.message == "OperationalError: no such table: lamp"
    return finding


def paste(folder: Path, cure: Cure, files: dict[str, str], old: dict[str, str]) -> None:
    """Write an app with the lines of a cure in the places that its comments name."""
    new: dict[str, list[str]] = {name: [] for name in old}
    name = next(iter(old))
    for line in cure.lines:
        name = line[2:] if line[2:] in old else name
        new[name] += [line] * (line[2:] not in old)
    written = dict(files)
    for name, line in old.items():
        for file, code in files.items():
            if line in code:
                indent = re.search(rf"^( *).*{re.escape(line)}", code, re.MULTILINE)
                assert indent
                lines = [each for each in new[name] if not re.match("import|from|keeper", each)]
                others = [each for each in new[name] if each not in lines]
                text = f"\n{indent[1]}".join(lines)
                head = "".join(f"    {each}\n" for each in others)
                written[file] = f"\n{head}" + written[file].replace(line, text)
    write(folder, written)


def ran(folder: Path, *arguments: str) -> None:
    """Run the app in a process of its own."""
    done = subprocess.run(
        [sys.executable, *arguments], check=False, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_modules_with_an_engine_each(folder: Path) -> None:
    """One makes the tables when it is told to; the sessions are on the other one."""
    files = {"db.py": MODELS + ENGINE + MAKES, "shop.py": READS, "count.py": COUNT}
    write(folder, files)
    old = {"shop.engine": READS.splitlines()[3].strip(), "db.engine": ENGINE.strip()}
    cures = two_engines("shop", "db.engine").cures
    for cure in cures:
        paste(folder, cure, files, old)
        assert "timeout" in (folder / "shop.py").read_text(encoding="utf-8")
        ran(folder, "count.py")
        report = diagnose("shop")
        assert report.safe, report
    assert len(cures) == 2


@pytest.mark.parametrize("first", [0, 1], ids=["file", "memory"])
def test_two_modules_are_mended_one_after_the_other(first: int, folder: Path) -> None:
    """Once the other one has a place, the cure is that place, and no third one."""
    one = MODELS + ENGINE + "    Base.metadata.create_all(engine)\n"
    files = {"db.py": one, "shop.py": READS, "count.py": COUNT.replace("db.init()", "")}
    write(folder, files)
    mine, other = diagnose("shop").engines
    assert (mine.name, other.name) == ("shop.engine", "db.engine")
    old = {"shop.engine": READS.splitlines()[3].strip(), "db.engine": ENGINE.strip()}
    lines = ["# db.engine", *other.findings[-1].cures[first].lines]
    paste(folder, Cure("", lines), {"db.py": one}, {"db.engine": old["db.engine"]})
    files["db.py"] = (folder / "db.py").read_text(encoding="utf-8")
    [cure] = two_engines("shop", "db.engine").cures
    assert "the URL of db.engine" in cure.where
    paste(folder, cure, files, {"shop.engine": old["shop.engine"]})
    ran(folder, "count.py")
    report = diagnose("shop")
    assert report.safe, report


PRODUCTION = """
    from db import *
    engine = create_engine("sqlite:///shop.db")
    Local = sessionmaker(engine)
    def count():
        with Local() as session:
            return session.query(Lamp).count()
"""
CONFTEST = """
    from shop import *
    # paste
    engine = create_engine("sqlite://")
    # here
    Base.metadata.create_all(engine)
    # end
"""
TEST = """
    import conftest, shop
    from concurrent.futures import ThreadPoolExecutor
    def test_count():
        with ThreadPoolExecutor() as threads:
            assert threads.submit(shop.count).result() == 0
"""


@pytest.mark.parametrize("empty", [True, False], ids=["an empty file", "no file yet"])
def test_an_engine_of_the_tests_that_the_app_never_sees(empty: bool, folder: Path) -> None:
    """The tests make their tables in memory, and the app's sessions stay on its own file."""
    files = {"db.py": MODELS, "shop.py": PRODUCTION, "tests/conftest.py": CONFTEST}
    write(folder, {**files, "tests/test_count.py": TEST, "shop.db": ""})
    if not empty:
        (folder / "shop.db").unlink()
    reports = {each.name: each for each in diagnose("tests/conftest.py").engines}
    [finding] = reports["shop.engine"].findings
    assert finding.id == "two-engines"
    assert "Each engine has its own database: conftest.engine gets lamp" in finding.sentence
    [handed] = finding.cures
    for cure in reports["conftest.engine"].findings[0].cures:
        code = CONFTEST.replace('engine = create_engine("sqlite://")', "\n    ".join(cure.lines))
        code = code.replace("# here", "\n    ".join(handed.lines))
        write(folder, {"tests/conftest.py": code})
        ran(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
        report = diagnose("tests/conftest.py")
        assert report.safe, report


def test_in_the_process_of_a_test_the_code_tells(folder: Path) -> None:
    """Memory is not read there, since others may be at work on it."""
    files = {"db.py": MODELS + ENGINE + MAKES, "shop.py": READS}
    check = "import shop, sys\nsys.path.insert(0, sys.argv[1])\nimport diagnose\n"
    check += "[first, *_] = diagnose.diagnose(shop).findings\nassert first.id == 'two-engines'"
    write(folder, {**files, "check.py": check})
    ran(folder, "check.py", str(FOLDER.parent))


def test_the_tables_that_are_there_already(folder: Path) -> None:
    """As they are made while the app is imported."""
    write(folder, {"db.py": MODELS + ENGINE + MAKES, "shop.py": READS + "    db.init()\n"})
    two_engines("shop", "db.engine")
    assert findings(diagnose("shop")) == ["two-engines", "own-thread"]


def test_an_engine_of_a_fixture(folder: Path) -> None:
    """The models' tables are made by it alone; the app has its own engine."""
    files = {"db.py": MODELS + ENGINE, "test_shop.py": FIXTURE}
    named = "    import config" + FIXTURE.replace('"sqlite:///:memory:"', "config.url")
    write(
        folder,
        {**files, "config.py": "url = 'sqlite://'", "test_shop.py": named},
    )
    two_engines("test_shop", "the one of made() (test_shop.py:6)")
    write(folder, files)
    other = "made() (test_shop.py:6)"
    finding = two_engines("test_shop", f"the one of {other}")
    old = {"db.engine": ENGINE.strip(), other: 'create_engine("sqlite:///:memory:")'}
    for cure in finding.cures:
        paste(folder, cure, files, old)
        ran(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
        report = diagnose("test_shop")
        assert report.safe, report


def test_an_engine_that_a_method_replaces(folder: Path) -> None:
    """One finding, with a cure that ends both: the next call, and the next thread."""
    files = {"db.py": MODELS, "shop.py": METHOD}
    write(folder, files)
    [finding] = diagnose("shop").findings
    assert (finding.id, finding.notebook) == ("engine-each-call", "12")
    assert "Each call of shop:Store.open makes another engine" in finding.sentence
    old = {"": 'create_engine("sqlite:///:memory:")'}
    for cure in finding.cures:
        paste(folder, cure, files, old)
        ran(folder, "-c", "import shop; assert shop.count() == 1")
        report = diagnose("shop")
        assert report.safe, report


GUARDS = {
    "a test": "if not hasattr(self, 'engine'):",
    "an early return": "if 'engine' in vars(self): return Session(self.engine)\n            if 1:",
}


@pytest.mark.parametrize("guard", GUARDS)
def test_an_engine_that_is_made_once_is_another_trap(guard: str, folder: Path) -> None:
    """The method looks whether it is there."""
    code = METHOD.replace("if in_memory:", GUARDS[guard])
    write(folder, {"db.py": MODELS, "shop.py": code})
    assert findings(diagnose("shop")) == ["own-thread"]


INI = "[alembic]\nscript_location = %(here)s/scripts\nsqlalchemy.url = {url}\n"
ENV = "engine = engine_from_config(config.get_section(config.config_ini_section))\n"


def test_an_engine_of_the_migrations(folder: Path) -> None:
    """``alembic.ini`` names memory, too; the cure is for both places."""
    files = {"shop.py": MODELS + ENGINE, "scripts/env.py": ENV}
    write(folder, {**files, "alembic.ini": INI.format(url="sqlite://")})
    [finding] = diagnose("shop").findings
    assert (finding.id, finding.message[-4:]) == ("two-engines", "lamp")
    assert "the one of alembic.ini gets what migrations make" in finding.sentence
    [cure] = finding.cures
    ini, place = cure.lines.pop(), cure.lines.pop()
    assert place == "# alembic.ini"
    paste(folder, cure, files, {"shop.engine": ENGINE.strip()})
    path = ini.partition("sqlite:///")[2]
    write(folder, {"alembic.ini": INI.format(url=f"sqlite:///{path}")})
    ran(folder, "-c", "import shop; shop.Base.metadata.create_all(shop.engine)")
    report = diagnose("shop")
    assert report.safe, report
    assert report.engines[0].opens == path


@pytest.mark.parametrize(
    "ini", ["sqlite:///shop.db", "postgresql://localhost/shop"], ids=["a file", "a server"]
)
def test_migrations_of_another_kind_are_not_the_cause(ini: str, folder: Path) -> None:
    """Memory may be for the tests, which make their tables."""
    files = {"shop.py": MODELS + ENGINE, "scripts/env.py": ENV}
    write(folder, {**files, "alembic.ini": INI.format(url=ini)})
    assert findings(diagnose("shop")) == ["own-thread"]
    write(folder, {"alembic.ini": INI.format(url="sqlite://")})
    write(folder, {"scripts/env.py": ENV + "given = config.attributes['connection']\n"})
    assert findings(diagnose("shop")) == ["own-thread"]


OF_FLASK = """
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from sqlalchemy import create_engine
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    class Lamp(db.Model):
        id = db.Column(db.Integer, primary_key=True)
    engine = create_engine("sqlite://")
    db.metadata.create_all(engine)
    def count():
        with app.app_context():
            return db.session.query(Lamp).count()
"""
ASYNC = (
    MODELS
    + """
    import asyncio
    from sqlalchemy.ext.asyncio import create_async_engine, async_sessionmaker
    sync_engine = create_engine("sqlite://")
    engine = create_async_engine("sqlite+aiosqlite://")
    Base.metadata.create_all(sync_engine)
    async def counting():
        async with async_sessionmaker(engine)() as session:
            return await session.run_sync(lambda sync: sync.query(Lamp).count())
    def count():
        return asyncio.run(counting())
"""
)
OTHERS = {
    OF_FLASK: {
        "shop:app.extensions['sqlalchemy']": 'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"',
        "shop.engine": 'engine = create_engine("sqlite://")',
    },
    ASYNC: {
        "shop.engine": 'engine = create_async_engine("sqlite+aiosqlite://")',
        "shop.sync_engine": 'sync_engine = create_engine("sqlite://")',
    },
}


@pytest.mark.parametrize("code", OTHERS, ids=["of Flask-SQLAlchemy", "asynchronous"])
def test_one_of_two_engines_may_be_of_another_kind(code: str, folder: Path) -> None:
    """The tables are made on the plain one; each keeps its own way to be written."""
    pytest.importorskip("aiosqlite")
    write(folder, {"shop.py": code})
    [finding] = [each for each in diagnose("shop").findings if each.id == "two-engines"]
    for cure in finding.cures:
        paste(folder, cure, {"shop.py": code}, OTHERS[code])
        ran(folder, "-c", "import shop; assert shop.count() == 0")
        report = diagnose("shop")
        assert report.safe, report


TESTS = """
    from db import *
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    Testing = sessionmaker(engine)
"""
HEALTHY = {
    "each has its tables": TESTS + "    import db; db.init()\n",
    "the tests have an engine of their own": TESTS,
    "a function is given the engine": FIXTURE.replace("@fixture", ""),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_two_engines_may_be_two_databases(name: str, folder: Path) -> None:
    """For the tests and for the app: what the code does not tell is not said."""
    write(folder, {"db.py": MODELS + ENGINE + MAKES, "shop.py": HEALTHY[name]})
    assert "two-engines" not in " ".join(findings(diagnose("shop")))
