"""Foreign keys that SQLite looks after, and migrations that drop a table: Alembic's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from bitten import Row, row_of
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from test_alembic import ENV, TEMPLATE, migrate, migrations, run, scripts

MakeEngine = Callable[..., Engine]
OPENS = "with connectable.connect() as connection:\n"


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)


class Review(Base):
    __tablename__ = "review"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))


@pytest.fixture
def engine(tmp_path: Path, make_engine: MakeEngine) -> Iterator[Engine]:
    """A file, on whose connections SQLite looks after foreign keys."""
    made = make_engine(f"sqlite:///{tmp_path}/shop.db")

    @event.listens_for(made, "connect")
    def connect(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    yield made
    made.dispose()


def test_no_parent(row: Row, engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        assert row.tells(session=session, Item=Item) is None
        session.add(Review(item_id=7))
        with row.fails():
            session.flush()
        session.rollback()
        row.cured_by("Add the named row first", "`session.add(item)`, `session.flush()`")
        session.add(Item(id=7))
        session.flush()
        session.add(review := Review(item_id=7))
        session.commit()
        with row.fails():
            session.execute(text("DELETE FROM item"))
        session.rollback()
        assert row.tells(session=session, Item=Item) is session.get(Item, 7) is not None
        row.cured_by("delete first those that name it")
        session.delete(review)
        session.flush()
        session.execute(text("DELETE FROM item"))
        session.commit()


def test_key_of_no_key(row: Row, engine: Engine) -> None:
    run(engine, "CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT)")
    run(engine, "CREATE TABLE item (shop TEXT REFERENCES shop (name))")
    run(engine, "INSERT INTO shop (name) VALUES ('corner')")
    with row.fails():
        run(engine, "INSERT INTO item VALUES ('corner')")
    told = row.tells(engine=engine)
    assert row.cause.shows.startswith(f"`{told}`:")
    [unique] = [each for each in row.cause.cure.split("`") if "CREATE" in each]
    run(engine, unique)
    run(engine, "INSERT INTO item VALUES ('corner')")
    assert run(engine, "SELECT shop FROM item") == ["corner"]


def test_ondelete_is_of_the_table(engine: Engine) -> None:
    """The other way to delete a row that others name."""
    models(False, "CASCADE").create_all(engine)
    fill(engine)
    run(engine, "DELETE FROM item")
    assert run(engine, "SELECT item_id FROM review") == []


def models(nullable: bool, ondelete: str | None) -> MetaData:
    """The models of an app, before and after a change to the table that the other one names."""
    metadata = MetaData()
    name = Column("name", String, nullable=nullable)
    Table("item", metadata, Column("id", Integer, primary_key=True), name)
    item = ForeignKey("item.id", ondelete=ondelete)
    Table("review", metadata, Column("item_id", Integer, item))
    return metadata


def fill(engine: Engine) -> None:
    run(engine, "INSERT INTO item VALUES (1, 'lamp')")
    run(engine, "INSERT INTO review VALUES (1)")


def changed(folder: Path, engine: Engine, ondelete: str | None) -> Config:
    """A file with a row in each table, and a migration that is written and hasn't run."""
    config = migrations(folder, engine, models(True, ondelete))
    (folder / "env.py").write_text(
        ENV.replace("connection=connection,", "connection=connection, render_as_batch=True,")
    )
    migrate(config)
    command.upgrade(config, "head")
    fill(engine)
    config.attributes["metadata"] = models(False, ondelete)
    migrate(config)
    return config


def looks(row: Row, engine: Engine) -> None:
    with engine.connect() as connection:
        assert row.tells(connection=connection) == (1,)


def state(engine: Engine) -> list[list[Any]]:
    """The items, the reviews, and the revision."""
    questions = ("name FROM item", "item_id FROM review", "version_num FROM alembic_version")
    return [run(engine, f"SELECT {each}") for each in questions]


def paste(cure: str, folder: Path) -> None:
    """Into `env.py`, below the line that the fix names, which Alembic's own has, too."""
    assert f"below `{OPENS.strip()}`" in cure and OPENS in TEMPLATE.with_name("env.py").read_text()
    [line] = [each for each in cure.split("`") if "foreign_keys=OFF" in each]
    env = (folder / "env.py").read_text()
    assert OPENS in env
    (folder / "env.py").write_text(env.replace(OPENS, f"{OPENS}    {line}\n"))


def newest(config: Config, folder: Path, engine: Engine) -> str:
    [before] = run(engine, "SELECT version_num FROM alembic_version")
    [new] = set(scripts(folder)) - {before}
    return str(new)


def test_batch_drops_parent(row: Row, engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    config = changed(folder, engine, None)
    new = newest(config, folder, engine)
    looks(row, engine)
    with pytest.raises(Exception, match=r"DROP TABLE item\]") as caught:
        command.upgrade(config, "head")
    with row.fails():
        raise caught.value
    row.cured_by("`DROP TABLE _alembic_tmp_item`", "Not `connection.exec_driver_sql`")
    run(engine, "DROP TABLE _alembic_tmp_item")
    paste(row.cause.cure, folder)
    command.upgrade(config, "head")
    assert state(engine) == [["lamp"], [1], [new]]


def test_cascade_in_batch(
    row: Row, engine: Engine, tmp_path: Path, make_engine: MakeEngine
) -> None:
    folder = tmp_path / "migrations"
    config = changed(folder, engine, "CASCADE")
    new = newest(config, folder, engine)
    looks(row, engine)
    row.cured_by("`VACUUM INTO 'copy.db'`", "Take the rows from the copy")
    copy = tmp_path / "copy.db"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{copy}'")
    command.upgrade(config, "head")
    assert state(engine) == [["lamp"], [], [new]]  # and nothing was said
    config.attributes["engine"] = kept = make_engine(f"sqlite:///{copy}")
    event.listen(
        kept, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON")
    )
    paste(row.cause.cure, folder)
    command.upgrade(config, "head")
    assert state(kept) == [["lamp"], [1], [new]]
    kept.dispose()


def test_through_the_connection_nothing_is_committed(engine: Engine, tmp_path: Path) -> None:
    """What the row warns of: the statement begins a transaction, which Alembic doesn't end."""
    folder = tmp_path / "migrations"
    config = changed(folder, engine, "CASCADE")
    old = state(engine)
    env = (folder / "env.py").read_text()
    line = 'connection.exec_driver_sql("PRAGMA foreign_keys=OFF")'
    (folder / "env.py").write_text(env.replace(OPENS, f"{OPENS}    {line}\n"))
    command.upgrade(config, "head")
    assert state(engine) == old
    assert run(engine, "SELECT name FROM sqlite_master WHERE name LIKE '%tmp%'")


def kept_on(folder: Path) -> None:
    """The row's `try` and `finally`, below its line."""
    lines = (folder / "env.py").read_text().rstrip().splitlines()
    [at] = [number for number, line in enumerate(lines) if "foreign_keys=OFF" in line]
    rest = [f"    {line}" for line in lines[at + 1 :]]
    ends = [
        "    finally:",
        f"{' ' * 8}connection.rollback()",
        "    " + lines[at].replace("OFF", "ON"),
    ]
    (folder / "env.py").write_text("\n".join([*lines[: at + 1], "    try:", *rest, *ends, ""]))


@pytest.mark.parametrize("listeners", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_an_app_that_migrates_as_it_starts(
    engine: Engine, tmp_path: Path, fails: bool, listeners: bool
) -> None:
    """Its pool lends the connection of the migration again, as it was left."""
    row = row_of("batch_drops_parent")
    row.cured_by("into a `try:`, and into its `finally:` first `connection.rollback()`")
    row.cured_by("then the same with `ON`")
    folder = tmp_path / "migrations"
    config = changed(folder, engine, None)
    new = newest(config, folder, engine)
    if fails:
        add_to_the_end(folder, new, "op.execute('SELECT * FROM mug')")
    if listeners:
        begin_at_once(engine)
    paste(row.cause.cure, folder)
    upgrade(config, fails)
    assert run(engine, "PRAGMA foreign_keys") == [0]
    kept_on(folder)
    if fails:
        run(engine, "DROP TABLE IF EXISTS _alembic_tmp_item")
    else:
        command.downgrade(config, "-1")
        upgrade(config, fails)  # and then there is nothing to do
        assert state(engine) == [["lamp"], [1], [new]]
    upgrade(config, fails)
    assert run(engine, "PRAGMA foreign_keys") == [1]


def begin_at_once(engine: Engine) -> None:
    """The two listeners: a transaction is open then also where nothing is left to migrate."""
    engine.dispose()

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")


def upgrade(config: Config, fails: bool) -> None:
    if not fails:
        command.upgrade(config, "head")
        return
    with pytest.raises(Exception, match="no such table: mug"):
        command.upgrade(config, "head")


def add_to_the_end(folder: Path, revision: str, line: str) -> None:
    """One more line in the upgrade of a script."""
    [path] = (folder / "versions").glob(f"{revision}*")
    before, mark, after = path.read_text().partition("\n\ndef downgrade")
    path.write_text(f"{before.rstrip()}\n    {line}\n{mark}{after}")


@pytest.mark.parametrize("cause", ["batch_drops_parent", "cascade_in_batch"])
def test_a_migration_that_deletes_rows(engine: Engine, tmp_path: Path, cause: str) -> None:
    """With the keys off, nobody deletes the rows that name them; the check says so."""
    row_of(cause).cured_by("`PRAGMA foreign_key_check` shows no row")
    folder = tmp_path / "migrations"
    config = changed(folder, engine, "CASCADE")
    add_to_the_end(folder, newest(config, folder, engine), "op.execute('DELETE FROM item')")
    paste(row_of(cause).cause.cure, folder)
    command.upgrade(config, "head")
    assert run(engine, "PRAGMA foreign_key_check") == ["review"]
    run(engine, "DELETE FROM review")
    assert run(engine, "PRAGMA foreign_key_check") == []
