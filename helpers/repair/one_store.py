"""Notebook 14: can several threads use a store of plain ``sqlite3``, also at the same time?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import randrange
from typing import Any

from helpers.learn import Flaw, Verdict
from helpers.look import describe_error
from helpers.repair.overlap import Overlap, Overlaps
from helpers.repair.unfetched import Unfetched
from helpers.repair.watch import watched
from helpers.repair.workers import Worker, workers

# https://docs.python.org/3/library/sqlite3.html#sqlite3.connect, of check_same_thread
INTERRUPTED = (
    "But another thread's statement came to Ann's connection before hers had ended, and nothing"
    " held it up. Python's manual asks you to let one thread write at a time there: use a lock,"
    " or a connection for each use."
)
MIXED = (
    "Every row is there, this time. But Ben's INSERT came to Ann's connection after hers and"
    " before her commit: both were in one transaction, which a commit or a rollback of either"
    " ends for both. *The check off is half a fix* shows what that can cost."
)
NOT_COMMITTED = (
    "add() stored a mug and returned, and nothing had committed its INSERT: as long as nobody"
    " commits, the mug is in no file."
)
BETWEEN = (
    "Dan's INSERT came between Cem's execute() and the fetch of its rows: fetch under the lock."
)
UNSEEN = (
    "Every row is in the file. But the check saw no INSERT, so it can't say what happens when"
    " threads meet there: it sees connections that `sqlite3.connect(path)` opens without a"
    " factory, and what their execute() runs."
)


def threads_share_the_store(make_store: object) -> Verdict:
    """Judge a class of a store, or a function that makes one.

    :param make_store: of the path of a file; what it makes has ``add(name)`` and ``names()``.
    """
    if not callable(make_store):
        return Verdict("not yet", f"The check calls a class and was given {make_store!r}.")
    connect = Overlaps()
    try:
        with (
            watched(),
            workers("Ann", "Ben", "Cem", "Dan") as threads,
            connect.listening_to(make_store, getattr(make_store, "add", None)),
        ):
            return _judged(make_store, connect, *threads)
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    finally:
        connect.now = Overlap()


def _judged(
    make_store: Callable[[str], Any],
    connect: Overlaps,
    ann: Worker,
    ben: Worker,
    cem: Worker,
    dan: Worker,
) -> Verdict:
    # At random, so that no store knows them beforehand.
    lamp, mug, rug = (f"{what}-{randrange(1000, 10000)}" for what in ("lamp", "mug", "rug"))
    path = Path("store.db").absolute()
    store = dan.result(dan.submit(lambda: make_store(str(path))), "Store(path)")
    if said := _said(ann, lambda: store.add(mug)):
        raise Flaw(f"A thread that did not make the store got {said}.")
    if connect.now.connection:
        raise Flaw(NOT_COMMITTED)
    for reader in (cem, ben):  # a names() that hangs is found before anybody waits for it
        _names(reader, store)
    said = _said(ben, lambda: store.add(mug)) or "no error"
    if not said.startswith("IntegrityError"):
        raise Flaw(f"The same name for a second time got {said}.")
    listed: list[str] = []
    connect.now = overlap = Overlap({
        "Cem": lambda: cem.submit(_named(lambda: listed.extend(store.names()))),
        "Ben": lambda: ben.submit(_named(lambda: store.add(mug))),
    })  # fmt: skip
    told = {"Ann": _said(ann, lambda: overlap.traced(lambda: store.add(lamp)))}
    for worker, what in ((cem, "names()"), (ben, "add()")):
        call = overlap.others.get(worker.name) or overlap.callers[worker.name]()
        told[worker.name] = worker.result(call, what)
    if told["Ann"] or told["Cem"] or not told["Ben"].startswith("IntegrityError"):
        did = "Ann stored a lamp, Ben a mug that was there already, and Cem listed the names"
        got = ", ".join(f"{who} got {told[who] or 'no error'}" for who in ("Ann", "Ben", "Cem"))
        raise Flaw(f"{did}, at the same time. {got}.")
    _all_are_in_the_file(path, sorted([lamp, mug]), _names(ben, store))
    copy = dan.submit(lambda: make_store(str(_copy(path))))
    copied = _names(cem, dan.result(copy, "Store(path)"))
    if sorted(copied) != sorted([lamp, mug]):
        raise Flaw(f"A store on a copy of the file, made later, lists {copied!r}.")
    if not overlap.others:
        raise Flaw(UNSEEN)
    verdict = _of_the_overlap(overlap, listed)
    if verdict.grade == "not yet":
        return verdict
    connect.now = rows = Unfetched({"Dan": lambda: dan.submit(_named(lambda: store.add(rug)))})
    listing = cem.submit(_named(lambda: rows.traced(lambda: list(store.names()))))
    told["Cem"] = cem.result(listing, "names()")
    rows.cursor = rows.connection = None  # or the connection of Cem's thread outlives it
    return _of_the_fetch(rows, verdict, told["Cem"], dan)


def _all_are_in_the_file(path: Path, stored: list[str], names: list[str]) -> None:
    """Read each table of the file, with a connection of the judge's own."""
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        rows = [connection.execute(f'SELECT * FROM "{table}"') for (table,) in tables.fetchall()]
        values = {str(value) for found in rows for row in found for value in row}
    missing = [name for name in stored if name not in values]
    has = "has no row with " + ", ".join(map(repr, missing)) if missing else "has both rows"
    if sorted(names) != stored or missing:
        raise Flaw(
            f"Ann stored {stored[0]!r} while Ben's {stored[1]!r} was refused, and nobody but Ben"
            f" got an error. names() returns {names!r}, and the file {has}."
        )


def _copy(path: Path) -> Path:
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _of_the_overlap(lamp: Overlap, listed: list[str]) -> Verdict:
    if "Ben" in lamp.in_transaction:
        return Verdict("not yet", MIXED)
    if "Cem" in lamp.in_transaction:
        return Verdict(
            "not yet",
            "Cem's names() came to Ann's connection after her INSERT and before her commit, and"
            f" listed {listed!r}: a lamp that nobody had committed, and that a rollback takes.",
        )
    if lamp.in_statement:
        return Verdict("right, but", f"every row is there. {INTERRUPTED}")
    return Verdict("right", "Three threads used it, at the same time, and every row is there.")


def _of_the_fetch(rows: Unfetched, verdict: Verdict, cem: str, dan: Worker) -> Verdict:
    """Judge who came between a SELECT and the fetch of its rows.

    :param verdict: so far.
    :param cem: what the one who listed the names got, ``""`` for no error.
    :param dan: the one who stored a rug.
    """
    if rows.between and rows.uncommitted:
        return Verdict("not yet", BETWEEN)
    told = {"Cem": cem, **{who: dan.result(call, "add()") for who, call in rows.others.items()}}
    got = ", ".join(f"{who} got {error}" for who, error in told.items() if error)
    if got:
        raise Flaw(f"Cem listed the names, and Dan stored a rug, at the same time. {got}.")
    if rows.between and verdict.grade == "right":
        return Verdict("right, but", f"every row is there. But {BETWEEN}")
    return verdict


def _named(action: Callable[[], Any]) -> Callable[[], str]:
    def run() -> str:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a learner's code may raise anything
            return describe_error(error).partition(". ")[0]
        return ""

    return run


def _said(worker: Worker, action: Callable[[], Any]) -> str:
    return str(worker.result(worker.submit(_named(action)), "add()"))


def _names(worker: Worker, store: Any) -> list[str]:
    try:
        call = worker.submit(lambda: [str(each) for each in store.names()])
        return list(worker.result(call, "names()"))
    except Flaw:
        raise
    except Exception as error:  # noqa: BLE001 - a learner's code may raise anything
        return [describe_error(error)]
