"""Notebook 10: do two workers come up that start at the same moment, and with one lamp?"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from helpers.learn import Verdict
from helpers.look import describe_error
from helpers.repair.watch import watched
from helpers.step import STEPPED, here

ONCE, EACH = "before the server", "in each worker"
ORDERS = 40  # more statements than any start of this shop has
SECONDS = 1.0  # for a worker that waits for something else than a lock of the database


class Flaw(Exception):
    """What a start did wrong, as a sentence."""


@dataclass(frozen=True)
class Start:
    """What runs once before the server, and what runs in each worker."""

    once: tuple[Callable[[Engine], object], ...]
    each: tuple[Callable[[Engine], object], ...]


def both_workers_start(start: object) -> Verdict:
    """Judge how a shop starts, in every order of two workers, twice, and with a shop in use.

    :param start: the learner's dictionary of two lists of functions of an engine.
    """
    try:
        tried = _read(start)
        with watched() as statements:
            orders = sum(1 for _ in _orders(tried))
            _keeps_a_shop_in_use(tried)
            caught = [each.error for each in statements if each.error]
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    if caught:
        return Verdict(
            "right, but",
            "both workers came up in every order, with one lamp. On the way a worker met"
            f" “{caught[0]}” and went on. Whatever else goes wrong there is passed over as well:"
            " *Two workers at start* does without.",
        )
    said = f"Both workers came up, with one lamp, and again. (Orders that were tried: {orders}.)"
    return Verdict("right", said)


def _read(start: object) -> Start:
    if not isinstance(start, dict) or set(start) != {ONCE, EACH}:
        raise Flaw(f"The check was given {start!r}: keep the dictionary with its two lists.")
    for functions in start.values():
        if not isinstance(functions, list | tuple) or not all(map(callable, functions)):
            raise Flaw(f"A list holds {functions!r}: put functions of an engine into it.")
    return Start(tuple(start[ONCE]), tuple(start[EACH]))


def _orders(start: Start) -> Iterator[int]:
    """The second worker starts just before each statement of the first, and after the last."""
    for order in range(1, ORDERS):
        path = Path(f"order-{order}.db")
        _command(start, path)
        more = _two_workers(start, path, order)
        _has_one_lamp(path)
        _command(start, path)  # the next deployment
        _worker(start, path)
        _has_one_lamp(path)
        yield order
        if not more:
            return


def _keeps_a_shop_in_use(start: Start) -> None:
    """What the shop has stored is there after the next start."""
    path = Path("in-use.db")
    _command(start, path)
    _worker(start, path)
    _run(
        path, "UPDATE item SET stock = 7", "INSERT INTO item (id, name, stock) VALUES (9, 'rug', 3)"
    )
    _command(start, path)
    _worker(start, path)
    left = _rows(path)
    if left != [("lamp", 7), ("rug", 3)]:
        raise Flaw(
            "A shop in use had a lamp with a stock of 7 and a rug with a stock of 3. After its next"
            f" start it has {left}."
        )


def _command(start: Start, path: Path) -> None:
    _do(start.once, _engine(path), f"What runs {ONCE}")


def _worker(start: Start, path: Path) -> None:
    _do(start.each, _engine(path), "A worker that started alone")


def _do(functions: tuple[Callable[[Engine], object], ...], engine: Engine, who: str) -> None:
    try:
        for function in functions:
            function(engine)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a learner's code may raise anything
        raise Flaw(f"{who} failed: {describe_error(error)}.") from None  # type: ignore[arg-type]
    finally:
        engine.dispose()


def _two_workers(start: Start, path: Path, order: int) -> bool:
    """Run both workers; say whether the first one had a statement for the second to precede."""
    one, second = _engine(path), _Second(start, path)
    reached = itertools.count(1)

    def meet(*_: Any) -> None:
        if next(reached) == order:
            second.start()

    for name in ("before_cursor_execute", "commit"):
        event.listen(one, name, meet)
    failures: list[Flaw] = []
    try:
        _do(start.each, one, "The slower worker")
    except Flaw as flaw:
        failures.append(flaw)
    more = second.is_started
    second.finish()
    for failure in failures + second.failures:
        raise failure
    return more


class _Second:
    """The second worker: it does all that it can while the first one stands still."""

    def __init__(self, start: Start, path: Path) -> None:
        self.failures: list[Flaw] = []
        self._start, self._path = start, path
        self._first_done, self._rests = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="second worker", daemon=True)

    @property
    def is_started(self) -> bool:
        """Whether it came before the first one had ended."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Let it do what it can until it has to wait for the first one."""
        self._thread.start()
        self._rests.wait(SECONDS)

    def finish(self) -> None:
        """The first one is done: let this one go on, or begin."""
        self._first_done.set()
        if not self.is_started:
            self._thread.start()
        self._thread.join(5 * SECONDS)
        if self._thread.is_alive():
            self.failures.append(Flaw("One worker is up, and the other one waits for ever."))

    def _run(self) -> None:
        here.wait = self._wait
        try:
            said = "While one worker was starting, the other one"
            _do(self._start.each, _engine(self._path), said)
        except Flaw as flaw:
            self.failures.append(flaw)
        finally:
            self._rests.set()

    def _wait(self) -> bool:
        self._rests.set()
        return self._first_done.wait(SECONDS)


def _has_one_lamp(path: Path) -> None:
    names = [name for name, _ in _rows(path)]
    if names != ["lamp"]:
        raise Flaw(f"After the start of two workers, the shop has {names} instead of one lamp.")


def _rows(path: Path) -> list[tuple[str, int]]:
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT name, stock FROM item ORDER BY id"))
            return [(name, stock) for name, stock in rows]
    except Exception as error:  # noqa: BLE001 - the table may be missing, or another one
        raise Flaw(
            f"After the start of two workers, a visitor asks for the items and gets"
            f" {describe_error(error)}."
        ) from None
    finally:
        engine.dispose()


def _run(path: Path, *statements: str) -> None:
    engine = _engine(path)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path.absolute().as_posix()}", connect_args={**STEPPED})
    # Nobody needs this file after a power cut.
    event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA synchronous=OFF"))
    return engine
