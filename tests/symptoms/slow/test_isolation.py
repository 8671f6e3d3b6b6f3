"""Tests that don't isolate: had, told, cured. pytest runs in a process of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from bitten import Row, run_tests
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from helpers.sample import ANY_THREAD, Base, Item

MakeEngine = Callable[..., Engine]
FIT = {"poolclass": QueuePool, "connect_args": ANY_THREAD}
ROLLBACK = """
import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.orm import sessionmaker
from helpers.sample import Base, Item

@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    engine = create_engine(URL or f"sqlite:///{tmp_path_factory.mktemp('db')}/test.db")
    LISTENERS
    with engine.connect():
        Base.metadata.create_all(engine)
        yield engine
    engine.dispose()

@pytest.fixture
def session(engine):
    with engine.connect() as connection:
        transaction = connection.begin()
        make = sessionmaker(connection, join_transaction_mode="create_savepoint")
        with make() as session:
            yield session
        transaction.rollback()

@pytest.mark.parametrize("number", [1, 2])
def test_add_a_lamp(session, number):
    assert session.query(Item).count() == 0
    session.add(Item(name="lamp"))
    session.commit()
"""
LISTENERS = """
    @event.listens_for(engine, "connect")
    def driver_begins_nothing(connection, record):
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN")
"""


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///file:///t?vfs=memdb&uri=true"])
def test_rollback_fixture(row: Row, tmp_path: Path, make_engine: MakeEngine, url: str) -> None:
    tests = ROLLBACK.replace("URL", repr(url))
    assert "1 failed, 1 passed" in run_tests(tmp_path, tests.replace("LISTENERS", ""))
    with make_engine("sqlite://").connect() as connection:
        assert row.tells(connection=connection) == ""
    row.cured_by("`connect` sets `isolation_level = None`, `begin` sends `BEGIN`")
    assert "2 passed" in run_tests(tmp_path, tests.replace("LISTENERS", LISTENERS))


def test_one_file_for_all(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers in turns, on one file: what each test makes and drops, the other one has."""
    url = f"sqlite:///{tmp_path}/test.db"
    said = []

    def a_test(worker: str, url: str, halfway: threading.Barrier, drops: bool) -> None:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        halfway.wait(timeout=10)
        if drops:
            Base.metadata.drop_all(engine)  # this worker's test is over
        halfway.wait(timeout=10)
        try:
            with Session(engine) as session:
                session.scalars(select(Item.name)).all()
            said.append(f"{worker} passed")
        except Exception as error:  # noqa: BLE001
            said.append(f"{worker} {str(error).splitlines()[0]}")
        engine.dispose()

    def two_workers(urls: dict[str, str]) -> list[str]:
        said.clear()
        barrier = threading.Barrier(2)
        workers = [
            threading.Thread(target=a_test, args=(name, url, barrier, name == "gw1"))
            for name, url in urls.items()
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sorted(said)

    Base.metadata.create_all(engine := create_engine(url))
    engine.dispose()
    assert "no such table: item" in two_workers({"gw0": url, "gw1": url})[0]
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert row.tells(engine=engine) == ("gw0", engine.url)
    row.cured_by('create_engine(f"sqlite:///{tmp_path}/test.db")')
    each = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("gw0", "gw1")}
    assert two_workers(each)[0] == "gw0 passed"


def test_one_name_for_all_tests(make_engine: MakeEngine) -> None:
    """A fixed name in memory: the second test sees the first one's table, as nobody disposed."""
    name = "sqlite:///file:TEST?mode=memory&cache=shared&uri=true"
    first = make_engine(name, **FIT)
    Base.metadata.create_all(first)
    first.connect().close()  # back in the pool, and open
    second = make_engine(name, **FIT)
    with second.connect() as connection:
        assert second.dialect.has_table(connection, "item")
    other = make_engine(name.replace("TEST", "OTHER"), **FIT)
    with other.connect() as connection:
        assert not other.dialect.has_table(connection, "item")


@pytest.mark.skipif(os.name == "nt", reason="Windows doesn't delete a file that is open.")
def test_a_file_deleted_between_two_tests(tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/test.db")
    for number in (1, 2):
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add(Item(name=f"lamp {number}"))
        os.unlink(tmp_path / "test.db")
        engine.dispose()  # without it: attempt to write a readonly database
