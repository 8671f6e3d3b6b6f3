"""Tables that were made twice, half, or before the model: had, told, cured.

The SQL is what Alembic sends: it isn't among the lesson's dependencies.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bitten import Row, row_of
from sqlalchemy import Connection, Engine, event, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

MakeEngine = Callable[..., Engine]
VERSIONS = "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"
STAMP = "INSERT INTO alembic_version VALUES ('1')"  # what `flask db stamp` does
FIRST = ["CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"]
UNIQUE = [
    "CREATE TABLE _alembic_tmp_item (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    "INSERT INTO _alembic_tmp_item SELECT * FROM item",
    "DROP TABLE item",
    "ALTER TABLE _alembic_tmp_item RENAME TO item",
]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.db"


def migrate(engine: Engine, *statements: str) -> None:
    """A migration, as Alembic runs it: in one transaction, or so it says."""
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def run_first(engine: Engine) -> None:
    """The first migration, if no revision is noted."""
    migrate(engine, VERSIONS)
    with engine.connect() as connection:
        done = connection.exec_driver_sql("SELECT * FROM alembic_version").all()
    if not done:
        migrate(engine, *FIRST, STAMP)


def fill(engine: Engine, *names: str) -> None:
    for name in names:
        migrate(engine, f"INSERT INTO item (name) VALUES ('{name}')")


def names(engine: Engine, table: str = "item") -> list[Any]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(f"SELECT name FROM {table}").scalars())


def test_newer_model(row: Row, url: str, make_engine: MakeEngine) -> None:
    class Base(DeclarativeBase):
        pass

    class Shop(Base):
        __tablename__ = "shop"
        id: Mapped[int] = mapped_column(primary_key=True)

    engine = make_engine(url)
    Base.metadata.create_all(engine)
    assert row.tells(Base=Base, engine=engine) == []

    class Item(Base):  # today
        __tablename__ = "item"
        id: Mapped[int] = mapped_column(primary_key=True)

    with Session(engine) as session, row.fails():
        session.scalars(select(Item)).all()
    assert row.tells(Base=Base, engine=engine) == ["item"]
    row.cured_by("Base.metadata.create_all(engine)", "flask db upgrade")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        assert session.scalars(select(Item)).all() == []


def test_made_before_migration(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)
    migrate(engine, *FIRST)  # `create_all`
    fill(engine, "lamp")
    with row.fails():
        run_first(engine)
    with engine.connect() as connection:
        assert row.tells(connection=connection) == []
    row.cured_by("flask db stamp head", "alembic stamp head")
    migrate(engine, STAMP)
    run_first(engine)
    assert names(engine) == ["lamp"]


def fails_half_way(engine: Engine) -> list[str]:
    """The tables that stay where the data doesn't fit the migration."""
    migrate(engine, *FIRST)
    fill(engine, "lamp", "lamp")
    with pytest.raises(Exception, match="UNIQUE constraint failed: _alembic_tmp_item.name"):
        migrate(engine, *UNIQUE)
    return inspect(engine).get_table_names()


def test_half_migrated(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)
    assert fails_half_way(engine) == row.tells(engine=engine) == ["_alembic_tmp_item", "item"]
    with pytest.raises(Exception, match="table _alembic_tmp_item already exists"):
        migrate(engine, *UNIQUE)
    assert row.symptom.message.endswith(" already exists")
    drop = "DROP TABLE _alembic_tmp_item"
    row.cured_by(f"Only where `item` is still there: `{drop}`")
    migrate(engine, drop, "DELETE FROM item WHERE id = 2")
    migrate(engine, *UNIQUE)
    assert inspect(engine).get_table_names() == ["item"] and names(engine) == ["lamp"]


def test_half_migrated_and_the_old_table_is_gone(url: str, make_engine: MakeEngine) -> None:
    """Each statement for itself, up to the last: the rows are in the leftover alone."""
    engine = make_engine(url)
    migrate(engine, *FIRST)
    fill(engine, "lamp")
    migrate(engine, *UNIQUE[:-1])
    assert names(engine, "_alembic_tmp_item") == ["lamp"]
    rename = UNIQUE[-1]
    row_of("half_migrated").cured_by(f"the leftover has its rows: `{rename}`")
    migrate(engine, rename)
    assert names(engine) == ["lamp"]


def test_two_listeners_take_a_migration_back(url: str, make_engine: MakeEngine) -> None:
    """SQLite's `CREATE TABLE` belongs to a transaction; the driver begins none for it."""
    row_of("half_migrated").cured_by(
        "`connect` sets `isolation_level = None`, `begin` sends `BEGIN`"
    )
    engine = make_engine(url)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    assert fails_half_way(engine) == ["item"]


def test_column_again(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)
    run_first(engine)
    fill(engine, "lamp")
    price = "ALTER TABLE item ADD COLUMN price INTEGER"
    with pytest.raises(Exception, match="no such table: shop"):
        migrate(engine, price, "ALTER TABLE shop ADD COLUMN owner TEXT")
    with row.fails():
        migrate(engine, price)
    with engine.connect() as connection:
        assert row.tells(connection=connection) == [("1",)]
    row.cured_by("with its own revision: `flask db stamp 1a2b`", "then `flask db upgrade`")
    row.cured_by("take out of the migration what is there already")
    migrate(engine, "UPDATE item SET price = 9")
    migrate(engine, "CREATE TABLE shop (id INTEGER)", "ALTER TABLE shop ADD COLUMN owner TEXT")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT price FROM item").all() == [(9,)]
    assert names(engine) == ["lamp"]
