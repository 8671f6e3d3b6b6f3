"""The second worker of a shop that is starting: another thread, and what a process would do."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

from helpers.learn import Flaw
from helpers.look import describe_error
from helpers.step import STEPPED, here

SECONDS = 1.0  # for a worker that waits for something else than a lock of the database


@dataclass(frozen=True)
class Start:
    """What runs once before the server, and what runs in each worker."""

    once: tuple[Callable[[Engine], object], ...]
    each: tuple[Callable[[Engine], object], ...]


def do(functions: tuple[Callable[[Engine], object], ...], engine: Engine, who: str) -> None:
    try:
        for function in functions:
            function(engine)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a learner's code may raise anything
        raise Flaw(f"{who} failed: {describe_error(error)}.") from None
    finally:
        engine.dispose()


def meet_before(engine: Engine, order: int, do_this: Callable[[], object]) -> None:
    """Do something once, before the statement or commit of an engine that has this number."""
    reached = itertools.count(1)

    def meet(*_: Any) -> None:
        if next(reached) == order:
            do_this()

    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, meet)


class SecondWorker:
    """The second worker: it does all that it can while the first one stands still."""

    def __init__(self, start: Start, path: Path) -> None:
        self.failures: list[Flaw] = []
        self.came_first = False  # before the first one had ended
        self.waits_elsewhere = False  # and not for a lock of the database
        self._start, self._path = start, path
        self._first_done, self._rests = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="second worker", daemon=True)

    def start(self) -> None:
        """Let it do what it can until it has to wait for the first one."""
        self.came_first = True
        self._thread.start()
        self.waits_elsewhere = not self._rests.wait(SECONDS)

    def finish(self) -> None:
        """The first one is done: let this one go on, or begin."""
        self._first_done.set()
        if not self.came_first:
            self._thread.start()
        self._thread.join(5 * SECONDS)
        if self._thread.is_alive():
            self.failures.append(Flaw("One worker is up, and the other one waits for ever."))

    def _run(self) -> None:
        here.wait = self._wait
        try:
            said = "While one worker was starting, the other one"
            do(self._start.each, engine_of(self._path), said)
        except Flaw as flaw:
            self.failures.append(flaw)
        finally:
            self._rests.set()

    def _wait(self) -> bool:
        self._rests.set()
        return self._first_done.wait(SECONDS)


class OtherProcess:
    """A process that starts the same shop: it shares the file with a worker, and no memory.

    It is played by the check: all at once, it makes the tables and rows that a start has made.
    Where it would have to wait for a lock of the database, it leaves the worker alone.
    """

    def __init__(self, made: Path, path: Path) -> None:
        """It makes in ``path`` what a start has made in ``made``."""
        with closing(sqlite3.connect(made)) as connection:
            sql = "".join(connection.iterdump())
        sql = sql.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ")
        sql = sql.replace("INSERT INTO ", "INSERT OR IGNORE INTO ")
        self._sql = sql.replace("BEGIN TRANSACTION", "BEGIN IMMEDIATE")
        self._path = path
        self.came = False

    def start(self) -> None:
        """Start, and be up at once."""
        self.came = True
        connection = sqlite3.connect(self._path, timeout=0)
        with closing(connection), suppress(sqlite3.OperationalError):  # the worker has the lock
            connection.executescript(self._sql)


def engine_of(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path.absolute().as_posix()}", connect_args={**STEPPED})
    # Nobody needs this file after a power cut.
    event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))
    return engine
