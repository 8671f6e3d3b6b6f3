"""Threads at full speed, in a process of their own, told in words."""

from __future__ import annotations

import os

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from helpers.sample import Item, at_full_speed, setups


def store(engine: Engine, name: str) -> None:
    """Store an item."""
    with Session(engine) as session:
        session.add(Item(name=name))
        session.commit()


def lose(engine: Engine, name: str) -> None:
    """Acknowledge an item without storing it."""
    with Session(engine) as session:
        session.add(Item(name=name))
        session.flush()


def crash(engine: Engine, name: str) -> None:
    """End the process as a crash does."""
    os.kill(os.getpid(), 9)


def test_a_setup_that_keeps_rows_is_clean() -> None:
    """Two threads that wait for each other lose nothing."""
    said = at_full_speed(store, setups["pool of one"], threads=2, times=5)

    assert said == "Clean: 10 transactions, and each of their items is there."


def test_what_is_missing_is_counted() -> None:
    """An item that was acknowledged, and is not there."""
    said = at_full_speed(lose, setups["memdb"], threads=2, times=5)

    assert "0 failed. 10 were acknowledged. Of these, 10 can't be found." in said


def test_the_end_of_the_process_is_told() -> None:
    """By the name of the signal; the caller is alive."""
    said = at_full_speed(crash, setups["memdb"], threads=2, times=5)

    assert said == "Not clean: the system ended the process with SIGKILL."
