"""A connection that is closed in use, and what comes after: had, told, cured."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bitten import Row, in_thread, run_program
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from helpers.sample import ANY_THREAD, Base, Item

MakeEngine = Callable[..., Engine]
ONE_CURSOR = """
import os, sqlite3, threading

reads, goes_on = threading.Event(), threading.Event()

def slowly(value):
    print(*(LOOK), sep=", ")
    reads.set()
    goes_on.wait(30)

sqlite3.register_converter("SLOWLY", slowly)
connection = sqlite3.connect(
    ":memory:", check_same_thread=False, detect_types=sqlite3.PARSE_COLNAMES
)
cursor = connection.cursor()
sql = "SELECT 1 AS 'name [SLOWLY]'"
thread = threading.Thread(target=lambda: cursor.execute(sql).fetchall(), daemon=True)
thread.start()
reads.wait(30)
try:
    cursor.execute("SELECT 1")
except sqlite3.ProgrammingError as error:
    print(error)
print(*(LOOK), sep=", ", flush=True)
os._exit(0)
"""


@pytest.fixture
def shared(make_engine: MakeEngine) -> Engine:
    """One connection in memory for all, as Flask-SQLAlchemy makes it, and a table."""
    engine = make_engine("sqlite://", poolclass=StaticPool, connect_args=ANY_THREAD)
    Base.metadata.create_all(engine)
    return engine


def test_closed_by_another(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path, check_same_thread=False)
    told = row.tells(connection=connection)
    connection.close()  # the main program thinks that it is done
    with row.fails():
        in_thread(lambda: connection.execute("SELECT 1"))
    assert in_thread(lambda: row.tells(connection=connection)) == told
    row.cured_by("with closing(sqlite3.connect(path)) as connection:", "thread.join()")

    def ask() -> None:
        with closing(sqlite3.connect(path)) as own:
            results.append(own.execute("SELECT 1").fetchall())

    results: list[object] = []
    in_thread(ask)
    with closing(sqlite3.connect(path, check_same_thread=False)) as connection:
        told = row.tells(connection=connection)
        thread = threading.Thread(
            target=lambda: results.append(connection.execute("SELECT 1").fetchall())
        )
        thread.start()
        thread.join()
    assert results == [[(1,)], [(1,)]]


def test_read_after_close(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE item (name); INSERT INTO item VALUES ('lamp');")
    [returned] = [each for each in row.cause.cure.split("`") if each.startswith("return ")]
    lazy = returned.removesuffix(".fetchall()")
    assert lazy != returned
    each = lazy.replace("return ", "return (row for row in ") + ")"
    for line, kind in ((lazy, "Cursor"), (each, "generator")):
        result = asked(path, line)
        assert row.tells(result=result) == kind and f"`{kind}`" in row.cause.shows
        with row.fails():
            list(result)
    assert asked(path, returned) == [("lamp",)]


def asked(path: Path, line: str) -> Any:
    """What a function returns whose connection ends with this line."""
    body = f"    with closing(sqlite3.connect(path)) as connection:\n        {line}\n"
    names: dict[str, Any] = {"closing": closing, "sqlite3": sqlite3}
    exec(f"def items(path):\n{body}", names)
    return names["items"](path)


def test_disposed_in_use(row: Row, shared: Engine, tmp_path: Path, make_engine: MakeEngine) -> None:
    with Session(shared) as session:
        session.connection()
        shared.dispose()
        with row.fails():
            session.execute(select(1))
    assert row.tells(engine=shared) == "StaticPool"
    row.cured_by("On a file, a connection in use survives it")
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    with Session(engine) as session:
        session.connection()
        engine.dispose()
        assert session.scalar(select(1)) == 1


def test_lost_connection(row: Row, shared: Engine) -> None:
    with Session(shared) as session:
        session.connection()
        shared.dispose()
        with pytest.raises(ProgrammingError, match="Cannot operate on a closed database"):
            session.execute(select(1))
        with row.fails():
            session.execute(select(1))
        assert row.tells(session=session) is True
        row.cured_by("`session.rollback()`")
        session.rollback()
        assert session.scalar(select(1)) == 1
        assert row.tells(session=session) is False


def test_sessions_on_one_connection(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)

    def sell(make: sessionmaker[Session]) -> None:
        """Another session, in a thread of its own, rolls back before this one commits."""
        with make() as session:
            told.append(row.tells(session=session))
            session.add(Item(name="lamp"))
            session.flush()
            in_thread(lambda: roll_back(make))
            session.commit()

    def roll_back(make: sessionmaker[Session]) -> None:
        with make() as session:
            session.connection()
            session.rollback()

    told: list[str] = []
    names = select(Item.name)
    with engine.connect() as connection:
        with row.fails():
            sell(sessionmaker(connection))
        assert connection.scalars(names).all() == []
    row.cured_by("`sessionmaker(engine)`")
    sell(sessionmaker(engine))
    assert told == ["Connection", "Engine"] and row.cause.shows == "`Connection`"
    with Session(engine) as session:
        assert session.scalars(names).all() == ["lamp"]


def test_no_rows(row: Row, shared: Engine) -> None:
    with shared.connect() as connection:
        result = connection.execute(insert(Item).values(name="lamp"))
        assert row.tells(result=result) is False
        with row.fails():
            result.all()
        row.cured_by("insert(Item).returning(Item.id)")
        result = connection.execute(insert(Item).returning(Item.id).values(name="mug"))
        assert row.tells(result=result) is True
        assert result.all() == [(2,)]


def test_detached(row: Row, shared: Engine) -> None:
    def view(session: Session) -> Item:
        with session:
            lamp = Item(name="lamp")
            session.add(lamp)
            session.commit()
        return lamp

    lamp = view(Session(shared))
    with row.fails():
        str(lamp.name)
    assert row.tells(item=lamp) is True
    row.cured_by("Session(engine, expire_on_commit=False)")
    assert view(Session(shared, expire_on_commit=False)).name == "lamp"


def test_one_cursor(row: Row, tmp_path: Path) -> None:
    """In a process of its own: on some Pythons it crashes after the message."""
    said = run_program(ONE_CURSOR.replace("LOOK", row.cause.look), tmp_path).splitlines()
    assert said[1] == row.symptom.message
    (one, _, name), (same, _, other) = (line.partition(", ") for line in (said[0], said[2]))
    assert one == same and name != other
    row.looked = True
    row.cured_by("a lock around each `execute()` **and** its `fetchall()`")
    cursor, lock = sqlite3.connect(":memory:", check_same_thread=False).cursor(), threading.Lock()

    def ask() -> object:
        with lock:
            cursor.execute("SELECT 1")
            return cursor.fetchall()

    with closing(cursor.connection):
        assert [ask(), in_thread(ask)] == [[(1,)], [(1,)]]
