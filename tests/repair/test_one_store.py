"""Answers to the repair of notebook 14: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of

from helpers.repair import threads_share_the_store

HEAD = """
import queue, sqlite3, threading
from contextlib import closing, nullcontext
"""
ONE = """
class Store:
    def __init__(self, path):
        self.lock = LOCK
        self.connection = sqlite3.connect(path, check_same_thread=CHECK)
        self.connection.execute("CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY)")

    def add(self, name):
        with ORDER:
            self.connection.execute("INSERT INTO note VALUES (?)", (name,))

    def names(self):
        with self.lock:
            return [name for (name,) in self.connection.execute("SELECT name FROM note")]
"""
EACH = """
class Store:
    def __init__(self, path):
        self.path = path
        with closing(self.connect()) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY)")

    def connect(self):
        return sqlite3.connect(self.path)

    def add(self, name):
        with closing(self.connect()) as connection, connection:
            connection.execute("INSERT INTO note VALUES (?)", (name,))

    def names(self):
        with closing(self.connect()) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM note")]
"""


def one(check: str, lock: str, order: str = "self.lock, self.connection") -> Any:
    """A store with one connection."""
    source = ONE.replace("CHECK", check).replace("LOCK", lock).replace("ORDER", order)
    return answer_of(HEAD + source, "Store")


def each(*swaps: tuple[str, str]) -> Any:
    """A store with a connection for each use, with some of its text changed."""
    source = EACH
    for old, new in swaps:
        assert old in source, old
        source = source.replace(old, new)
    return answer_of(HEAD + source, "Store")


CURSOR = (
    ONE.replace("CHECK", "False")
    .replace("LOCK", "nullcontext()")
    .replace("ORDER", "self.connection")
    .replace('execute("INSERT', 'cursor().execute("INSERT')
)
LISTED = '[name for (name,) in connection.execute("SELECT name FROM note")]'
GRADES = {
    "right": {
        "a connection for each use": each(),
        "a connection for each thread": each(
            (
                "    def connect(self):\n        return sqlite3.connect(self.path)",
                "    here = threading.local()\n\n    def connect(self):\n"
                "        if not hasattr(self.here, 'connection'):\n"
                "            self.here.connection = sqlite3.connect(self.path)\n"
                "        return self.here.connection",
            ),
            ("closing(self.connect())", "nullcontext(self.connect())"),
        ),
        "commits by hand": each(
            (
                "with closing(self.connect()) as connection, connection:",
                "with closing(self.connect()) as connection:",
            ),
            ("(name,))\n", "(name,)); connection.commit()\n"),
        ),
        "the check off and a lock": one("False", "threading.Lock()"),
        "the check off and a lock that may be taken twice": one("False", "threading.RLock()"),
    },
    "right, but": {
        "the check off, each statement by itself": one(
            "False, isolation_level=None", "nullcontext()"
        ),
    },
    "not yet": {
        "as it is": one("True", "nullcontext()"),
        "the check off": one("False", "nullcontext()"),
        "the check off, through a cursor": answer_of(HEAD + CURSOR, "Store"),
        "a lock, and the check on": one("True", "threading.Lock()"),
        "a lock for the statement only": one(
            "False", "threading.Lock()", "self.connection, self.lock"
        ),
        "without a transaction's end": one("False", "threading.Lock()", "self.lock"),
        "a list in Python": answer_of(
            "class Store:\n    kept = []\n    def __init__(self, path): pass\n"
            "    def add(self, name): self.kept.append(name)\n"
            "    def names(self): return self.kept",
            "Store",
        ),
        "doubles are ignored": each(("INSERT INTO", "INSERT OR IGNORE INTO")),
        "in memory, for each use": each(("connect(self.path)", 'connect(":memory:")')),
        "a constant": each(
            (LISTED, '["lamp", "mug"]'),
            ("connection.execute(\"INSERT INTO note VALUES (?)\", (name,))", "pass"),
        ),
        "no method": dict,
        "raises": each(("self.path = path", "raise OSError('no')")),
        "None": None,
        "an object": object(),
    },
}  # fmt: skip
ANSWERS = [(grade, name) for grade, answers in GRADES.items() for name in answers]


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("grade", "name"), ANSWERS, ids=[name for _, name in ANSWERS])
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Alone, and with a sentence."""
    try:
        verdict = threads_share_the_store(GRADES[grade][name])
    except Exception as error:  # noqa: BLE001 - as check() would say it
        assert grade == "not yet", error
        return

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
