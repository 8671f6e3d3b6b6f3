"""`no such table` in memory, and what threads meet: had, told, cured."""

from __future__ import annotations

import os
import sqlite3
import threading
import warnings
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from bitten import Row, first_look, in_thread
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool

from helpers import LiveServer
from helpers.look import pool_log
from helpers.sample import Base, Item

MakeEngine = Callable[..., Engine]
MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"


def names(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Item.name)))


def test_own_thread(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://")
    Base.metadata.create_all(engine)
    assert names(engine) == []
    with row.fails():
        in_thread(lambda: names(engine))
    url, pool = row.tells(engine=engine)
    assert (str(url), pool) == ("sqlite://", "SingletonThreadPool")
    row.cured_by("sqlite:///shop.db", MEMDB)
    for url in (f"sqlite:///{tmp_path}/shop.db", MEMDB):
        engine = make_engine(url)
        with engine.connect():  # the one connection held open
            Base.metadata.create_all(engine)
            assert in_thread(partial(names, engine)) == []


def test_disposed(row: Row, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://")
    Base.metadata.create_all(engine)
    told = [row.tells(engine=engine)]
    engine.dispose()
    assert [*told, row.tells(engine=engine)] == [["item"], []]
    with row.fails():
        names(engine)
    engine = make_engine("sqlite://", poolclass=NullPool)
    Base.metadata.create_all(engine)
    assert row.tells(engine=engine) == []
    row.cured_by("keeper = engine.connect()", "vfs=memdb")
    engine = make_engine(MEMDB, poolclass=NullPool)
    with engine.connect():
        Base.metadata.create_all(engine)
        engine.dispose()
        assert names(engine) == []


def test_plain_sqlite3(row: Row, tmp_path: Path) -> None:
    for name in (":memory:", str(tmp_path / "shop.db"), "file:/shop?vfs=memdb"):
        with closing(sqlite3.connect(name, uri=True)) as connection:
            with row.fails():
                in_thread(partial(connection.execute, "SELECT 1"))
            assert row.tells() != in_thread(lambda: row.tells())
    path = tmp_path / "shop.db"
    row.cured_by("with closing(sqlite3.connect(path)) as connection:")

    def ask() -> list[tuple[int]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT 1").fetchall()

    assert in_thread(ask) == [(1,)]


def test_first_look_of_sqlite3(tmp_path: Path) -> None:
    """It says which file, and which tables."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE item (name TEXT)")
        [(_, _, file)], tables = eval(first_look("sqlite3"), {"connection": connection})
        assert Path(file).samefile(tmp_path / "shop.db") and tables == [("item",)]


def test_pool_not_fit(row: Row, make_engine: MakeEngine) -> None:
    url = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"
    engine = make_engine(url, poolclass=QueuePool)
    with pool_log():
        engine.connect().close()
        with row.fails():
            in_thread(lambda: names(engine))
    assert row.tells(engine=engine) == "QueuePool"
    row.cured_by("Leave `poolclass` out", "vfs=memdb")
    engine = make_engine(MEMDB)
    with engine.connect():
        Base.metadata.create_all(engine)
        assert in_thread(lambda: names(engine)) == []


def test_session_handed_on(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.connection()
        with row.fails(), pool_log():
            in_thread(lambda: list(session.scalars(select(Item.name))))
        assert row.tells(session=session) == "SingletonThreadPool"
        with pool_log():
            session.invalidate()
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    row.cured_by("with Session(engine) as session:")
    assert in_thread(lambda: names(engine)) == []


def test_pool_dropped(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://", pool_size=1)
    Base.metadata.create_all(engine)
    with pool_log() as lines:
        in_thread(lambda: engine.connect().close())
    assert row.symptom.message in str(lines[0]["message"])
    assert row.tells(engine=engine) == "SingletonThreadPool"
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    with pool_log() as lines:
        in_thread(lambda: engine.connect().close())
        in_thread(engine.dispose)
    assert lines == []


def test_closed_in_use(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://", pool_size=1, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.connection()
        in_thread(lambda: engine.connect().close())
        with row.fails(), pool_log():
            session.scalars(select(Item.name)).all()
        with pool_log():
            session.invalidate()
    assert row.tells(engine=engine) == "SingletonThreadPool"
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.connection()
        in_thread(lambda: engine.connect().close())
        assert session.scalars(select(Item.name)).all() == []


def make_app(engine: Engine, told: list[str], row: Row) -> Flask:
    app = Flask("shop")

    @app.get("/items")
    def items() -> list[str]:
        told.append(row.tells())
        return names(engine)

    return app


def test_test_client(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    told: list[str] = []
    engine = make_engine("sqlite://")
    Base.metadata.create_all(engine)
    app = make_app(engine, told, row)
    assert app.test_client().get("/items").status_code == 200
    with LiveServer(app) as server:
        assert server.get("/items").status_code == 500
    assert told[0] == threading.current_thread().name != told[1]
    row.cured_by("One test that serves the app")
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    with LiveServer(make_app(engine, told, row)) as server:
        assert server.get("/items").status_code == 200


def test_some_requests(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    told: list[str] = []
    engine = make_engine("sqlite://")
    app = make_app(engine, told, row)

    @app.get("/create")
    def create() -> str:
        Base.metadata.create_all(engine)
        return ""

    with LiveServer(app, threads=4) as server:
        assert server.get("/create").status_code == 200
        served = [server.get("/items").status_code for _ in range(8)]
    assert served == [500, 500, 500, 200] * 2
    assert told[3] == told[7] and told.count(told[3]) == 2
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    with LiveServer(make_app(engine, told, row), threads=4) as server:
        assert {server.get("/items").status_code for _ in range(8)} == {200}


def test_odd_file(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # SQLAlchemy 2.1 warns, 2.0 does not
            engine = make_engine("sqlite:///file:shop?cache=shared", poolclass=QueuePool)
            engine.connect().close()
        assert row.tells(folder=tmp_path) == ["file:shop"]
        os.remove("file:shop")
        row.cured_by(MEMDB)
        make_engine(MEMDB).connect().close()
        assert row.tells(folder=tmp_path) == []
