"""Notebook 14: can several threads use a store of plain ``sqlite3``, also at the same time?"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

from helpers.learn import Verdict
from helpers.look import describe_error
from helpers.repair.watch import watched
from helpers.step import give_time

BEN_WAITS = 0.4  # seconds that Ann gives Ben, who may have to wait for her
# https://docs.python.org/3/library/sqlite3.html#sqlite3.connect, of check_same_thread
INTERRUPTED = (
    "But Ben's statement came to Ann's connection before hers had ended, and nothing held it up."
    " Python's manual wants what writes to be done by one thread after the other there: with a"
    " lock, or with a connection for each use."
)


def threads_share_the_store(make_store: object) -> Verdict:
    """Judge a class of a store, or a function that makes one.

    :param make_store: of the path of a file; what it makes has ``add(name)`` and ``names()``.
    """
    if not callable(make_store):
        return Verdict("not yet", f"The check calls a class and was given {make_store!r}.")
    with watched(), ThreadPoolExecutor(1, "Ben") as ben, ThreadPoolExecutor(1, "Cem") as cem:
        return _judged(make_store, ben, cem)


def _judged(make_store: Callable[[str], Any], ben: Any, cem: Any) -> Verdict:
    anns = _Transaction()
    with patch.object(sqlite3, "connect", anns.connecting(sqlite3.connect)):
        store = make_store(str(Path("store.db").absolute()))
        if said := _said(cem, lambda: store.add("mug")):
            return Verdict("not yet", f"A thread that did not make the store got {said}.")
        said = _said(ben, lambda: store.add("mug")) or "no error"
        if not said.startswith("IntegrityError"):
            return Verdict("not yet", f"The same name for a second time got {said}.")
        anns.meanwhile = lambda: ben.submit(_named(lambda: store.add("mug")))
        told = {"Ann": cem.submit(_named(lambda: store.add("lamp"), anns)).result()}
        seen = anns.bens
        told["Ben"] = (seen[0] if seen else anns.meanwhile()).result()
        names = _result(ben, store.names)
    if not seen and not told["Ann"]:
        return Verdict(
            "not yet", "The check never saw an INSERT of yours: store the notes with sqlite3."
        )
    if told["Ann"] or not str(told["Ben"]).startswith("IntegrityError"):
        return Verdict(
            "not yet",
            "Ann stored a lamp, and Ben a mug that was there already, at the same time."
            f" Ann got {told['Ann'] or 'no error'}, Ben got {told['Ben'] or 'no error'}.",
        )
    kept = _result(cem, make_store(str(Path("store.db").absolute())).names)
    if sorted(names) != ["lamp", "mug"] or sorted(kept) != ["lamp", "mug"]:
        return Verdict(
            "not yet",
            "Ann stored a lamp while Ben's mug was refused. Nobody but Ben got an error, and the"
            f" store has {names!r}; a store on the same file, made later, has {kept!r}.",
        )
    if anns.interrupted:
        return Verdict("right, but", f"every row is there. {INTERRUPTED}")
    return Verdict("right", "Three threads used it, two of them at once, and every row is there.")


class _Transaction:
    """Ann's transaction: Ben comes in the middle of it, and has time there and at its end."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.meanwhile: Callable[[], Future[str]] | None = None
        self.bens: list[Future[str]] = []
        self.busy: sqlite3.Connection | None = None
        self.interrupted = False

    def before(self, cursor: sqlite3.Cursor) -> None:
        """Note when another thread comes to Ann's connection in the middle of her statement."""
        if cursor.connection is self.busy and threading.current_thread() is not self.thread:
            self.interrupted = True

    def after(self, sql: str, cursor: Any) -> Any:
        """Let Ben come after an INSERT of Ann's thread; return the cursor."""
        mine = threading.current_thread() is self.thread
        if mine and self.meanwhile and sql.lstrip().upper().startswith("INSERT"):
            self.busy = cursor.connection
            self.bens.append(self.meanwhile())
            give_time(self.bens, BEN_WAITS)
            self.busy = None
        return cursor

    def before_the_end(self) -> None:
        """Give Ben time again, who may have waited for the statement only."""
        if threading.current_thread() is self.thread:
            give_time(self.bens, BEN_WAITS)

    def connecting(self, connect: Callable[..., Any]) -> Callable[..., Any]:
        """A ``sqlite3.connect`` whose connections let Ben come."""
        anns = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *parameters: Any) -> Any:
                anns.before(self)
                return anns.after(sql, super().execute(sql, *parameters))

            def executemany(self, sql: str, *parameters: Any) -> Any:
                anns.before(self)
                return anns.after(sql, super().executemany(sql, *parameters))

        class Connection(sqlite3.Connection):
            def cursor(self, factory: Any = Cursor) -> Any:
                return super().cursor(factory)

            def execute(self, sql: str, *parameters: Any) -> Any:
                return self.cursor().execute(sql, *parameters)

            def executemany(self, sql: str, *parameters: Any) -> Any:
                return self.cursor().executemany(sql, *parameters)

            def commit(self) -> None:
                anns.before_the_end()
                super().commit()

            def __exit__(self, *error: Any) -> Any:
                anns.before_the_end()
                return super().__exit__(*error)

        return lambda *args, **options: connect(*args, **{"factory": Connection, **options})


def _named(action: Callable[[], Any], anns: _Transaction | None = None) -> Callable[[], str]:
    def run() -> str:
        if anns:
            anns.thread = threading.current_thread()
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
