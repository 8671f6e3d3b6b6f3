"""Two people at one database: a panel for each setup says how the second one fares."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from helpers.sample import Item, play, setups
from helpers.show import panels

STEPS = {
    "add lamp": lambda session: session.add(Item(name="lamp")),
    "list": lambda session: list(session.scalars(select(Item.name))),
}
SCENE = "Ann add lamp, Ann flush, Ben list, Ben close, Ann commit, Cem list"
WORDS = {
    "default": "default: Ben doesn't wait, and reads ['lamp'].",
    "file": "file: Ben doesn't wait, and reads [].",
    "memdb": "memdb: Ben waits for the lock, then reads ['lamp'].",
    "pool of one": "pool of one: Ben waits for the connection, then reads ['lamp'].",
    "shared cache": "shared cache: Ben gets, at once: database table is locked: item",
}


@pytest.mark.parametrize("name", WORDS)
def test_each_setup_is_told_in_words(name: str) -> None:
    """In the picture and beside it, from what was measured."""
    picture = panels({name: play(SCENE, setups[name], STEPS)}, "How does Ben fare?")

    assert picture.alt == WORDS[name]
    assert "Ben" in picture.drawn


def test_panels_stand_side_by_side() -> None:
    """Each is as wide as the other."""
    scenes = {name: play(SCENE, setups[name], STEPS) for name in ("default", "memdb")}
    one = panels({"default": scenes["default"]}, "")
    two = panels(scenes, "")

    assert 'width="232"' in one.drawn
    assert 'width="464"' in two.drawn
    assert two.alt == f"{WORDS['default']} {WORDS['memdb']}"


def test_one_person_alone_is_no_scene() -> None:
    """One sentence says so."""
    looks = play("Ann list", setups["default"], STEPS)

    with pytest.raises(ValueError, match="'alone' has fewer than two people who ask the database"):
        panels({"alone": looks}, "")
