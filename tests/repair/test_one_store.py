"""Answers to the repair of notebook 14: every right one passes, and no other."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from bank import answer_of

from helpers.repair import threads_share_the_store

HEAD = """
import sqlite3, threading
from concurrent.futures import ThreadPoolExecutor
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


LISTED = '[name for (name,) in connection.execute("SELECT name FROM note")]'
INSERT = 'self.connection.execute("INSERT INTO note VALUES (?)", (name,))'
SELECT = '[name for (name,) in self.connection.execute("SELECT name FROM note")]'
ADD = f"with self.lock, self.connection:\n            {INSERT}"
NAMES = f"with self.lock:\n            return {SELECT}"


def locked(*swaps: tuple[str, str], options: str = "False") -> Any:
    """A store with one connection, its check off and a lock, with some of its text changed."""
    source = ONE.replace("CHECK", options).replace("LOCK", "threading.Lock()")
    source = source.replace("ORDER", "self.lock, self.connection")
    for old, new in swaps:
        assert old in source, old
        source = source.replace(old, new)
    return answer_of(HEAD + source, "Store")


def lines(*code: str) -> str:
    """The body of a method."""
    return "\n        ".join(code)


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
IN_ONE_THREAD = """
class Store:
    def __init__(self, path):
        self.thread = ThreadPoolExecutor(1)
        self.connection = self.thread.submit(sqlite3.connect, path).result()
        self.run("CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY)")

    def run(self, sql, *parameters):
        def work():
            with self.connection:
                return self.connection.execute(sql, parameters).fetchall()
        return self.thread.submit(work).result()

    def add(self, name):
        self.run("INSERT INTO note VALUES (?)", name)

    def names(self):
        return [name for (name,) in self.run("SELECT name FROM note")]
"""
EXECUTE = 'self.connection.execute("SELECT name FROM note")'
HELD = f"with self.lock:\n            rows = {EXECUTE}"
LIST = "return [name for (name,) in rows]"
LOOP = """names = []
        while row := rows.fetchone():
            names.append(row[0])
        return names"""
OUTSIDE = {
    "a list made outside of the lock": lines(HELD, LIST),
    "fetchall() outside of the lock": lines(HELD, "return [name for (name,) in rows.fetchall()]"),
    "fetchall() under the lock, another time": lines(
        HELD, "with self.lock:", "    return [name for (name,) in rows.fetchall()]"),
    "fetchmany() outside of the lock": lines(
        HELD, "return [name for (name,) in rows.fetchmany(99)]"),
    "fetchone() outside of the lock": lines(HELD, LOOP),
    "the first row under the lock, and no other": lines(
        HELD, "    first = rows.fetchone()", "return [first[0], *(name for (name,) in rows)]"),
    "a generator that is returned": lines(HELD, "    return (name for (name,) in rows)"),
    "a yield outside of the lock": lines(HELD, "for (name,) in rows:", "    yield name"),
    "a cursor of its own, read outside of the lock": lines(
        HELD.replace("execute", "cursor().execute"), LIST),
    "in a transaction, and read outside of it": lines(
        HELD.replace("self.lock", "self.lock, self.connection"), LIST),
}  # fmt: skip
UNDER = {
    "fetchall() under the lock": lines(HELD, "    rows = rows.fetchall()", LIST),
    "list() under the lock": lines(HELD, "    rows = list(rows)", LIST),
    "fetchmany() under the lock": lines(HELD, "    rows = rows.fetchmany(99)", LIST),
    "fetchone() under the lock": lines(HELD, "    " + LOOP.replace("\n", "\n    ")),
    "a yield under the lock": lines(HELD, "    for (name,) in rows:", "        yield name"),
    "two queries, each under the lock": lines(
        HELD, "    rows.fetchall()", HELD, "    return [name for (name,) in rows]"),
    "one row, made in SQL": lines(
        "with self.lock:",
        f"    (names,) = {EXECUTE.replace('name FROM', 'group_concat(name) FROM')}.fetchone()",
        "return (names or '').split(',')"),
}  # fmt: skip
BY_HAND = "False, isolation_level=None"
IMMEDIATE = 'self.connection.execute("BEGIN IMMEDIATE")'
COMMIT = 'self.connection.execute("COMMIT")'
BACK = f"""try:
                {IMMEDIATE}
                {INSERT}
                {COMMIT}
            except sqlite3.Error:
                self.connection.rollback()
                raise"""
BESIDE = """
class Store:
    kept = {}

    def __init__(self, path):
        self.names_of = self.kept.setdefault(path, {})
        self.lock = threading.Lock()
        self.connection = sqlite3.connect(OPEN, check_same_thread=False)
        self.connection.execute("CREATE TABLE IF NOT EXISTS note (name TEXT)")

    def add(self, name):
        with self.lock:
            if name in self.names_of:
                raise sqlite3.IntegrityError("twice")
            with self.connection:
                self.connection.execute("INSERT INTO note VALUES ('a note')")
            self.names_of[name] = 1

    def names(self):
        with self.lock:
            return list(self.names_of)
"""
BOTH = BESIDE.replace("OPEN", "path").replace("('a note')\"", '(?)", (name,)')
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
        "a lock, and a connection of its own to read": locked(
            (NAMES, lines("with closing(sqlite3.connect(self.path)) as connection:",
                          f"    return {LISTED}")),
            ("self.lock = ", "self.path = path; self.lock = "),
        ),
        "a lock, and each statement by itself": locked(options=BY_HAND),
        "a lock, and BEGIN IMMEDIATE by hand": locked((ADD, lines(
            "with self.lock:", f"    {BACK}")), options=BY_HAND),
        "a lock, and a commit by hand": locked((ADD, lines(
            "with self.lock:", "    try:", f"        {INSERT}", "        self.connection.commit()",
            "    except sqlite3.Error:", "        self.connection.rollback()", "        raise"))),
        "BEGIN IMMEDIATE, a connection for each use": each(
            ("sqlite3.connect(self.path)", "sqlite3.connect(self.path, isolation_level=None)"),
            ("closing(self.connect()) as connection, connection:\n",
             "closing(self.connect()) as connection:\n"
             "            connection.execute('BEGIN IMMEDIATE')\n"),
            ("(name,))\n", "(name,))\n            connection.execute('COMMIT')\n"),
        ),
        "from sqlite3 import connect": each(
            ("class Store", "from sqlite3 import connect\n\nclass Store"),
            ("sqlite3.connect(", "connect("),
        ),
        "a connection under another name": each(
            ("class Store", "from sqlite3 import Connection as Line\n\nclass Store"),
            ("sqlite3.connect(", "Line("),
        ),
        "sqlite3.Connection": each(("sqlite3.connect(", "sqlite3.Connection(")),
        "sqlite3.dbapi2": each(("sqlite3.connect(", "sqlite3.dbapi2.connect(")),
        "an INSERT after comments": locked(
            ("INSERT INTO", "/* one\\n note */ -- INSERT\\n INSERT INTO")
        ),
        "an INSERT of a query's row": each(
            ("INSERT INTO note VALUES (?)",
             "WITH new(name) AS (VALUES (?)) INSERT INTO note SELECT name FROM new"),
        ),
        **{name: locked((NAMES, code)) for name, code in UNDER.items()},
        "looks for doubles first": locked(
            (ADD, lines("with self.lock, self.connection:",
                        "    twice = 'SELECT 1 FROM note WHERE name = ?'",
                        "    if self.connection.execute(twice, (name,)).fetchone():",
                        "        raise sqlite3.IntegrityError('twice')", f"    {INSERT}"))
        ),
        "an INSERT that returns its row": locked(
            (INSERT, INSERT.replace("(?)", "(?) RETURNING name") + ".fetchall()")
        ),
        "all of it in one thread": answer_of(HEAD + IN_ONE_THREAD, "Store"),
    },
    "right, but": {
        "a list made outside of the lock, each statement by itself": locked(
            (NAMES, lines(HELD, LIST)), options=BY_HAND
        ),
        "the check off, each statement by itself": one(BY_HAND, "nullcontext()"),
        "a lock around add alone, each statement by itself": locked(
            (NAMES, f"return {SELECT}"), options=BY_HAND
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
        "without a transaction's end, for each use": each(
            ("as connection, connection:", "as connection:")
        ),
        "a lock around execute, and commit outside": locked(
            (ADD, lines("with self.lock:", f"    {INSERT}", "self.connection.commit()"))
        ),
        "a lock around execute, and another time around commit": locked(
            (ADD, lines("with self.lock:", f"    {INSERT}", "with self.lock:",
                        "    self.connection.commit()"))
        ),
        "a lock around BEGIN and INSERT, and COMMIT outside": locked(
            (ADD, lines("with self.lock:", f"    {IMMEDIATE}", f"    {INSERT}", COMMIT)),
            options=BY_HAND,
        ),
        **{name: locked((NAMES, code)) for name, code in OUTSIDE.items()},
        "a lock around add alone": locked((NAMES, f"return {SELECT}")),
        "a lock for each method": locked(
            (NAMES, NAMES.replace("self.lock", "self.other")),
            ("self.lock = ", "self.other = threading.Lock(); self.lock = "),
        ),
        "a new lock each time": locked(("with self.lock", "with threading.Lock()")),
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
        "a constant beside a right add": each((LISTED, '["lamp", "mug"]')),
        "a dictionary beside a file": answer_of(HEAD + BESIDE.replace("OPEN", "path"), "Store"),
        "a dictionary beside a memory": answer_of(
            HEAD + BESIDE.replace("OPEN", '":memory:"'), "Store"
        ),
        "a dictionary beside the rows": answer_of(HEAD + BOTH, "Store"),
        "an INSERT that is not seen": each(
            ("connection.execute(\"INSERT INTO note VALUES (?)\", (name,))",
             "sqlite3.Cursor(connection).execute(\"INSERT INTO note VALUES (?)\", (name,))"),
        ),
        "no method": dict,
        "raises": each(("self.path = path", "raise OSError('no')")),
        "None": None,
        "an object": object(),
    },
}  # fmt: skip
TOLD_WHY = OUTSIDE.keys()  # their grade and its cause are tested together
ANSWERS = [
    (grade, name) for grade, answers in GRADES.items() for name in answers if name not in TOLD_WHY
]


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


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("a lock around execute, and commit outside", "after hers and before her commit"),
        ("a lock around add alone", "Cem's names() came to Ann's connection after her INSERT"),
        ("an INSERT that is not seen", "Every row is in the file. But the check saw no INSERT"),
        *((name, "Dan's INSERT came between Cem's execute() and the fetch") for name in TOLD_WHY),
        ("a dictionary beside a memory", "and the file has no row with 'lamp-"),
        ("a dictionary beside the rows", "A store on a copy of the file, made later, lists []"),
        ("without a transaction's end", "nothing had committed its INSERT"),
        ("without a transaction's end, for each use", "nothing had committed its INSERT"),
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_a_reply_names_the_cause(name: str, cause: str) -> None:
    verdict = threads_share_the_store(GRADES["not yet"][name])

    assert verdict.grade == "not yet"
    assert cause in verdict.said


@pytest.mark.parametrize("name", ["connect", "Connection"])
def test_the_names_are_as_before(name: str) -> None:
    place = {"sqlite3": sqlite3, "mine": getattr(sqlite3, name)}
    exec("class Store:\n    def __init__(self, path): mine(path).close()", place)
    before = getattr(sqlite3, name), getattr(sqlite3.dbapi2, name), place["mine"]

    threads_share_the_store(place["Store"])

    assert (getattr(sqlite3, name), getattr(sqlite3.dbapi2, name), place["mine"]) == before
