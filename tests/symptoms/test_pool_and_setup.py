"""The connection pool, URLs, setup and files: had, told, cured."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from bitten import Row, in_thread
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, inspect, make_url, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import QueuePool

from helpers.sample import ANY_THREAD, Base, Item

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


def test_deleted_in_use(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)

    def add() -> None:
        with Session(engine) as session, session.begin():
            session.add(Item(name="lamp"))

    Base.metadata.create_all(engine)
    add()
    if os.name == "nt":
        pytest.skip("Windows doesn't delete a file that is open.")
    os.unlink(tmp_path / "shop.db")
    with row.fails():
        add()
    assert row.tells(engine=engine) is False
    row.cured_by("`engine.dispose()` first, then delete, then `create_all()`")
    engine.dispose()
    Base.metadata.create_all(engine)
    add()


def test_not_writable(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    Base.metadata.create_all(make_engine(url))
    engine = make_engine(f"sqlite:///file:{tmp_path}/shop.db?mode=ro&uri=true", poolclass=QueuePool)
    with row.fails(), Session(engine) as session, session.begin():
        session.add(Item(name="lamp"))
    (tmp_path / "shop.db").chmod(0o400)
    if os.name == "posix" and os.geteuid() == 0:  # root may write anything
        row.looked = True
    else:
        assert row.tells(engine=make_engine(url)) is False
    (tmp_path / "shop.db").chmod(0o600)
    row.cured_by("take `mode=ro` out")
    with Session(make_engine(url)) as session, session.begin():
        session.add(Item(name="lamp"))


def test_no_folder(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    folder = tmp_path / "data"
    engine = make_engine(f"sqlite:///{folder}/shop.db")
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine) is False
    row.cured_by("os.makedirs(folder, exist_ok=True)")
    os.makedirs(folder, exist_ok=True)
    engine.connect().close()


def test_is_a_folder(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    (tmp_path / "shop.db").mkdir()
    engine = make_engine(url)
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine) is True
    (tmp_path / "shop.db").rmdir()
    engine.connect().close()


def test_folder_not_writable(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        row.looked = True
        pytest.skip("root may write anywhere, and Windows has other rights.")
    tmp_path.chmod(0o500)
    try:
        engine = make_engine(url)
        with row.fails():
            engine.connect()
        assert row.tells(engine=engine) is False
    finally:
        tmp_path.chmod(0o700)
    engine.connect().close()


def test_not_a_database(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    (tmp_path / "shop.db").write_text("version https://git-lfs.github.com/spec/v1\n" * 20)
    engine = make_engine(url)
    with row.fails(), engine.connect() as connection:
        connection.exec_driver_sql("SELECT name FROM item")
    assert row.tells(engine=engine) != b"SQLite format 3"
    other = make_engine(f"sqlite:///{tmp_path}/other.db")
    Base.metadata.create_all(other)
    assert row.tells(engine=other) == b"SQLite format 3"


def test_two_slashes(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with row.fails():
        create_engine("sqlite://shop.db").connect()
    assert row.tells(url="sqlite://shop.db") == 2
    row.cured_by("sqlite:///shop.db", "sqlite:////srv/shop.db")
    assert make_url("sqlite:///shop.db").database == "shop.db"
    assert make_url("sqlite:////srv/shop.db").database == "/srv/shop.db"


def test_no_scheme(row: Row) -> None:
    for url in ("shop.db", ""):
        with row.fails():
            create_engine(url)
        assert "sqlite:///" not in row.tells(url=url)
    assert make_url(f"sqlite:///{'shop.db'}").database == "shop.db"


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


def test_no_memdb(row: Row) -> None:
    with row.fails():  # as an older SQLite answers to the right name
        sqlite3.connect("file:/shop?vfs=memdbx", uri=True)
    assert row.tells() == sqlite3.sqlite_version
    sqlite3.connect("file:/shop?vfs=memdb", uri=True).close()


def test_authority(row: Row, make_engine: MakeEngine) -> None:
    options = {"poolclass": QueuePool, "connect_args": ANY_THREAD}
    engine = make_engine("sqlite:///file://shop/?mode=memory&uri=true", **options)
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine).startswith("file://shop")
    row.cured_by("file:///shop")
    make_engine("sqlite:///file:///shop?mode=memory&uri=true", **options).connect().close()


WARNS = pytest.mark.skipif(sqlalchemy.__version__ < "2.1", reason="SQLAlchemy warns from 2.1 on.")


@WARNS
def test_no_uri_true(row: Row, make_engine: MakeEngine) -> None:
    with row.fails():  # a warning is an error here
        make_engine("sqlite:///:memory:?cache=shared").connect()
    assert row.tells(engine=make_engine("sqlite:///:memory:")) is False
    row.cured_by("sqlite:///file:///shop?vfs=memdb&uri=true")
    engine = make_engine("sqlite:///file:///shop?vfs=memdb&uri=true")
    assert row.tells(engine=engine) is True
    engine.connect().close()


@WARNS
def test_pool_of_memory(row: Row, make_engine: MakeEngine) -> None:
    url = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"
    with row.fails():
        make_engine(url)
    with pytest.warns(sqlalchemy.exc.SADeprecationWarning):
        engine = make_engine(url)
    assert row.tells(engine=engine) == "SingletonThreadPool"
    row.cured_by('poolclass=QueuePool, connect_args={"check_same_thread": False}')
    engine = make_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})
    for cured in (engine, make_engine("sqlite:///file:///shop?vfs=memdb&uri=true")):
        with cured.connect():
            Base.metadata.create_all(cured)
            assert in_thread(inspect(cured).get_table_names) == ["item"]


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
