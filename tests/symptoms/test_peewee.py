"""peewee, whose `no such table` is the same: had, told, cured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bitten import MODULES, Row, first_look, in_thread

peewee: Any = pytest.importorskip("peewee")


def make_shop(name: str) -> tuple[Any, Any]:
    """A database and a model, with the table and a lamp, which this thread has made."""
    database = peewee.SqliteDatabase(name)

    class Item(peewee.Model):  # type: ignore[misc]
        name = peewee.CharField()

    Item.bind(database)
    database.connect()
    database.create_tables([Item])
    Item.create(name="lamp")
    return database, Item


def names(database: Any, item: Any) -> list[str]:
    """What a request finds: it connects, and closes its connection at its end."""
    with database.connection_context():
        return [each.name for each in item.select()]


def test_peewee_in_memory(row: Row, tmp_path: Path) -> None:
    database, item = make_shop(":memory:")
    with pytest.raises(peewee.OperationalError, match="no such table: item"):
        in_thread(lambda: names(database, item))
    database.close()
    with pytest.raises(peewee.OperationalError, match="no such table: item"):
        names(database, item)
    assert row.tells(db=database) == ":memory:"
    row.cured_by('SqliteDatabase("shop.db")')
    database, item = make_shop(str(tmp_path / "shop.db"))
    assert in_thread(lambda: names(database, item)) == ["lamp"]
    database.close()
    assert names(database, item) == ["lamp"]


def test_first_look_of_peewee(tmp_path: Path) -> None:
    """It says which file, and which tables."""
    database, _ = make_shop(str(tmp_path / "shop.db"))
    file, tables = eval(first_look("peewee"), MODULES | {"db": database})
    assert Path(file).samefile(tmp_path / "shop.db") and tables == ["item"]
    database.close()
