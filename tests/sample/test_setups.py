"""The set-ups: what each is, who sees its rows, and what is left of it."""

from __future__ import annotations

import copy
import gc
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from helpers.learn import clean_up
from helpers.look import describe_error
from helpers.sample import Base, Item, Setup, make_flask_sqlalchemy_shop, setups
from helpers.step import StepConnection, StepPool

SQLITE = [setup for setup in setups.values() if setup.name != "postgresql"]
NO_TABLE = "OperationalError: no such table: item"

# The pool, and how many of two items another thread finds.
PLAIN = {
    "default": ("StaticPool", "2"),
    "plain": ("SingletonThreadPool", NO_TABLE),
    "trap": ("SingletonThreadPool", NO_TABLE),
    "no thread check": ("SingletonThreadPool", NO_TABLE),
    "bootstrap": ("SingletonThreadPool", "0"),
    "file": ("QueuePool", "2"),
    "wal": ("QueuePool", "2"),
    "memdb": ("QueuePool", "2"),
    "shared cache": ("QueuePool", "2"),
    "pool of one": ("QueuePool", "2"),
}
FLASK_SQLALCHEMY = PLAIN | {"plain": ("StaticPool", "2"), "no thread check": ("StaticPool", "2")}

# A connection that only its thread may close ends with its pool, unclosed: that is the trap.
trap_debris = pytest.mark.filterwarnings(
    "ignore:unclosed database:ResourceWarning",
    "ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning",
)
each_sqlite = pytest.mark.parametrize("setup", SQLITE, ids=lambda setup: setup.name)
each_sqlite_in_threads = pytest.mark.parametrize(
    "setup",
    [
        pytest.param(setup, marks=[trap_debris] * (PLAIN[setup.name][0] == "SingletonThreadPool"))
        for setup in SQLITE
    ],
    ids=lambda setup: setup.name,
)


def add_two_items(engine: Engine) -> None:
    """Make the tables and two items."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Item(name="lamp"), Item(name="sofa")])
        session.commit()


def count(engine: Engine) -> str:
    """How many items there are, or the error."""
    try:
        with Session(engine) as session:
            return str(session.scalar(select(func.count()).select_from(Item)))
    except SQLAlchemyError as error:
        return describe_error(error)


def in_thread(function: Callable[[], str]) -> str:
    """What a function returns in a thread of its own."""
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_each_set_up_is_described_under_its_name() -> None:
    """The sentence ends with a full stop, and nothing is missing from the tables above."""
    assert all(setups[name].name == name for name in setups)
    assert all(setup.about.endswith(".") for setup in setups.values())
    assert [*PLAIN, "postgresql"] == list(setups)


def pool_and_count(engine: Engine) -> tuple[str, str]:
    """Make two items; then the kind of pool, and how many another thread finds."""
    add_two_items(engine)
    assert count(engine) == "2"
    return type(engine.pool).__name__, in_thread(lambda: count(engine))


def pool_and_count_with_plain_sqlalchemy(setup: Setup, folder: Path) -> tuple[str, str]:
    """Look at the engine that the set-up makes."""
    with setup.engine(folder) as engine:
        return pool_and_count(engine)


def pool_and_count_with_flask_sqlalchemy(setup: Setup, folder: Path) -> tuple[str, str]:
    """Look at the engine that Flask-SQLAlchemy makes from URL and options."""
    with setup.database(folder) as url:
        engine = make_flask_sqlalchemy_shop(url, **setup.options).engine
        setup.prepare(engine)
        try:
            return pool_and_count(engine)
        finally:
            clean_up()  # as a notebook does


@pytest.fixture
def no_records(caplog: pytest.LogCaptureFixture) -> None:
    """Let pytest record nothing of the pool: a record would keep a connection alive."""
    caplog.set_level(logging.CRITICAL, "sqlalchemy.pool")


@each_sqlite_in_threads
@pytest.mark.usefixtures("no_records")
def test_who_sees_the_rows_with_plain_sqlalchemy(setup: Setup, tmp_path: Path) -> None:
    """The thread that wrote them does, and in some set-ups another one."""
    seen = pool_and_count_with_plain_sqlalchemy(setup, tmp_path)
    gc.collect()

    assert seen == PLAIN[setup.name]


@each_sqlite_in_threads
@pytest.mark.usefixtures("no_records")
def test_who_sees_the_rows_with_flask_sqlalchemy(setup: Setup, tmp_path: Path) -> None:
    """The URL and the options are all that it needs, and it changes neither."""
    before = copy.deepcopy(dict(setup.options))

    seen = pool_and_count_with_flask_sqlalchemy(setup, tmp_path)
    gc.collect()

    assert seen == FLASK_SQLALCHEMY[setup.name]
    assert setup.options == before


@each_sqlite
def test_a_set_up_is_new_each_time(setup: Setup, tmp_path: Path) -> None:
    """Two at once share nothing, and a later one finds nothing."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    with setup.engine(first) as engine:
        add_two_items(engine)
        with setup.engine(second) as other:
            Base.metadata.create_all(other)
            assert count(other) == "0"
        assert count(engine) == "2"
    with setup.engine(second) as engine:
        Base.metadata.create_all(engine)
        assert count(engine) == "0"


@each_sqlite
def test_only_a_file_leaves_files_and_only_in_the_folder(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left where the lesson runs, not even a file called :memory:."""
    folder, here = tmp_path / "folder", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)

    with setup.engine(folder) as engine:
        add_two_items(engine)

    assert [path.name for path in folder.iterdir()] == ["shop.db"] * setup.url.endswith("shop.db")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", [setup.name for setup in SQLITE if setup.keep_alive])
def test_a_database_that_is_kept_alive_ends_with_the_block(name: str, tmp_path: Path) -> None:
    """It outlives all connections of its engine, and is gone when the block ends."""
    with setups[name].engine(tmp_path) as engine:
        add_two_items(engine)
        engine.dispose()
        assert count(engine) == "2"

    assert count(engine) == NO_TABLE
    engine.dispose()


def test_wal_is_on_in_each_connection(tmp_path: Path) -> None:
    """The mode stays with the file, the setting of synchronous with the connection."""
    normal = 1  # https://www.sqlite.org/pragma.html#pragma_synchronous
    with (
        setups["wal"].engine(tmp_path) as engine,
        engine.connect() as first,
        engine.connect() as second,
    ):
        for connection in (first, second):
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == normal


def test_a_pool_of_one_has_one(tmp_path: Path) -> None:
    """A second connection at the same time is refused after the timeout."""
    with (
        setups["pool of one"].stepped().engine(tmp_path) as engine,
        engine.connect(),
        pytest.raises(SQLAlchemyError, match="QueuePool limit of size 1 overflow 0 reached"),
    ):
        engine.connect()


@each_sqlite
def test_a_stepped_set_up_is_the_same_and_does_not_wait(setup: Setup, tmp_path: Path) -> None:
    """The URL stays, and locks are reported instead of waited for."""
    before = copy.deepcopy(dict(setup.options))
    stepped = setup.stepped()

    assert stepped.url == setup.url
    assert setup.options == before
    with stepped.engine(tmp_path) as engine, engine.connect() as connection:
        assert isinstance(connection.connection.dbapi_connection, StepConnection)
        assert isinstance(engine.pool, StepPool) == (setup.options.get("poolclass") is QueuePool)


def test_two_writers_that_are_not_stepped_still_get_their_error(tmp_path: Path) -> None:
    """Outside a schedule, a stepped connection fails at once, as a timeout of 0 does."""
    with setups["file"].stepped().engine(tmp_path) as engine:
        add_two_items(engine)
        with Session(engine) as first, Session(engine) as second:
            first.add(Item(name="rug"))
            first.flush()
            second.add(Item(name="bed"))
            with pytest.raises(OperationalError, match="database is locked"):
                second.flush()


def test_an_unknown_name_is_refused_with_the_names() -> None:
    """One sentence says what there is."""
    with pytest.raises(KeyError) as caught:
        setups["memory"]

    assert caught.value.args[0] == (
        "There is no set-up 'memory': the names are default, plain, trap, no thread check,"
        " bootstrap, file, wal, memdb, shared cache, pool of one, postgresql."
    )


def test_postgresql_needs_a_server(tmp_path: Path) -> None:
    """Its URL is given later; until then one sentence says how."""
    with (
        pytest.raises(ValueError, match="The set-up 'postgresql' has no server yet: name one"),
        setups["postgresql"].engine(tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://shop:secret@localhost/shop", "postgresql+psycopg:///shop?host=/run"],
)
def test_postgresql_takes_the_url_of_a_server(url: str, tmp_path: Path) -> None:
    """The password stays in it, and stepping changes nothing."""
    setup = setups["postgresql"].at(url)

    with setup.database(tmp_path) as given:
        assert given.replace("%2F", "/") == url
    assert setup.stepped() == setup


def test_a_server_that_has_ended_is_told_so(tmp_path: Path) -> None:
    """In one sentence, with what to do; its socket was in a folder that is gone."""
    url = "postgresql+psycopg://postgres@/postgres?host=/nowhere/at/all"
    sentence = r"'postgresql' has ended, .*: start one again, in the cell with PostgresServer\(\)"

    with (
        pytest.raises(RuntimeError, match=sentence),
        setups["postgresql"].at(url).engine(tmp_path),
    ):
        pass
