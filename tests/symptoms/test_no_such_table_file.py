"""`no such table` on a file: each cause of README is had, told, and cured."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bitten import MODULES, Row, first_look, row_of
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

MakeEngine = Callable[..., Engine]


def make_model(base: type[DeclarativeBase]) -> Any:
    class Item(base):  # type: ignore[misc, valid-type]
        __tablename__ = "item"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    return Item


def make_base() -> type[DeclarativeBase]:
    class Base(DeclarativeBase):
        pass

    return Base


def names(engine: Engine, model: Any) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(model.name)))


def make_app(folder: Path, **config: Any) -> tuple[Flask, SQLAlchemy, Any]:
    app = Flask("shop", instance_path=str(folder / "instance"))
    app.config.update(config)
    db = SQLAlchemy()

    class Item(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String)

    return app, db, Item


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file, in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    return "sqlite:///shop.db"


def test_never_made(row: Row, url: str, make_engine: MakeEngine) -> None:
    base, engine = make_base(), make_engine(url)
    model = make_model(base)
    with row.fails():
        names(engine, model)
    assert row.tells(engine=engine) == []
    row.cured_by("create_all()")
    base.metadata.create_all(engine)
    assert names(engine, model) == []


def test_never_made_with_plain_sqlite3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path, and another folder: README's first look leads to the row, and that mends."""
    row, make = row_of("never_made"), "CREATE TABLE IF NOT EXISTS item (name TEXT)"
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute(make)
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path / "tests")
    with closing(sqlite3.connect("shop.db")) as connection:
        with row.fails():
            connection.execute("SELECT name FROM item")
        look = first_look("sqlite3")
        files, tables = eval(look, {"connection": connection})
        assert files[0][2] == str(tmp_path / "tests" / "shop.db") and tables == []
        row.cured_by("in `sqlite3` `CREATE TABLE`")
        connection.execute(make)
        assert connection.execute("SELECT name FROM item").fetchall() == []


def test_first_look_of_sqlalchemy(url: str, make_engine: MakeEngine) -> None:
    """It says which database, and which tables."""
    base, engine = make_base(), make_engine(url)
    make_model(base)
    base.metadata.create_all(engine)
    assert eval(first_look("SQLAlchemy"), MODULES | {"engine": engine}) == (engine.url, ["item"])


def test_imported_late(row: Row, url: str, make_engine: MakeEngine) -> None:
    base, engine = make_base(), make_engine(url)
    told = row.tells(Base=base)
    base.metadata.create_all(engine)
    model = make_model(base)  # the import of the module with the models
    assert "item" not in told
    with row.fails():
        names(engine, model)
    base.metadata.create_all(engine)
    assert names(engine, model) == []


def test_two_files(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    app, db, item = make_app(tmp_path, SQLALCHEMY_DATABASE_URI=url)
    db.init_app(app)
    script = make_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    db.metadata.create_all(script)
    with app.app_context():
        with row.fails():
            db.session.scalars(select(item.name)).all()
        assert row.tells(engine=db.engine) == str(tmp_path / "instance" / "shop.db")
        assert row.tells(engine=script) == str(tmp_path / "shop.db")
        row.cured_by("use `db.engine` inside `app.app_context()`")
        db.metadata.create_all(db.engine)
        assert db.session.scalars(select(item.name)).all() == []
        db.session.remove()
        db.engine.dispose()
    program = str(tmp_path / "elsewhere" / "shop.py")
    absolute = eval(row.cause.cure.split("`")[1], {"Path": Path, "__file__": program})
    assert make_engine(absolute).url.database == f"{tmp_path.as_posix()}/elsewhere/shop.db"


def test_migration_elsewhere(
    row: Row, url: str, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make_base()
    model = make_model(base)
    app_engine = make_engine(url)
    os.mkdir("migrations")
    monkeypatch.chdir("migrations")
    migration = make_engine("sqlite:///shop.db")  # as alembic.ini has it
    base.metadata.create_all(migration)
    monkeypatch.chdir("..")
    files = set()
    with row.fails():
        names(app_engine, model)
    for engine in (app_engine, migration):
        with engine.connect() as connection:
            files.add(row.tells(connection=connection))
    assert len(files) == 2
    base.metadata.create_all(make_engine(app_engine.url))
    assert names(app_engine, model) == []


def test_url_too_late(row: Row, tmp_path: Path, url: str) -> None:
    app, db, item = make_app(tmp_path, SQLALCHEMY_DATABASE_URI="sqlite:///real.db")
    db.init_app(app)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    with app.app_context():
        with row.fails():
            db.session.scalars(select(item.name)).all()
        assert row.tells(db=db).database.endswith("real.db")
        db.session.remove()
        db.engine.dispose()
    app, db, item = make_app(tmp_path, SQLALCHEMY_DATABASE_URI=url)
    row.cured_by("sets the URL, then calls `db.init_app(app)`")
    db.init_app(app)
    with app.app_context():
        assert row.tells(db=db).database.endswith("shop.db")
        db.create_all()
        assert db.session.scalars(select(item.name)).all() == []
        db.session.remove()
        db.engine.dispose()


def test_other_base(row: Row, url: str, make_engine: MakeEngine) -> None:
    base, engine = make_base(), make_engine(url)
    model = make_model(make_base())
    base.metadata.create_all(engine)
    with row.fails():
        names(engine, model)
    assert row.tells(Item=model, Base=base) is False
    model = make_model(base)
    assert row.tells(Item=model, Base=base) is True
    base.metadata.create_all(engine)
    assert names(engine, model) == []


def test_other_engine(row: Row, url: str, make_engine: MakeEngine) -> None:
    base, engine, other = make_base(), make_engine(url), make_engine("sqlite:///other.db")
    model = make_model(base)
    base.metadata.create_all(engine)
    with Session(engine, binds={model: other}) as session:
        with row.fails():
            session.scalars(select(model.name)).all()
        assert row.tells(session=session, Item=model) == other.url != engine.url
        row.cured_by("Base.metadata.create_all(session.get_bind(Item))")
        base.metadata.create_all(session.get_bind(model))
        assert session.scalars(select(model.name)).all() == []


def test_file_gone(row: Row, url: str, make_engine: MakeEngine) -> None:
    base, engine = make_base(), make_engine(url)
    model = make_model(base)
    base.metadata.create_all(engine)
    Path("shop.db").write_bytes(b"")  # emptied; as deleted or replaced for a new connection
    with row.fails():
        names(engine, model)
    assert row.tells(engine=engine) == 0
    base.metadata.create_all(engine)
    row.cured_by("engine.dispose()")
    engine.dispose()
    assert names(engine, model) == []


def test_at_import(
    row: Row, tmp_path: Path, url: str, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, engine = make_base(), make_engine(url)
    model = make_model(base)
    asks = "names(engine, model)"
    monkeypatch.syspath_prepend(tmp_path)
    given = {"names": names, "engine": engine, "model": model}
    monkeypatch.setattr("builtins.given", given, raising=False)
    (tmp_path / "shop_forms.py").write_text(f"globals().update(given)\nchoices = {asks}\n")

    def error_of(program: str) -> Exception:
        code = compile(program, "app.py", "exec")
        with pytest.raises(Exception, match="no such table") as caught:
            exec(code, given | {"__name__": "__main__"})
        return caught.value

    error = error_of("import shop_forms")
    with row.fails():
        raise error
    assert [name for name in row.tells(error=error) if name != "__main__"] == ["shop_forms"]
    plain = error_of(f"def main(): {asks}\nmain()")
    assert set(row.tells(error=plain)) == {"__main__"}
    later = dict(given)
    exec(f"def choices(): return {asks}", later)
    base.metadata.create_all(engine)
    assert later["choices"]() == []


def test_other_name(row: Row, tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
    db = SQLAlchemy(app)

    class ShopItem(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)

    with app.app_context():
        db.create_all()
        with row.fails(), db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT id FROM item")
        assert row.tells(engine=db.engine) == ["shop_item"]
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT id FROM {ShopItem.__tablename__}")
        db.engine.dispose()


def test_old_table(row: Row, url: str, make_engine: MakeEngine) -> None:
    old = make_base()
    make_model(old)
    alter = "ALTER TABLE item ADD COLUMN price INTEGER"
    row.cured_by(alter, "delete the file, then `create_all()`")
    for by_hand in (True, False):
        engine = make_engine(url)
        old.metadata.create_all(engine)
        new = make_priced(engine)
        with row.fails(), Session(engine) as session:
            session.scalars(select(new.price)).all()
        written = row.cause.why.split("`")[-2]
        with pytest.raises(Exception, match=written), Session(engine) as session:
            session.add(new(price=7))
            session.flush()
        assert "price" not in row.tells(engine=engine)
        if by_hand:
            with engine.begin() as connection:
                connection.exec_driver_sql(alter)
        engine.dispose()
        if not by_hand:
            os.remove("shop.db")
            new.metadata.create_all(engine)
        assert "price" in row.tells(engine=engine)
        with Session(engine) as session:
            assert session.scalars(select(new.price)).all() == []
        engine.dispose()
        os.remove("shop.db")


def make_priced(engine: Engine) -> Any:
    """The model of today: the table has a price; ``create_all`` changes nothing about it."""
    base = make_base()

    class Item(base):  # type: ignore[misc, valid-type]
        __tablename__ = "item"
        id: Mapped[int] = mapped_column(primary_key=True)
        price: Mapped[int]

    base.metadata.create_all(engine)
    return Item


def test_file_of_an_earlier_run(
    row: Row, url: str, make_engine: MakeEngine, tmp_path: Path
) -> None:
    engine = make_engine(url)
    assert row.tells(engine=engine) is False
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE item (id INTEGER)")
    engine.dispose()
    make, ask = (
        "CREATE TABLE IF NOT EXISTS item (id INTEGER, price INTEGER)",
        "item.price FROM item",
    )
    assert row.tells(engine=make_engine(url)) is True
    with engine.begin() as connection:
        connection.exec_driver_sql(make)
        with row.fails():
            connection.exec_driver_sql(f"SELECT {ask}")
    [cured] = [each for each in row.cause.cure.split("`") if "create_engine" in each]
    engine = eval(cured, {"create_engine": make_engine, "tmp_path": tmp_path})
    assert row.tells(engine=engine) is False
    with engine.begin() as connection:
        connection.exec_driver_sql(make)
        assert connection.exec_driver_sql(f"SELECT {ask}").all() == []
