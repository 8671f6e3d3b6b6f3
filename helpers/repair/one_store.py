"""Notebook 14: can several threads use a store of plain ``sqlite3``, also at the same time?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

from helpers.learn import Verdict
from helpers.look import describe_error
from helpers.repair.overlap import Overlap, Overlaps
from helpers.repair.watch import watched

# https://docs.python.org/3/library/sqlite3.html#sqlite3.connect, of check_same_thread
INTERRUPTED = (
    "But another thread's statement came to Ann's connection before hers had ended, and nothing"
    " held it up. Python's manual wants what writes to be done by one thread after the other"
    " there: with a lock, or with a connection for each use."
)
MIXED = (
    "Every row is there, this time. But Ben's INSERT came to Ann's connection after hers and"
    " before her commit: both were in one transaction, which a commit or a rollback of either"
    " ends for both. *The check off is half a fix* shows what that takes."
)
NOT_COMMITTED = (
    "add() stored a mug and returned, and nothing had committed its INSERT: as long as nobody"
    " commits, the mug is in no file."
)


def threads_share_the_store(make_store: object) -> Verdict:
    """Judge a class of a store, or a function that makes one.

    :param make_store: of the path of a file; what it makes has ``add(name)`` and ``names()``.
    """
    if not callable(make_store):
        return Verdict("not yet", f"The check calls a class and was given {make_store!r}.")
    with (
        watched(),
        ThreadPoolExecutor(1, "Ann") as ann,
        ThreadPoolExecutor(1, "Ben") as ben,
        ThreadPoolExecutor(1, "Cem") as cem,
    ):
        return _judged(make_store, ann, ben, cem)


def _judged(make_store: Callable[[str], Any], ann: Any, ben: Any, cem: Any) -> Verdict:
    connect = Overlaps(sqlite3.connect)
    with patch.object(sqlite3, "connect", connect):
        store = make_store(str(Path("store.db").absolute()))
        if said := _said(ann, lambda: store.add("mug")):
            return Verdict("not yet", f"A thread that did not make the store got {said}.")
        if connect.now.connection:
            return Verdict("not yet", NOT_COMMITTED)
        said = _said(ben, lambda: store.add("mug")) or "no error"
        if not said.startswith("IntegrityError"):
            return Verdict("not yet", f"The same name for a second time got {said}.")
        listed: list[str] = []
        connect.now = lamp = Overlap({
            "Cem": lambda: cem.submit(_named(lambda: listed.extend(store.names()))),
            "Ben": lambda: ben.submit(_named(lambda: store.add("mug"))),
        })  # fmt: skip
        told = {"Ann": _said(ann, lambda: lamp.traced(lambda: store.add("lamp")))}
        told |= {
            who: (lamp.others.get(who) or call()).result() for who, call in lamp.callers.items()
        }
        names = _result(ben, store.names)
    if not lamp.others and not told["Ann"]:
        return Verdict(
            "not yet", "The check never saw an INSERT of yours: store the notes with sqlite3."
        )
    if told["Ann"] or told["Cem"] or not told["Ben"].startswith("IntegrityError"):
        did = "Ann stored a lamp, Ben a mug that was there already, and Cem listed the names"
        got = ", ".join(f"{who} got {told[who] or 'no error'}" for who in ("Ann", "Ben", "Cem"))
        return Verdict("not yet", f"{did}, at the same time. {got}.")
    kept = _result(cem, make_store(str(Path("store.db").absolute())).names)
    if sorted(names) != ["lamp", "mug"] or sorted(kept) != ["lamp", "mug"]:
        return Verdict(
            "not yet",
            "Ann stored a lamp while Ben's mug was refused. Nobody but Ben got an error, and the"
            f" store has {names!r}; a store on the same file, made later, has {kept!r}.",
        )
    return _of_the_overlap(lamp, listed)


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


def _named(action: Callable[[], Any]) -> Callable[[], str]:
    def run() -> str:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a learner's code may raise anything
            return describe_error(error).partition(". ")[0]
        return ""

    return run


def _said(thread: Any, action: Callable[[], Any]) -> str:
    return str(thread.submit(_named(action)).result())


def _result(thread: Any, action: Callable[[], Any]) -> list[str]:
    try:
        return [str(each) for each in thread.submit(action).result()]
    except Exception as error:  # noqa: BLE001 - a learner's code may raise anything
        return [describe_error(error)]
