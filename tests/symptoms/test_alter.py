"""Changes to a table that SQLite has no statement for: had, told, cured, with Alembic itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from bitten import Row, row_of
from sqlalchemy import Engine, inspect
from test_alembic import ENV, old, run, script

__all__ = ["old"]  # a fixture


def fails_and_tells(row: Row, engine: Engine, folder: Path, change: str) -> list[Any]:
    """What the line that tells shows in `env.py`, where the migration fails as the row says."""
    config = script(folder, engine, [change])
    told: list[Any] = []
    config.attributes["told"] = told
    below = 'target_metadata=config.attributes["metadata"])\n'
    looked = ENV.replace(below, f"{below}    config.attributes['told'].append({row.cause.look})\n")
    (folder / "env.py").write_text(looked)
    with row.fails():
        command.upgrade(config, "head")
    row.looked = True
    return told


def code(row: Row, word: str) -> str:
    """The code of a cure that has this word."""
    [found] = [each for each in row.cause.cure.split("`") if word in each]
    return found


def test_alter_without_batch(row: Row, old: Engine, tmp_path: Path) -> None:
    change = "op.create_unique_constraint('uq_item_name', 'item', ['name'])"
    assert fails_and_tells(row, old, tmp_path / "constraint", change) == [False]
    batch = code(row, "create_unique_constraint")
    nameless = batch.replace('"uq_item_name"', "None")
    with pytest.raises(ValueError, match="Constraint must have a name"):
        command.upgrade(script(tmp_path / "nameless", old, [nameless]), "head")
    run(old, "DROP TABLE IF EXISTS _alembic_tmp_item")
    command.upgrade(script(tmp_path / "batch", old, [batch]), "head")
    assert run(old, "SELECT name FROM item") == ["lamp"]
    assert len(inspect(old).get_unique_constraints("item")) == 1
    row.cured_by("`context.configure(…, render_as_batch=True)`")


def test_a_constraint_without_a_name_is_dropped(old: Engine, tmp_path: Path) -> None:
    row = row_of("alter_without_batch")
    run(old, "DROP TABLE item")
    run(old, "CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR, UNIQUE (name))")
    run(old, "INSERT INTO item (name) VALUES ('lamp')")
    drop = code(row, "drop_constraint")
    plain = "with op.batch_alter_table('item') as batch: batch.drop_constraint('uq_item_name')"
    row.cured_by("`No such constraint`")
    with pytest.raises(Exception, match="No such constraint"):
        command.upgrade(script(tmp_path / "plain", old, [plain]), "head")
    run(old, "DROP TABLE IF EXISTS _alembic_tmp_item")
    command.upgrade(script(tmp_path / "named", old, [drop]), "head")
    assert inspect(old).get_unique_constraints("item") == []
    assert run(old, "SELECT name FROM item") == ["lamp"]


@pytest.mark.parametrize("change", ["type_=sa.String(99)", "nullable=False"])
def test_column_without_batch(row: Row, old: Engine, tmp_path: Path, change: str) -> None:
    plain = f"op.alter_column('item', 'name', {change})"
    assert fails_and_tells(row, old, tmp_path / "plain", plain) == [False]
    batch = code(row, "batch_alter_table").replace("type_=sa.String(99)", change)
    assert change in batch
    command.upgrade(script(tmp_path / "batch", old, [batch]), "head")
    assert run(old, "SELECT name FROM item") == ["lamp"]
    [name] = [each for each in inspect(old).get_columns("item") if each["name"] == "name"]
    assert str(name["type"]) == "VARCHAR(99)" or name["nullable"] is False
    row.cured_by("`context.configure(…, render_as_batch=True)`")


def test_not_null_without_default(row: Row, old: Engine, tmp_path: Path) -> None:
    add = code(row, "op.add_column")
    bare = add.replace(', server_default="0"', "")
    column = bare.removeprefix('op.add_column("item", ').removesuffix(")")
    batch = f"with op.batch_alter_table('item') as batch: batch.add_column({column})"
    for name, change in (("bare", bare), ("batch", batch)):
        with row.fails():
            command.upgrade(script(tmp_path / name, old, [change]), "head")
    with old.connect() as connection:
        assert row.tells(connection=connection) == 1
    command.upgrade(script(tmp_path / "given", old, [add]), "head")
    assert run(old, "SELECT price FROM item") == [0]
