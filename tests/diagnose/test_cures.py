"""Each cure is pasted into its app: then diagnose says safe, and another thread finds the row."""

from __future__ import annotations

import gc
import importlib.util
import sqlite3
import sys
import textwrap
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from diagnosing import MEMDB, NAMED, mostly_slow, write
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InvalidRequestError, OperationalError
from sqlalchemy.orm import Session

from helpers.diagnose import Cure, Report, diagnose

PLAIN = """
from sqlalchemy import create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool
# paste
{engine}
# here
class Base(DeclarativeBase):
    pass
class Lamp(Base):
    __tablename__ = "lamp"
    id: Mapped[int] = mapped_column(primary_key=True)
def fill():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Lamp())
        session.commit()
def count():
    with Session(engine) as session:
        return session.query(Lamp).count()
"""
FLASK = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import QueuePool, SingletonThreadPool, StaticPool
app, db = Flask(__name__, instance_path={folder!r}), SQLAlchemy()
{config}
# paste
# here
db.init_app(app)
class Lamp(db.Model):
    __bind_key__ = {bind!r}
    id = db.Column(db.Integer, primary_key=True)
def fill():
    with app.app_context():
        db.create_all()
        db.session.add(Lamp())
        db.session.commit()
def count():
    with app.app_context():
        return db.session.query(Lamp).count()
"""
ASYNC = """
import asyncio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
# paste
engine = create_async_engine("sqlite+aiosqlite://")
# here
class Base(DeclarativeBase):
    pass
class Lamp(Base):
    __tablename__ = "lamp"
    id: Mapped[int] = mapped_column(primary_key=True)
async def filling():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        session.add(Lamp())
        await session.commit()
    await engine.dispose()
async def counting():
    async with AsyncSession(engine) as session:
        rows = await session.scalar(select(func.count()).select_from(Lamp))
    await engine.dispose()
    return rows
def fill():
    asyncio.run(filling())
def count():
    return asyncio.run(counting())
"""
SQLITE3 = """
import contextlib, sqlite3
# paste
connection = sqlite3.connect({database!r}{options})
# here
{rest}
"""
KEEPER = "keeper = engine.connect()"
OFF = 'connect_args={"check_same_thread": False, "timeout": 9}'
APPS = {
    "own-thread": 'engine = create_engine("sqlite://")',
    "thread-check-off": f'engine = create_engine("sqlite://", {OFF})',
    "own-connection": 'engine = create_engine("sqlite://", poolclass=NullPool)',
    "one-connection": f'engine = create_engine("sqlite://", poolclass=StaticPool, {OFF})',
    "other-thread-refused": 'engine = create_engine("sqlite://", poolclass=StaticPool)',
    "name-not-shared": 'engine = create_engine("sqlite:///file:shop?vfs=memdb&uri=true")',
    "no-keeper": f'engine = create_engine("{MEMDB}", poolclass=NullPool)',
    "odd-file": 'engine = create_engine("sqlite:///file::memory:?cache=shared")',
    "odd-file ": 'engine = create_engine("sqlite:///:MEMORY:")',
    "dirty-reads": (
        f'engine = create_engine("{NAMED}", poolclass=QueuePool, {OFF},'
        ' isolation_level="READ UNCOMMITTED")\nkeeper = engine.connect()'
    ),
    "other-thread-refused ": (
        f'engine = create_engine("{NAMED}", poolclass=QueuePool)\nkeeper = engine.connect()'
    ),
    "one-connection ": f'engine = create_engine("sqlite:///shop.db", poolclass=StaticPool, {OFF})',
    "one-connection-a-thread": (
        'engine = create_engine("sqlite:///shop.db", poolclass=SingletonThreadPool)'
    ),
    "other-thread-refused  ": (
        'engine = create_engine("sqlite:///shop.db",'
        ' connect_args={"check_same_thread": True, "timeout": 9})'
    ),
}


@pytest.fixture(autouse=True)
def no_module_stays() -> Iterator[None]:
    """The next app has the same name; engines of the last one are closed."""
    yield
    module = sys.modules.pop("shop", None)
    if module:
        close(module)
    if module and hasattr(module, "app"):
        with module.app.app_context():
            for engine in module.db.engines.values():
                engine.dispose()
    del module
    gc.collect()


def load(folder: Path, source: str) -> ModuleType:
    """Write an app, and import it."""
    sys.modules.pop("shop", None)
    write(folder, {"shop.py": source})
    spec = importlib.util.spec_from_file_location("shop", folder / "shop.py")
    assert spec and spec.loader
    sys.modules["shop"] = module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


def paste(source: str, cure: Cure, keep: str = "") -> str:
    """Put the lines of a cure in the place of the app's own."""
    start, _, rest = source.partition("# paste\n")
    own, _, end = rest.partition("# here\n")
    return start + keep.format(own=own) + "\n".join(cure.lines) + "\n" + end


def seen_by_a_thread(module: ModuleType) -> Any:
    """What another thread counts."""
    counted: list[Any] = []

    def count() -> None:
        try:
            counted.append(module.count())
        except Exception as error:  # noqa: BLE001 - it is what is to be seen
            counted.append(error)

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    return counted[0]


def cured(folder: Path, source: str, id: str, keep: str = "", fill: bool = True) -> Report:
    """Find what is wrong with an app, then paste each cure and look again."""
    module = load(folder, source)
    report = diagnose(getattr(module, "app", module))
    assert [finding.id for finding in report.findings][:1] == [id], report
    close(module)
    cures = report.findings[0].cures
    assert cures
    for cure in cures:
        for file in folder.glob("*.db" if fill else "none"):
            file.unlink()
        module = load(folder, paste(source, cure, keep))
        if fill:
            module.fill()
        again = diagnose(getattr(module, "app", module))
        assert again.safe, f"{cure}\n{again}"
        assert seen_by_a_thread(module) == 1, cure
        close(module)
    return report


def close(module: ModuleType) -> None:
    """Close what an app has opened at its top level."""
    for value in list(vars(module).values()):
        if isinstance(value, (Connection, sqlite3.Connection)):
            value.close()
        elif isinstance(value, Engine):
            value.dispose()


@pytest.mark.parametrize("name", mostly_slow(APPS, [*APPS][::3]))
def test_the_cure_of_an_engine_can_be_pasted(name: str, folder: Path) -> None:
    """Into the app that the finding is from, whatever the engine was."""
    source = PLAIN.format(engine=APPS[name])
    keep = "{own}" if name == "no-keeper" else ""
    if "keeper =" in APPS[name]:
        source = source.replace(f"{KEEPER}\n# here", f"# here\n{KEEPER}")
    report = cured(folder, source, name.strip(), keep)
    if "timeout" in APPS[name]:
        assert all("timeout" in "".join(cure.lines) for cure in report.findings[0].cures)


def second_writer(module: ModuleType, commit_first: bool) -> str:
    """What a thread gets that writes while this one has written: its error, or nothing."""
    errors = [""]
    starts, ends = threading.Event(), threading.Event()

    def write_beside() -> None:
        starts.set()
        try:
            with Session(module.engine) as session:
                session.add(module.Lamp())
                session.commit()
        except OperationalError as error:
            errors.append(str(error.orig))
        ends.set()

    thread = threading.Thread(target=write_beside)
    with Session(module.engine) as session:
        session.add(module.Lamp())
        session.flush()
        thread.start()
        (starts if commit_first else ends).wait()
        session.commit()
    thread.join()
    return errors[-1]


LOCKED = f'engine = create_engine("{NAMED}", poolclass=QueuePool, {OFF}'
SHARED_CACHE = {
    "dirty-reads": f'{LOCKED}, isolation_level="READ UNCOMMITTED")',
    "other-thread-refused": LOCKED.replace('"check_same_thread": False, ', "") + ")",
}


@pytest.mark.parametrize("id", SHARED_CACHE)
def test_two_writers_of_a_shared_cache_wait_for_each_other_when_it_is_cured(
    id: str, folder: Path
) -> None:
    """Before, the second one gets an error at once, whatever its timeout."""
    source = PLAIN.format(engine=SHARED_CACHE[id]).replace("# here\n", f"# here\n{KEEPER}\n")
    usable = f'engine = create_engine("{NAMED}", {OFF}, poolclass=QueuePool)'
    before = load(folder, paste(source, Cure("", [usable])))
    before.fill()
    assert second_writer(before, commit_first=False).startswith("database table is locked")
    report = diagnose(before)
    assert report.safe
    assert ", a lock is an error at once" in str(report)
    close(before)
    for cure in cured(folder, source, id).findings[0].cures:
        module = load(folder, paste(source, cure))
        module.fill()
        rows = module.count()
        assert second_writer(module, commit_first=True) == ""
        assert module.count() == rows + 2
        [engine] = diagnose(module).engines
        assert "a writer waits for another one: up to `timeout` (9 s)" in " ".join(engine.notes)
        close(module)


SESSIONS = {
    "a session": "session = Session(engine)",
    "sessions on one connection": "connection = engine.connect()\nLocal = sessionmaker(connection)",
}


def lost_row(module: ModuleType) -> str:
    """What is lost when another thread rolls back its session: the row, or even the commit."""
    make = getattr(module, "Local", lambda: module.session)
    mine = make()
    mine.add(module.Lamp())
    mine.flush()
    thread = threading.Thread(target=lambda: (other := make()).connection() and other.rollback())
    thread.start()
    thread.join()
    try:
        mine.commit()
    except InvalidRequestError as error:
        return str(error)
    finally:
        mine.close()
    with Session(module.engine) as session:
        return f"{session.query(module.Lamp).count()} rows"


@pytest.mark.parametrize("name", SESSIONS)
def test_the_cure_of_a_shared_session_can_be_pasted(name: str, folder: Path) -> None:
    """Of a file that is safe; the rollback of another thread takes the row, as is said."""
    *engine, made = ['engine = create_engine("sqlite:///shop.db")', *SESSIONS[name].split("\n")]
    source = PLAIN.replace("import DeclarativeBase,", "import sessionmaker, DeclarativeBase,")
    source = source.replace("# paste\n{engine}", "\n".join(engine) + "\n# paste\n{engine}")
    source = source.format(engine=made)
    module = load(folder, source)
    module.Base.metadata.create_all(module.engine)
    assert lost_row(module) in ("0 rows", "This transaction is inactive")
    close(module)
    module = load(folder, source)
    [finding] = diagnose(module).findings
    assert finding.id == "one-session"
    assert finding.cures[0].lines[-1].endswith("sessionmaker(engine)" + ")" * (name == "a session"))
    close(module)
    [cure] = finding.cures
    module = load(folder, paste(source, cure))
    assert diagnose(module).safe
    assert lost_row(module) == "1 rows"
    close(module)


FLASKS: dict[str, tuple[str, str, str | None]] = {
    "default": ("one-connection", 'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"', None),
    "as documented": (
        "odd-file",
        'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///file::memory:?cache=shared&uri=true"',
        None,
    ),
    "the trap of 2013": (
        "name-not-shared",
        'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///file:/shop?mode=memory&uri=true"\n'
        'options = {"poolclass": SingletonThreadPool, "echo": False}\n'
        'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options',
        None,
    ),
    "a bind": (
        "one-connection",
        'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///other.db"\n'
        'app.config["SQLALCHEMY_BINDS"] = {"stock": "sqlite://"}',
        "stock",
    ),
    "a file": (
        "one-connection",
        'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"\n'
        'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": StaticPool}',
        None,
    ),
}


@pytest.mark.parametrize("name", FLASKS)
def test_the_cure_of_a_configuration_can_be_pasted(name: str, folder: Path) -> None:
    """Below the configuration that there is."""
    id, config, bind = FLASKS[name]
    cured(folder, FLASK.format(config=config, bind=bind, folder=str(folder)), id)


def test_all_binds_get_names_of_their_own(folder: Path) -> None:
    """All cures of one app, pasted together, lead to different files."""
    binds = {"stock": "sqlite://", "shop": "sqlite://"}
    config = f'app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_BINDS={binds})'
    source = FLASK.format(config=config, bind="stock", folder=str(folder))
    report = diagnose(load(folder, source).app)
    for number in (0, 1):
        lines = [line for each in report.findings for line in each.cures[number].lines]
        mine = [line for line in lines if line.startswith(("app.config", "keeper"))]
        assert len({line.partition(" = ")[0] for line in mine}) == 3 + 3 * number
        assert len({line.partition(" = ")[2] for line in mine if ".connect(" in line}) == 3 * number
        module = load(folder, paste(source, Cure("", lines)))
        module.fill()
        with module.app.app_context():
            for engine in module.db.engines.values():
                engine.dispose()
        assert seen_by_a_thread(module) == 1
        assert diagnose(module.app).safe
        close(module)


def test_the_cure_of_an_asynchronous_engine_can_be_pasted(folder: Path) -> None:
    """It is made by another function, and has a keeper that nobody awaits."""
    pytest.importorskip("aiosqlite")
    cured(folder, ASYNC, "one-connection")


CONNECTIONS = {
    "a file": ("shop.db", "", "sqlite3-refused"),
    "a file, unchecked": ("shop.db", ", check_same_thread=False", "sqlite3-one-connection"),
    "memory": (":memory:", "", "sqlite3-refused"),
    "memory, unchecked": (":memory:", ", check_same_thread=False", "sqlite3-one-connection"),
}
BEFORE = "connection.execute('CREATE TABLE IF NOT EXISTS lamp (id)')"
AFTER = """
def fill():
    with contextlib.closing(connect()) as connection, connection:
        connection.execute("CREATE TABLE lamp (id)")
        connection.execute("INSERT INTO lamp VALUES (1)")
def count():
    with contextlib.closing(connect()) as connection, connection:
        return connection.execute("SELECT count(*) FROM lamp").fetchone()[0]
"""


@pytest.mark.parametrize("name", mostly_slow(CONNECTIONS, ["memory"]))
def test_the_cure_of_a_connection_can_be_pasted(name: str, folder: Path) -> None:
    """A function that opens one for each use, and a keeper in memory."""
    database, options, id = CONNECTIONS[name]
    module = load(folder, SQLITE3.format(database=database, options=options, rest=BEFORE))
    report = diagnose(module)
    assert [finding.id for finding in report.findings] == [id]
    close(module)
    assert f"    # {AFTER.splitlines()[2].strip()}" in str(report).splitlines()  # in one piece
    for cure in report.findings[0].cures:
        (folder / "shop.db").unlink(missing_ok=True)
        source = SQLITE3.format(database=database, options=options, rest=AFTER)
        module = load(folder, paste(source, cure))
        module.fill()
        assert seen_by_a_thread(module) == 1
        assert "to mend" not in [engine.verdict for engine in diagnose(module).engines]
        close(module)


LIBRARY = """
from sqlalchemy import create_engine
class JobStore:
    def __init__(self, url=None, prefix="jobs"):
        self.engine = create_engine(url)
"""


def test_a_library_that_takes_a_url_is_told_in_its_own_terms(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader's code never calls ``create_engine``."""
    write(folder, {"site-packages/joblib_of_tests.py": LIBRARY})
    monkeypatch.syspath_prepend(folder / "site-packages")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = load(
        folder, "from joblib_of_tests import JobStore\nstores = {'a': JobStore('sqlite://')}"
    )
    [finding] = diagnose(module).findings
    file, memory = finding.cures
    assert (file.where, file.lines) == (
        "Where your code makes the JobStore",
        ['JobStore(url="sqlite:///shop.db")'],
    )
    assert memory.lines[1] == 'JobStore(url="sqlite:///file:///shop?vfs=memdb&uri=true")'
    sys.modules.pop("joblib_of_tests")


def test_missing_columns_are_added_by_the_statement(folder: Path) -> None:
    """It is SQL, so it is pasted into a shell."""
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        connection.execute("CREATE TABLE lamp (old TEXT)")
    engine = 'engine = create_engine("sqlite:///shop.db")'
    module = load(folder, PLAIN.format(engine=engine))
    report = diagnose(module)
    [finding] = report.findings
    assert (finding.id, finding.message) == (
        "columns-missing",
        "OperationalError: no such column: lamp.id",
    )
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        for line in finding.cures[0].lines:
            connection.execute(line)
    assert diagnose(module).safe
    assert textwrap.dedent("".join(finding.cures[0].lines)).startswith('ALTER TABLE "lamp" ADD')
