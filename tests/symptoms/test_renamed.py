"""A table that a script renamed, copied and dropped, and what still names it: told, mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from bitten import Row, row_of

# What names a table: a foreign key, a trigger, a view; and a text that only sounds like it.
OTHERS = """
PRAGMA legacy_alter_table = OFF;
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE price (id INTEGER PRIMARY KEY, item_id INTEGER REFERENCES item (id));
CREATE TABLE log (name TEXT);
CREATE TABLE threshold (name TEXT DEFAULT 'of item__older');
CREATE TRIGGER added AFTER INSERT ON log BEGIN INSERT INTO item (name) VALUES (NEW.name); END;
CREATE VIEW lamps AS SELECT name FROM item WHERE name = 'lamp';
INSERT INTO item (name) VALUES ('lamp');
"""
REBUILD = """
ALTER TABLE item RENAME TO item__old;
CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO item SELECT * FROM item__old;
DROP TABLE item__old;
"""
USES = (
    "INSERT INTO price (item_id) VALUES (1)",
    "INSERT INTO log VALUES ('lamp')",
    "SELECT name FROM lamps",
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as made:
        made.executescript(OTHERS)
        yield made


def test_renamed_table(row: Row, connection: sqlite3.Connection) -> None:
    connection.executescript(REBUILD + "PRAGMA foreign_keys = ON;")
    for sql in USES:
        with row.fails():
            connection.execute(sql)
    named = {("table", "price"), ("trigger", "added"), ("view", "lamps")}
    assert named < {(kind, name) for kind, name, _ in row.tells(connection=connection)}
    mend(row, connection)
    for sql in USES:
        connection.execute(sql)
    assert connection.execute("SELECT name FROM lamps").fetchall() == [("lamp",), ("lamp",)]
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    [(other,)] = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'threshold'")
    assert "item__older" in other


def mend(row: Row, connection: sqlite3.Connection, old: str = '"item__old"') -> None:
    """Paste what mends a table, with the old name as it's written there."""
    [code] = [each for each in row.cause.cure.split("`") if "executescript" in each]
    exec(code.replace('"item__old"', old), {"connection": connection})


def test_a_trigger_written_by_hand(connection: sqlite3.Connection) -> None:
    """It names what somebody dropped, not as SQLite's rename would write it."""
    row = row_of("renamed_table")
    connection.executescript("DROP TRIGGER added; DROP VIEW lamps; DROP TABLE item;")
    connection.executescript(
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); PRAGMA foreign_keys = ON;"
        "CREATE TABLE sale (item_id INTEGER REFERENCES old_item (id));"
        "CREATE TRIGGER added AFTER INSERT ON log"
        " BEGIN INSERT INTO [old_item] (name) VALUES (NEW.name); END;"
        "INSERT INTO item VALUES (1, 'lamp');"
    )
    uses = ("INSERT INTO log VALUES ('mug')", "INSERT INTO sale VALUES (1)")
    for use in uses:
        with pytest.raises(sqlite3.OperationalError, match="no such table: main.old_item"):
            connection.execute(use)
    look = row.cause.look.replace("item__old", "old_item")
    told = {name: sql for _, name, sql in eval(look, {"connection": connection})}
    assert set(told) == {"sale", "added"}
    mend(row, connection, '"old_item"')
    with pytest.raises(sqlite3.OperationalError, match="no such table: main.old_item"):
        connection.execute(uses[0])  # nothing has this name in quotes
    row.cured_by("`DROP TRIGGER added`", "make it again with the new name")
    connection.execute("DROP TRIGGER added")
    connection.execute(told["added"].replace("[old_item]", "item"))
    row.cured_by("as the line that tells shows it, quotes and all")
    mend(row, connection, "old_item")
    for use in uses:
        connection.execute(use)
    assert connection.execute("SELECT name FROM item").fetchall() == [("lamp",), ("mug",)]
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_one_statement_at_a_time(connection: sqlite3.Connection) -> None:
    """Why the row says `executescript`."""
    with pytest.raises(Exception, match="You can only execute one statement at a time"):
        connection.execute("PRAGMA writable_schema = ON; PRAGMA writable_schema = RESET;")


def test_a_trigger_that_is_read_again(connection: sqlite3.Connection) -> None:
    """The message then says whose it is; the same row leads to it."""
    said = "error in trigger added: no such table: main.item__old"
    assert (
        "`error in trigger …: no such table: main.item__old`" in row_of("renamed_table").cause.why
    )
    connection.executescript(REBUILD + "DROP VIEW lamps;")
    with pytest.raises(sqlite3.OperationalError, match=said):
        connection.execute("ALTER TABLE log RENAME TO entry")


def test_a_rename_that_leaves_the_others_alone(connection: sqlite3.Connection) -> None:
    row_of("renamed_table").cured_by("before the rename: `PRAGMA legacy_alter_table = ON`")
    connection.executescript("PRAGMA legacy_alter_table = ON;" + REBUILD)
    connection.execute("PRAGMA foreign_keys = ON")
    for sql in USES:
        connection.execute(sql)
