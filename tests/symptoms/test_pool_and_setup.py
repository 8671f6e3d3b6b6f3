"""The connection pool, setup and files: had, told, cured."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bitten import Row
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from helpers.sample import Base, Item

MakeEngine = Callable[..., Engine]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file that isn't there yet."""
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.mark.parametrize(
    ("options", "fails_at"), [({}, 16), ({"pool_size": 20, "max_overflow": 40}, 61)]
)
def test_not_closed(
    row: Row, url: str, make_engine: MakeEngine, options: dict[str, int], fails_at: int
) -> None:
    engine = make_engine(url, pool_timeout=0.01, **options)
    kept: list[Session] = []

    def view() -> None:
        kept.append(Session(engine))
        kept[-1].execute(text("SELECT 1"))

    try:
        for _ in range(fails_at - 1):
            view()
        with pytest.raises(Exception, match=r"QueuePool limit of size \d+ overflow \d+ reached"):
            view()
        if not options:
            with row.fails():
                view()
        assert f"Current Checked out connections: {fails_at - 1}" in row.tells(engine=engine)
    finally:
        for session in kept:
            session.close()
    row.cured_by("with Session(engine) as session:")
    for _ in range(100):
        with Session(engine) as session:
            session.execute(text("SELECT 1"))


def test_nested(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect() as connection:
        assert row.tells(engine=engine) == 1
        with row.fails():
            engine.connect()
        assert connection.scalar(text("SELECT 1")) == 1
    engine = make_engine(url)
    with engine.connect(), engine.connect():
        pass


def test_pool_arguments(row: Row, url: str, make_engine: MakeEngine) -> None:
    with row.fails():
        make_engine("sqlite://", max_overflow=1)
    assert row.tells(url="sqlite://") == "SingletonThreadPool"
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 1})
    with row.fails():
        SQLAlchemy(app)
    make_engine(url, pool_size=1, max_overflow=1)


@pytest.mark.filterwarnings(
    "ignore:This declarative base already contains:sqlalchemy.exc.SAWarning"
)
def test_class_again(row: Row) -> None:
    class Base(DeclarativeBase):
        pass

    def cell() -> None:
        class Item(Base):
            __tablename__ = "item"
            id: Mapped[int] = mapped_column(primary_key=True)

    cell()
    with row.fails():
        cell()
    assert row.tells(Base=Base) is True

    class Base(DeclarativeBase):  # type: ignore[no-redef]
        pass

    cell()


def test_script_again(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)

    def script(sql: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(sql)

    script("CREATE TABLE item (name TEXT)")
    with row.fails():
        script("CREATE TABLE item (name TEXT)")
    assert row.tells(engine=engine) == ["item"]
    row.cured_by("CREATE TABLE IF NOT EXISTS", "Base.metadata.create_all(engine)")
    script("CREATE TABLE IF NOT EXISTS item (name TEXT)")
    Base.metadata.create_all(engine)


def test_rows_of_the_test_before(
    row: Row, tmp_path: Path, url: str, make_engine: MakeEngine
) -> None:
    def a_test(engine: Engine) -> Any:
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            told = row.tells(session=session, Item=Item)
            session.add(Item(id=1, name="lamp"))
            session.commit()
        return told

    engine = make_engine(url)
    assert a_test(engine) == 0
    with row.fails():
        a_test(engine)
    with Session(engine) as session:
        assert row.tells(session=session, Item=Item) == 1
    row.cured_by('create_engine(f"sqlite:///{tmp_path}/test.db")')
    assert a_test(make_engine(f"sqlite:///{tmp_path}/test.db")) == 0


def test_not_a_database(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    (tmp_path / "shop.db").write_text("version https://git-lfs.github.com/spec/v1\n" * 20)
    engine = make_engine(url)
    with row.fails(), engine.connect() as connection:
        connection.exec_driver_sql("SELECT name FROM item")
    assert row.tells(engine=engine) != b"SQLite format 3"
    other = make_engine(f"sqlite:///{tmp_path}/other.db")
    Base.metadata.create_all(other)
    assert row.tells(engine=other) == b"SQLite format 3"


def make_app(**config: Any) -> Flask:
    app = Flask("shop")
    app.config.update(config)
    return app


def test_no_uri(row: Row) -> None:
    app = make_app()
    assert row.tells(app=app) is None
    with row.fails():
        SQLAlchemy(app)
    SQLAlchemy(make_app(SQLALCHEMY_DATABASE_URI="sqlite://"))


def test_no_context(row: Row) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    db = SQLAlchemy(app)
    with row.fails():
        db.create_all()
    assert row.tells() is False
    row.cured_by("with app.app_context(): db.create_all()")
    with app.app_context():
        db.create_all()
        db.engine.dispose()


def test_two_dbs(row: Row) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    SQLAlchemy(app)
    db = SQLAlchemy()
    assert row.tells(app=app, db=db) is False
    with app.app_context(), row.fails():
        db.session.execute(select(1))
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    row.cured_by("db.init_app(app)")
    db.init_app(app)
    assert row.tells(app=app, db=db) is True
    with app.app_context():
        assert db.session.scalar(select(1)) == 1
        db.session.remove()
        db.engine.dispose()


def test_registered_twice(row: Row) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    db = SQLAlchemy(app)
    assert row.tells(app=app) is db
    with row.fails():
        db.init_app(app)
    with row.fails():
        SQLAlchemy(app)
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    row.cured_by("`SQLAlchemy()` and one `db.init_app(app)`")
    db = SQLAlchemy()
    assert row.tells(app=app) is None
    db.init_app(app)
    with app.app_context():
        assert db.session.scalar(select(1)) == 1
        db.session.remove()
        db.engine.dispose()


def test_dropped_real(row: Row, tmp_path: Path) -> None:
    def create_app(config: dict[str, str]) -> tuple[Flask, SQLAlchemy]:
        app = Flask("shop", instance_path=str(tmp_path))
        app.config.from_mapping({"SQLALCHEMY_DATABASE_URI": "sqlite:///real.db"} | config)
        db = SQLAlchemy(app)
        db.Table("item", db.Column("name", db.String))
        return app, db

    def tables() -> list[tuple[str]]:
        with closing(sqlite3.connect(tmp_path / "real.db")) as connection:
            return connection.execute("SELECT name FROM sqlite_master").fetchall()

    app, db = create_app({})
    with app.app_context():
        db.create_all()
        assert tables() == [("item",)]
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"  # too late
        assert row.tells(db=db).database == str(tmp_path / "real.db")
        db.drop_all()  # what a test does at its end
        assert tables() == []
        db.create_all()
        db.engine.dispose()
    row.cured_by('create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/test.db"})')
    app, db = create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/test.db"})
    with app.app_context():
        assert "test" in str(row.tells(db=db))
        db.create_all()
        db.drop_all()
        db.engine.dispose()
    assert tables() == [("item",)]
