"""Locks, and a connection that several sessions share: had, told, cured."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from bitten import Row, in_thread, row_of
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool, StaticPool

from helpers.look import describe_error
from helpers.sample import ANY_THREAD, Base, Item

MakeEngine = Callable[..., Engine]
MEMDB = "sqlite:///file:///locks?vfs=memdb&uri=true"
SHARED = "sqlite:///file:/locks?mode=memory&cache=shared&uri=true"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file that isn't there yet."""
    return f"sqlite:///{tmp_path}/shop.db"


def names(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Item.name)))


def add(engine: Engine, name: str) -> None:
    with Session(engine) as session, session.begin():
        session.add(Item(name=name))


def test_long_write(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url, connect_args={"timeout": 0})
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Item(name="lamp"))
        session.flush()  # and nobody commits
        with row.fails():
            add(engine, "mug")
        assert row.tells(session=session) is True
    row.cured_by("with Session(engine) as session, session.begin():", "result.all()")
    add(engine, "lamp")
    add(engine, "mug")
    assert names(engine) == ["lamp", "mug"]
    with Session(engine) as session:
        result = session.connection().execute(select(Item.name))
        result.fetchone()
        with row.fails():
            add(engine, "rug")
        assert row.tells(session=session) is True
        result.all()
        add(engine, "rug")
    row.cured_by("Readers and one writer get along in WAL: `PRAGMA journal_mode=WAL`")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with Session(engine) as session:
        session.connection().execute(select(Item.name)).fetchone()
        add(engine, "hat")  # while a result is half read
        session.rollback()
        session.add(Item(name="cap"))
        session.flush()
        assert names(engine)[-1] == "hat"  # while somebody has written


@pytest.mark.parametrize(
    ("journal", "committed"),
    [("delete", False), ("wal", False), ("wal", True)],  # without WAL a reader stops a commit
)
def test_read_then_write(
    row: Row, url: str, make_engine: MakeEngine, journal: str, committed: bool
) -> None:
    Base.metadata.create_all(engine := make_engine(url))
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA journal_mode={journal}")
    ann, ben = begins(make_engine(url)), make_engine(url, connect_args={"timeout": 0})
    with Session(ann) as reader, Session(ben) as writer:
        assert reader.scalars(select(Item.name)).all() == []
        writer.add(Item(name="mug"))
        writer.commit() if committed else writer.flush()
        driver = reader.connection().connection
        assert row.tells(connection=driver) is True
        assert row.tells(connection=driver.driver_connection) is True
        reader.add(Item(name="lamp"))
        start = perf_counter()
        with row.fails():
            reader.flush()
        assert perf_counter() - start < 3  # and the timeout is 5
        writer.commit()
    row.cured_by("BEGIN IMMEDIATE")
    with Session(begins(make_engine(url), "BEGIN IMMEDIATE")) as reader:
        reader.scalars(select(Item.name)).all()
        with pytest.raises(Exception, match="database is locked"):
            add(ben, "rug")
        reader.add(Item(name="lamp"))
        reader.commit()
    assert names(engine) == ["mug", "lamp"]


def test_switch_to_wal(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url, connect_args={"timeout": 5})
    Base.metadata.create_all(engine)
    with Session(engine) as busy, engine.connect() as connection:
        busy.add(Item(name="lamp"))
        busy.flush()
        start = perf_counter()
        with row.fails():
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        assert perf_counter() - start < 1
        busy.commit()
    add(engine, "mug")
    add(engine, "rug")
    engine.dispose()
    waits = make_engine(url, connect_args={"timeout": 0.2})
    with engine.connect() as busy, waits.connect() as connection:
        result = busy.execute(select(Item.name))
        result.fetchone()
        start = perf_counter()
        with row.fails():
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        assert perf_counter() - start >= 0.2
        result.all()
        busy.rollback()
        assert row.tells(connection=connection) == "delete"
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    engine.dispose()
    waits.dispose()
    with engine.connect() as connection:
        assert row.tells(connection=connection) == "wal"


def test_shared_cache(row: Row, make_engine: MakeEngine) -> None:
    engine = make_engine(
        SHARED, poolclass=QueuePool, connect_args={"timeout": 5, "check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    with Session(engine) as writer:
        writer.add(Item(name="lamp"))
        writer.flush()
        start = perf_counter()
        with row.fails():
            names(engine)
        assert perf_counter() - start < 1
    assert row.tells(engine=engine) is True
    engine.dispose()
    with engine.connect() as maker:
        maker.exec_driver_sql("BEGIN")
        Base.metadata.create_all(maker)
        with pytest.raises(Exception, match="database schema is locked: main"):
            names(engine)
    assert "`database schema is locked: main`" in row.cause.why
    engine = make_engine(MEMDB, connect_args={"timeout": 0.2})
    with engine.connect():
        Base.metadata.create_all(engine)
        with Session(engine) as writer:
            writer.add(Item(name="lamp"))
            writer.flush()
            start = perf_counter()
            with pytest.raises(Exception, match="database is locked"):
                names(engine)
            assert perf_counter() - start >= 0.2  # it waited


def test_half_read(row: Row, make_engine: MakeEngine) -> None:
    engine = make_engine(SHARED, poolclass=QueuePool, connect_args=ANY_THREAD)
    waits = make_engine(MEMDB, connect_args={"timeout": 0.2})
    for each in (engine, waits):
        Base.metadata.create_all(each)
        add(each, "lamp")
        add(each, "mug")
        with each.connect() as reader:
            result = reader.execute(select(Item.name))
            result.fetchone()
            with pytest.raises(Exception, match="locked"):
                add(each, "rug")
            assert row.tells(result=result) is False
            if each is engine:
                with row.fails():
                    add(each, "rug")
            row.cured_by("rows = result.all()", "result.close()", "`database is locked`")
            result.all() if each is engine else result.close()
            add(each, "rug")
        assert names(each) == ["lamp", "mug", "rug"]


def test_open_result(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    add(engine, "lamp")
    add(engine, "mug")
    with engine.connect() as connection:
        result = connection.exec_driver_sql("SELECT name FROM item")
        result.fetchone()
        with row.fails():
            connection.exec_driver_sql("DROP TABLE item")
        assert row.tells(result=result) is False
        row.cured_by("result.all()")
        result.all()
        assert row.tells(result=result) is True
        connection.exec_driver_sql("DROP TABLE item")


def vanish(engine: Engine) -> tuple[list[str], str]:
    """Ann adds a lamp, Ben counts meanwhile and closes; what is stored, and what Ann sees."""
    Base.metadata.create_all(engine)
    with Session(engine) as ann:
        lamp = Item(name="lamp")
        ann.add(lamp)
        ann.flush()
        names(engine)
        ann.commit()
        try:
            seen = lamp.name
        except Exception as error:  # noqa: BLE001
            seen = describe_error(error)
    return names(engine), seen


def test_vanished_row(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://", poolclass=StaticPool, connect_args=ANY_THREAD)
    stored, seen = vanish(engine)
    assert stored == [] and row.symptom.message in seen
    assert row.tells(engine=engine) == "StaticPool"
    for cure in (url, MEMDB):
        engine = make_engine(cure, connect_args={"timeout": 0.1})
        with engine.connect():
            if cure == url:
                assert vanish(engine) == (["lamp"], "lamp")
            else:  # Ben waits, and gives up, and the lamp is safe
                with pytest.raises(Exception, match="database is locked"):
                    vanish(engine)


def test_lost_201(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine("sqlite://", poolclass=StaticPool, connect_args=ANY_THREAD)
    assert vanish(engine)[0] == []
    assert row.tells(engine=engine) == "StaticPool"
    assert vanish(make_engine(url))[0] == ["lamp"]


def begins(engine: Engine, statement: str = "BEGIN") -> Engine:
    """The two listeners that make SQLAlchemy send BEGIN itself."""
    event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(statement))
    return engine


def test_begin_twice(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = begins(make_engine("sqlite://", poolclass=StaticPool, connect_args=ANY_THREAD))
    with Session(engine) as ann, Session(engine) as ben:
        ann.connection()
        with row.fails():
            ben.connection()
    assert row.tells(engine=engine) == "StaticPool"
    engine = begins(make_engine(url))
    with Session(engine) as ann, Session(engine) as ben:
        ann.connection()
        ben.connection()


def test_begin_by_hand(row: Row, url: str, make_engine: MakeEngine) -> None:
    begin = "BEGIN IMMEDIATE"
    plain, listening = make_engine(url), begins(make_engine(url), begin)
    for engine, before in ((plain, "CREATE TABLE item (name TEXT)"), (listening, "SELECT 1")):
        with engine.begin() as connection:
            connection.exec_driver_sql(before)
    for engine, first in ((plain, "INSERT INTO item VALUES ('lamp')"), (listening, "SELECT 1")):
        with engine.connect() as connection:
            connection.exec_driver_sql(first)
            assert row.tells(connection=connection.connection.driver_connection) is True
            with row.fails():
                connection.exec_driver_sql(begin)
    row.cured_by("on an engine of its own", "`isolation_level = None` on `connect`", begin)
    with listening.begin() as connection:
        connection.exec_driver_sql("INSERT INTO item VALUES ('mug')")
    with plain.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM item").all() == [("mug",)]


def test_commit_twice(row: Row, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("COMMIT")  # of the other thread
        with row.fails():
            connection.execute("COMMIT")
        assert row.tells(connection=connection) is False


def test_commit_by_hand(row: Row, tmp_path: Path) -> None:
    def ends_by_with() -> None:
        with connection:
            pass

    path, insert = tmp_path / "shop.db", "INSERT INTO item VALUES ('lamp')"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE item (name TEXT)")
        scripts = partial(connection.executescript, "SELECT 1")
        ends = (connection.commit, ends_by_with, partial(connection.execute, "COMMIT"), scripts)
        for end in ends:
            connection.execute(insert)
            end()
            assert row.tells(connection=connection) is False
            with row.fails():
                connection.execute("COMMIT")
            with pytest.raises(Exception, match="cannot rollback - no transaction is active"):
                connection.execute("ROLLBACK")
        row.cured_by("`connection.commit()`, which does nothing where nothing has begun")
        connection.commit()
    row.cured_by("`isolation_level=None`, one `BEGIN`, one `COMMIT`")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for sql in ("BEGIN", insert, "COMMIT"):
            connection.execute(sql)
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (5,)
        for sql in ("BEGIN", insert):
            connection.execute(sql)
        row.cured_by("no `executescript()` between them")
        connection.executescript("SELECT 1")
        with row.fails():
            connection.execute("COMMIT")


@pytest.mark.parametrize("level", ["", None])
def test_a_dump_goes_into_one_call(level: Any) -> None:
    row = row_of("commit_by_hand")
    made = [sqlite3.connect(":memory:", isolation_level=level) for _ in range(3)]
    connection, other, pieces = made
    connection.executescript("CREATE TABLE item (name TEXT); INSERT INTO item VALUES ('lamp');")
    with row.fails():
        for line in connection.iterdump():
            pieces.executescript(line)
    [code] = [each for each in row.cause.cure.split("`") if "iterdump" in each]
    exec(code, {"connection": connection, "other": other})
    assert other.execute("SELECT name FROM item").fetchall() == [("lamp",)]
    for each in made:
        each.close()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`autocommit` is of 3.12.")
def test_a_commit_by_hand_without_autocommit(tmp_path: Path) -> None:
    row = row_of("commit_by_hand")
    row.cured_by("with `autocommit=False`, it raises the same after a `COMMIT` by hand")
    options: dict[str, Any] = {"autocommit": False}
    with closing(sqlite3.connect(tmp_path / "shop.db", **options)) as connection:
        connection.execute("COMMIT")
        with row.fails():
            connection.commit()
        connection.execute("BEGIN")  # so that it can be closed


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`autocommit` is of 3.12.")
@pytest.mark.parametrize("autocommit", [False, True])
def test_executescript_with_autocommit(tmp_path: Path, autocommit: bool) -> None:
    """The rows on a commit by hand and on savepoints say what it changes."""
    row_of("commit_by_hand").cured_by("no `executescript()` between them")
    assert "unless you set `autocommit`" in row_of("commit_by_hand").cause.why
    assert "`autocommit=False` `executescript()` doesn't" in row_of("savepoint_committed").cause.why
    options: dict[str, Any] = {"autocommit": autocommit}
    with closing(sqlite3.connect(tmp_path / "shop.db", **options)) as connection:
        ends = [partial(connection.executescript, "")]
        if autocommit:
            connection.execute("BEGIN")
            ends += [connection.commit, partial(connection.__exit__, None, None, None)]
        for end in ends:
            connection.execute("SAVEPOINT step")
            end()
            connection.execute("RELEASE step")
            assert connection.in_transaction
        connection.execute("COMMIT")
        if not autocommit:
            connection.execute("BEGIN")  # so that it can be closed


def test_savepoint_committed(row: Row, tmp_path: Path) -> None:
    def work() -> None:
        connection.execute("INSERT INTO item VALUES ('lamp')")
        connection.execute("SAVEPOINT step")
        connection.execute("INSERT INTO item VALUES ('mug')")

    def ends_by_with() -> None:
        with connection:
            pass

    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE item (name TEXT)")
        for inner in (connection.commit, ends_by_with, partial(connection.executescript, "")):
            for end in ("RELEASE step", "ROLLBACK TO step"):
                work()
                inner()
                assert row.tells(connection=connection) is False
                with row.fails():
                    connection.execute(end)
        row.cured_by("Commit once, after the last `RELEASE`")
        connection.execute("DELETE FROM item")
        work()
        connection.execute("RELEASE step")
        connection.commit()
        assert len(connection.execute("SELECT name FROM item").fetchall()) == 2


def test_commit_in_statement(row: Row, make_engine: MakeEngine) -> None:
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as shared:
        shared.execute("CREATE TABLE item (name TEXT)")
        half = shared.execute("INSERT INTO item VALUES ('lamp'), ('mug') RETURNING name")
        with row.fails():
            in_thread(shared.commit)
        row.cured_by("`cursor.fetchall()`, before the commit")
        assert half.fetchall() == [("lamp",), ("mug",)]
        in_thread(shared.commit)
    engine = make_engine("sqlite://", poolclass=StaticPool, connect_args=ANY_THREAD)
    assert row.tells(engine=engine) == "StaticPool"


def test_others_result(row: Row, tmp_path: Path) -> None:
    def add(connection: sqlite3.Connection, name: str) -> None:
        connection.execute("INSERT INTO item (name) VALUES (?)", (name,))

    def last(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])

    with closing(sqlite3.connect(tmp_path / "shop.db", check_same_thread=False)) as shared:
        shared.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
        add(shared, "lamp")
        in_thread(partial(add, shared, "mug"))
        assert last(shared) == 2  # the lamp has id 1
        assert row.tells(connection=shared) == 2
        shared.commit()
    row.cured_by("A connection for each thread")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as own:
        add(own, "rug")
        with closing(sqlite3.connect(tmp_path / "shop.db")) as other:
            assert other.total_changes == 0
        assert last(own) == 3 and row.tells(connection=own) == 1


def test_pending_rollback(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    add(engine, "lamp")
    with Session(engine) as session:
        session.add(Item(id=1, name="mug"))
        with pytest.raises(Exception, match="UNIQUE constraint failed"):
            session.flush()
        with row.fails():
            session.scalars(select(Item.name)).all()
        assert row.tells(session=session) is False
        row.cured_by("session.rollback()")
        session.rollback()
        assert session.scalars(select(Item.name)).all() == ["lamp"]


def test_lost_update(row: Row, url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    add(engine, "lamp")
    with Session(engine) as ann, Session(engine) as ben:
        lamps = [session.get_one(Item, 1) for session in (ann, ben)]
        for session, lamp in zip((ann, ben), lamps, strict=True):
            lamp.stock = lamp.stock + 1
            session.commit()
    with Session(engine) as session:
        assert session.get_one(Item, 1).stock == 1
        assert "stock=(item.stock + :stock_1)" in row.tells(Item=Item)
        row.cured_by("update(Item).values(stock=Item.stock + 1)")
        session.execute(update(Item).values(stock=Item.stock + 1))
        session.execute(update(Item).values(stock=Item.stock + 1))
        assert session.get_one(Item, 1).stock == 3


def test_dirty(row: Row, make_engine: MakeEngine) -> None:
    options = {"poolclass": QueuePool, "connect_args": ANY_THREAD}
    engine = make_engine(SHARED, isolation_level="READ UNCOMMITTED", **options)
    with engine.connect():
        Base.metadata.create_all(engine)
        with Session(engine) as ann, Session(engine) as ben:
            ann.add(Item(name="lamp"))
            ann.flush()
            assert ben.scalars(select(Item.name)).all() == ["lamp"]
            assert row.tells(connection=ben.connection()) == 1
        other = make_engine(SHARED, **options)
        with Session(engine) as ann, Session(other) as ben:
            ann.add(Item(name="lamp"))
            ann.flush()
            with pytest.raises(Exception, match="database table is locked"):
                ben.scalars(select(Item.name)).all()
