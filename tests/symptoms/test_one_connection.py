"""What belongs to one connection, on a file as well: had, told, cured by a listener."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bitten import Row
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

MakeEngine = Callable[..., Engine]
TEMPORARY = "CREATE TEMP TABLE item (name TEXT)"


@pytest.fixture
def engine(tmp_path: Path, make_engine: MakeEngine) -> Engine:
    """A file, and the pool that SQLAlchemy chooses for it."""
    return make_engine(f"sqlite:///{tmp_path}/shop.db")


def driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def run(connection: Connection, sql: str) -> list[Any]:
    result = connection.exec_driver_sql(sql)
    return list(result.all()) if result.returns_rows else []


def run_on_two(engine: Engine, sql: str) -> list[list[Any]]:
    """What two connections answer that are out at once."""
    with engine.connect() as first, engine.connect() as second:
        return [run(each, sql) for each in (first, second)]


def kept_on_one_connection(engine: Engine, by_session: bool) -> list[Any]:
    """The rows that are there after a session has committed beside a temporary table."""
    engine.dispose()  # and with it all temporary tables
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS sale")
        connection.exec_driver_sql("CREATE TABLE sale (name TEXT)")
    with engine.connect() as connection, Session(connection) as session:
        (session if by_session else connection).execute(text(TEMPORARY))
        session.execute(text("INSERT INTO item VALUES ('lamp')"))
        session.execute(text("INSERT INTO sale SELECT name FROM item"))
        session.commit()
        session.execute(text("SELECT name FROM item"))
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM sale")).scalars())


def test_temporary_table(row: Row, engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as here, engine.connect() as there:
        run(here, TEMPORARY)
        driver(here).execute("ATTACH ? AS archive", [str(tmp_path / "archive.db")])
        run(here, "CREATE TABLE archive.item (name TEXT)")
        with row.fails():
            run(there, "SELECT name FROM item")
        with pytest.raises(Exception, match="no such table: archive.item"):
            run(there, "SELECT name FROM archive.item")
        (mine, my_files), (others, their_files) = (
            row.tells(connection=connection) for connection in (here, there)
        )
        assert mine == [("item",)] and others == []
        assert [name for _, name, _ in my_files] == ["main", "temp", "archive"]
        assert [name for _, name, _ in their_files] == ["main", "temp"]
        assert my_files[0] == their_files[0] == (0, "main", engine.url.database)
    row.cured_by("with engine.connect() as connection, Session(connection) as session:")
    row.cured_by('make it with `session.execute(text("CREATE TEMP TABLE …"))`')
    assert kept_on_one_connection(engine, by_session=True) == ["lamp"]
    assert kept_on_one_connection(engine, by_session=False) == []
    engine.dispose()
    row.cured_by('@event.listens_for(engine, "connect")')

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, record: object) -> None:
        connection.execute(TEMPORARY)

    assert run_on_two(engine, "SELECT name FROM item") == [[], []]


def test_function_of_one_connection(row: Row, engine: Engine) -> None:
    def slug(name: str) -> str:
        return name.lower()

    ask = "SELECT slug('LAMP')"
    with engine.connect() as here, engine.connect() as there:
        driver(here).create_function("slug", 1, slug)
        assert run(here, ask) == [("lamp",)]
        with row.fails():
            run(there, ask)
        assert row.tells(connection=here) > 0 == row.tells(connection=there)
        driver(here).create_collation("by_length", lambda a, b: len(a) - len(b))
        with pytest.raises(Exception, match="no such collation sequence"):
            run(there, "SELECT 'a' AS name ORDER BY name COLLATE by_length")
    engine.dispose()
    _, code = row.cause.cure.split(" above `")
    code = code.rstrip("`.")
    row.cured_by('@event.listens_for(engine, "connect")')
    names: dict[str, Any] = {"slug": slug}
    exec(code, names)
    event.listen(engine, "connect", names["connect"])
    assert run_on_two(engine, ask) == [[("lamp",)], [("lamp",)]]


def test_pragma_of_one_connection(row: Row, engine: Engine) -> None:
    with engine.begin() as connection:
        run(connection, "CREATE TABLE shop (id INTEGER PRIMARY KEY)")
        run(connection, "CREATE TABLE item (shop INTEGER REFERENCES shop)")
    stray = "INSERT INTO item VALUES (7)"
    with engine.connect() as here, engine.connect() as there:
        run(here, "PRAGMA foreign_keys=ON")
        assert [row.tells(connection=each) for each in (here, there)] == [1, 0]
        with pytest.raises(Exception, match="FOREIGN KEY constraint failed"):
            run(here, stray)
        here.rollback()
        run(there, stray)  # and nothing is said
        there.rollback()
        run(here, "PRAGMA journal_mode=WAL")
        run(here, "PRAGMA user_version=3")
    engine.dispose()
    assert run_on_two(engine, "PRAGMA journal_mode") == [[("wal",)]] * 2
    assert run_on_two(engine, "PRAGMA user_version") == [[(3,)]] * 2
    engine.dispose()
    code = row.cause.cure.split("`")[3]
    names: dict[str, Any] = {}
    exec(code, names)
    row.cured_by('@event.listens_for(engine, "connect")')
    event.listen(engine, "connect", names["connect"])
    assert run_on_two(engine, "PRAGMA foreign_keys") == [[(1,)]] * 2
    with engine.connect() as connection, pytest.raises(Exception, match="FOREIGN KEY"):
        run(connection, stray)
