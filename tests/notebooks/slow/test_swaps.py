"""With the broken set-up in the place of a fix, the table after the fix is another one."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest

from helpers.publish.execute import run, sanitized

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
TRAP = (
    'SQLALCHEMY_DATABASE_URI="sqlite:///file:///trap?mode=memory&uri=true", '
    "SQLALCHEMY_ENGINE_OPTIONS={'poolclass': __import__('sqlalchemy').pool.SingletonThreadPool}"
)

# For each notebook: what stands in the cell of a fix, and what is put in its place.
SWAPS = {
    "00": [("""f"sqlite:///{(folder.path / 'shop.db').as_posix()}\"""", '"sqlite://"')],
    "01": [('SQLALCHEMY_DATABASE_URI="sqlite://"', TRAP)],
    "02": [("poolclass=StaticPool, ", "")],
    "04": [("threads=1", "threads=None"), ("make_flask_sqlalchemy_shop", "make_shop")],
    "05": [('f"sqlite:///{new_file().as_posix()}"', '"sqlite://"')],
    "06": [
        ("values(stock=Item.stock + 1)", "values(stock=1)"),
        (', begin_with("BEGIN IMMEDIATE"))', ")"),
        ("STEPS, use_wal, items", "STEPS, items"),
    ],
    "07": [
        ("sell_lamps(new_file())", 'sell_lamps("sqlite://")'),
        ("sell_and_look_again(new_file())", 'sell_and_look_again("sqlite://")'),
        ("test_shop(new_file())", 'test_shop("sqlite://")'),
        ('setups["file"]', 'setups["default"]'),
    ],
    "08": [
        *((f'play(SCHEDULE, setups["{name}"]', 'play(SCHEDULE, setups["default"]')
          for name in ("memdb", "shared cache", "pool of one")),
        ("keep=True", "keep=False"),
    ],
    "09": [
        ("visit(postgres.url)", 'visit("sqlite://")'),
        ("play(VANISHED, server", 'play(VANISHED, setups["default"]'),
        ("play(MIND, server", 'play(MIND, setups["default"]'),
        ('RACE.replace("write", "add in SQL")', "RACE"),
    ],
    "10": [
        ('database="sqlite:///shop.db"', 'database="sqlite://"'),
        ("REQUESTS, postgres.url", 'REQUESTS, "sqlite://"'),
        ("FIRST, setups", "BOTH, setups"),
    ],
    "11": [('two_sessions(setups["memdb"]', 'two_sessions(setups["default"]')],
    "13": [('two_workers(new_file("gw0.db"), new_file("gw1.db"))', "two_workers(one, one)")],
}  # fmt: skip


@pytest.mark.parametrize("number", SWAPS)
def test_without_the_fix_the_table_is_another_one(number: str) -> None:
    """So an After table shows what the fix does, and not what would be there anyway."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    stored = nbformat.read(path, as_version=4)
    broken, changed = deepcopy(stored), set()
    for fix, no_fix in SWAPS[number]:
        found = [i for i, cell in enumerate(broken.cells) if is_after(cell) and fix in cell.source]
        assert found, f"No cell with an After table has {fix!r}."
        for i in found:
            broken.cells[i].source = broken.cells[i].source.replace(fix, no_fix)
        changed.update(found)
    del broken.cells[max(changed) + 1 :]

    for i in set(range(len(broken.cells))) - changed:
        broken.cells[i].metadata["tags"] = ["raises-exception"]  # it may need what the fix made
    fresh = run(broken, NOTEBOOKS)

    same = [
        stored.cells[i].source
        for i in changed
        if sanitized(fresh.cells[i].outputs) == sanitized(stored.cells[i].outputs)
    ]
    assert same == []


def is_after(cell: Any) -> bool:
    """Whether a cell shows a table that is called After."""
    return cell.cell_type == "code" and '"After: ' in cell.source
