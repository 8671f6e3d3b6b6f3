"""Stores of notebook 14 whose threads wait for ever: the check says so, and leaves no thread."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bank import answer_of

from helpers.repair import threads_share_the_store

STORE = """
import sqlite3, threading

lock = threading.Lock()

class Store:
    of_the_class = threading.Lock()
    busy = False

    def __init__(self, path):
        self.lock, self.again = threading.Lock(), threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.execute("CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY)")
        MAKE

    def insert(self, name):
        with self.connection:
            self.connection.execute("INSERT INTO note VALUES (?)", (name,))

    def add(self, name):
        ADD

    def names(self):
        return [name for (name,) in self.connection.execute("SELECT name FROM note")]
"""
HELD = "self.lock.acquire(); self.insert(name); self.lock.release()"
FOR_EVER = """while True:
            try:
                return self.insert(name)
            except Exception:
                pass"""
LOWER = "while self.busy: pass\n        self.busy = True; self.insert(name); self.busy = False"
HANG = {
    "a lock that an error leaves held": HELD,
    "an RLock that an error leaves held": HELD.replace("self.lock", "self.again"),
    "a lock of the class that an error leaves held": HELD.replace("lock.", "of_the_class."),
    "a lock of the module that an error leaves held": HELD.replace("self.lock", "lock"),
    "a lock taken twice": "with self.lock, self.lock: self.insert(name)",
    "an event that nobody sets": "threading.Event().wait()",
    "again and again, until it works": FOR_EVER,
    "a flag that an error leaves up": LOWER,
}


NAMES = "return [name for (name,) in self.connection.execute("
HANG_IN_NAMES = {
    "a lock that names() never releases": "self.lock.acquire()",
    "a lock taken twice in names()": "self.lock.acquire(); self.lock.acquire()",
    "names() waits for an event": "threading.Event().wait()",
    "names() goes round for ever": "while True: pass",
}


def store(add: str, make: str = "pass", names: str = "pass") -> Any:
    """A store of one connection.

    :param add: the body of its method.
    :param make: what it does at its end when it is made.
    :param names: what it does before it lists the names.
    """
    source = STORE.replace("ADD", add).replace("MAKE", make)
    return answer_of(source.replace(NAMES, f"{names}\n        {NAMES}"), "Store")


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.parametrize("name", HANG)
def test_an_answer_that_hangs_is_told_who_waits(name: str) -> None:
    """And no thread is left, as after each test."""
    verdict = threads_share_the_store(store(HANG[name]))

    assert verdict.grade == "not yet"
    assert "add() isn't done after" in verdict.said


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.parametrize("name", HANG_IN_NAMES)
def test_a_hang_in_names_is_told_as_one(name: str) -> None:
    """And not as one of the add() that waits for it."""
    verdict = threads_share_the_store(
        store("with self.lock: self.insert(name)", names=HANG_IN_NAMES[name])
    )

    assert verdict.grade == "not yet"
    assert "names() isn't done after" in verdict.said


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_a_store_that_is_never_made_is_told_so() -> None:
    verdict = threads_share_the_store(store("pass", make="self.lock.acquire(); " * 2))

    assert "Dan's Store(path) isn't done after" in verdict.said


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_an_interrupt_ends_an_answer_that_hangs() -> None:
    """As the stop button does: one interrupt, and no thread is left."""
    somebody_waits = threading.Event()

    class Store(store(HELD)):  # type: ignore[misc]
        def add(self, name: str) -> None:
            if self.lock.locked():
                somebody_waits.set()
            super().add(name)

    def interrupt() -> None:
        somebody_waits.wait()
        signal.raise_signal(signal.SIGINT)

    with ThreadPoolExecutor(1) as other:
        interrupted = other.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            threads_share_the_store(Store)
        interrupted.result()
