"""A schedule is played on a new database of each setup."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpers.sample import Item, count, play, setups

STEPS = {
    "add lamp": lambda session: session.add(Item(name="lamp")),
    "count": count,
    "stock": lambda session: session.scalars(select(Item.stock)).one(),
}
LOST = "Ann add lamp, Ann flush, Ben count, Ben close, Ann commit, Cem count"


@pytest.mark.parametrize(("name", "left"), [("default", "0"), ("file", "1"), ("memdb", "1")])
def test_each_scene_has_a_database_of_its_own(name: str, left: str) -> None:
    """What one scene stores, the next one does not find."""
    for _ in range(2):
        looks = play(LOST, setups[name], STEPS)
        assert looks[-1]["result"] == left


def test_the_shop_can_have_items_from_the_start() -> None:
    """With their stock."""
    [look] = play("Ann stock", setups["file"], STEPS, {"lamp": 5})

    assert look["result"] == "5"


def test_it_leaves_the_caller_no_session() -> None:
    """The sessions of a scene are closed in their threads."""
    seen: list[Session] = []
    play("Ann note", setups["file"], {"note": seen.append})

    assert not seen[0].in_transaction()
