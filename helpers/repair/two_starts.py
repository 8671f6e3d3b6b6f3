"""Notebook 10: do two workers come up that start at the same moment, and with one lamp?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from helpers.learn import Flaw, Verdict
from helpers.look import describe_error
from helpers.repair.starting import (
    OtherProcess,
    SecondWorker,
    Start,
    do,
    engine_of,
    meet_before,
)
from helpers.repair.watch import watched

ONCE, EACH = "before the server", "in each worker"
ORDERS = 40  # more statements than any start of this shop has


def both_workers_start(start: object) -> Verdict:
    """Judge how a shop starts, in every order of two workers, twice, and with a shop in use.

    :param start: the learner's dictionary of two lists of functions of an engine.
    """
    try:
        tried = _read(start)
        with watched() as statements:
            alone = _other_process(tried)
            lock_files = _files_beside_the_databases()
            orders = sum(1 for _ in _orders(tried, bool(alone) and not lock_files))
            _keeps_a_shop_in_use(tried)
            caught = [each.error for each in statements if each.error]
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    if alone and not lock_files:
        return Verdict("not yet", alone)
    if alone:
        return Verdict(
            "right, but",
            f"your workers wait for each other at the file {lock_files[0]!r}. A process that"
            f" doesn't know of that file isn't stopped. {alone}",
        )
    if caught:
        return Verdict(
            "right, but",
            "both workers came up in every order, with one lamp. On the way a worker met"
            f" “{caught[0]}” and went on. Whatever else goes wrong there is passed over as well:"
            " *Two workers at start* does without.",
        )
    how = "At their start they run no statement, so none can come in between."
    if orders > 1:
        each = f"each of {orders - 1} statements" if orders > 2 else "the one statement"
        how = f"The second one came in before {each} of the first, and after it."
    return Verdict("right", f"Both workers came up, with one lamp, and again. {how}")


def _read(start: object) -> Start:
    if not isinstance(start, dict) or set(start) != {ONCE, EACH}:
        raise Flaw(f"The check was given {start!r}: keep the dictionary with its two lists.")
    for functions in start.values():
        if not isinstance(functions, list | tuple) or not all(map(callable, functions)):
            raise Flaw(f"A list holds {functions!r}: put functions of an engine into it.")
    return Start(tuple(start[ONCE]), tuple(start[EACH]))


def _orders(start: Start, no_use_in_waiting: bool) -> Iterator[int]:
    """The second worker starts just before each statement of the first, and after the last.

    :param no_use_in_waiting: ends it where a worker waits for something else than a lock of the
        database, which takes its time in each order.
    """
    for order in range(1, ORDERS):
        path = Path(f"order-{order}.db")
        _command(start, path)
        second = _two_workers(start, path, order)
        _has_one_lamp(path)
        _command(start, path)  # the next deployment
        _worker(start, path)
        _has_one_lamp(path)
        yield order
        if not second.came_first or (second.waits_elsewhere and no_use_in_waiting):
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
    do(start.once, engine_of(path), f"What runs {ONCE}")


def _worker(start: Start, path: Path) -> None:
    do(start.each, engine_of(path), "A worker that started alone")


def _two_workers(start: Start, path: Path, order: int) -> SecondWorker:
    """Run both workers, and return the second one."""
    one, second = engine_of(path), SecondWorker(start, path)
    meet_before(one, order, second.start)
    failures: list[Flaw] = []
    try:
        do(start.each, one, "The slower worker")
    except Flaw as flaw:
        failures.append(flaw)
    second.finish()
    for failure in failures + second.failures:
        raise failure
    return second


def _other_process(start: Start) -> str:
    """What goes wrong where the second one is a process that shares no memory, if anything."""
    made = Path("made.db")
    _command(start, made)
    _worker(start, made)
    for order in range(1, ORDERS):
        path = Path(f"process-{order}.db")
        _command(start, path)
        one, other = engine_of(path), OtherProcess(made, path)
        meet_before(one, order, other.start)
        try:
            do(start.each, one, "Your worker")
            _has_one_lamp(path)
        except Flaw as flaw:
            return (
                "Another process made the tables and the lamp while your worker stood before its"
                f" statement {order}. {flaw} In its memory, that process has nothing of yours: no"
                " lock, no list and no flag."
            )
        if not other.came:
            break
    return ""


def _files_beside_the_databases() -> list[str]:
    files = [each.name for each in Path().iterdir()]
    databases = tuple(name for name in files if name.endswith(".db"))
    ours = {name + end for name in databases for end in ("", "-journal", "-wal", "-shm")}
    return sorted(set(files) - ours)


def _has_one_lamp(path: Path) -> None:
    names = [name for name, _ in _rows(path)]
    if names != ["lamp"]:
        raise Flaw(f"After the start of two workers, the shop has {names} instead of one lamp.")


def _rows(path: Path) -> list[tuple[str, int]]:
    engine = engine_of(path)
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
    engine = engine_of(path)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
