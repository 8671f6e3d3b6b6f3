"""What migrations left behind, and what they do not know of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from diagnosing import LAMP_AND_RUG, findings, write

from helpers.diagnose import diagnose

SHOP = LAMP_AND_RUG + '    engine = create_engine("sqlite:///shop.db")\n'
# A batch migration fills a second table, drops the first, and gives its name to the second.
BATCH = [
    "CREATE TABLE rug (id INTEGER)",
    "CREATE TABLE lamp (id INTEGER)",
    "INSERT INTO lamp VALUES (1)",
    "CREATE TABLE _alembic_tmp_lamp (id INTEGER)",
    "INSERT INTO _alembic_tmp_lamp SELECT id FROM lamp",
    "DROP TABLE lamp",
]

MAKES = "revision = '1'\ndown_revision = None\ncreate_table('lamp'); create_table('rug')"
NEXT = "revision: str = '2'\ndown_revision: str = '1'\ncreate_table('mug')"
ADDS = "down_revision = None\nwith x: batch.add_column(sa.Column('price', sa.Integer()))"


def do(statements: list[str]) -> None:
    """Run statements on the file."""
    with closing(sqlite3.connect("shop.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        (4, "OperationalError: table _alembic_tmp_lamp already exists"),
        (5, "OperationalError: table _alembic_tmp_lamp already exists"),
        (6, "OperationalError: no such table: lamp"),
    ],
)
def test_a_table_that_a_migration_left_is_found(steps: int, seen: str, folder: Path) -> None:
    """The cure keeps the rows: they are in the first table, or in the second alone."""
    write(folder, {"shop.py": SHOP})
    do(BATCH[:steps])
    [finding] = diagnose("shop").findings
    assert (finding.id, finding.message) == ("migration-left-over", seen)
    do(finding.cures[0].lines)
    assert diagnose("shop").safe
    with closing(sqlite3.connect("shop.db")) as connection:
        assert connection.execute("SELECT id FROM lamp").fetchall() == [(1,)]


def test_tables_that_the_migrations_do_not_know_are_found(folder: Path) -> None:
    """`create_all()` made them, and the first migration would make them again."""
    write(folder, {"shop.py": SHOP, "migrations/versions/one.py": ""})
    do(BATCH[:2])
    [finding] = diagnose("shop").findings
    assert finding.id == "not-stamped"
    assert finding.message == "OperationalError: table lamp already exists"
    write(folder, {"migrations/versions/one.py": ADDS, "migrations/versions/two.py": NEXT})
    [finding] = diagnose("shop").findings
    assert finding.message == "OperationalError: duplicate column name: price"
    assert finding.cures[0].lines == ["alembic stamp head"]
    do(["CREATE TABLE alembic_version (version_num)"])  # what that command makes
    assert diagnose("shop").safe


@pytest.mark.parametrize(
    "file", ["migrations/README", "migrations/versions/README", "migrations/env.py"]
)
def test_where_alembic_has_no_migrations_nothing_is_said(file: str, folder: Path) -> None:
    """Or where it remembers them in a table of another name."""
    script = {"migrations/versions/one.py": ""} if file.endswith("env.py") else {}
    write(folder, {"shop.py": SHOP, file: "configure(version_table='v')", **script})
    do(BATCH[:2])
    assert findings(diagnose("shop")) == ["file"]


WRITE = ["alembic revision --autogenerate", "alembic upgrade head"]
STAMP = ["alembic stamp base", "alembic upgrade head"]
SCRIPTS = {
    "dropped": ({"one": MAKES}, "", STAMP),
    "dropped, but for a table of a migration": (
        {"one": MAKES},
        "CREATE TABLE audit (id)",
        ["Lamp.metadata.create_all(engine)"],
    ),
    "the second migration has not run": ({"one": MAKES, "two": NEXT}, "", STAMP[1:]),
    "no migration makes one of them": ({"one": MAKES.replace("rug", "mug")}, "", WRITE),
    "the first migration is empty": ({"one": "revision = '1'\npass"}, "", WRITE),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_tables_that_migrations_should_make_are_made(name: str, folder: Path) -> None:
    """Dropped under Alembic's own table, not made yet, or by no migration: each has its cure."""
    scripts, more, cure = SCRIPTS[name]
    files = {f"migrations/versions/{each}.py": script for each, script in scripts.items()}
    write(folder, {"shop.py": SHOP, **files})
    do(["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('1')"])
    do([more])
    [finding] = diagnose("shop").findings
    assert finding.cures[0].lines == cure
