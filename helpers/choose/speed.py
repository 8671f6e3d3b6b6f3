"""How long some work takes on each setup."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from time import perf_counter

from sqlalchemy import Engine

from helpers.sample import Setup, start_over
from helpers.spawn import TemporaryFolder


def time_rounds(
    setups: Iterable[Setup],
    work: Callable[[Engine], object],
    folder: TemporaryFolder,
    rounds: int,
) -> dict[str, list[float]]:
    """The seconds of some work by set-up, one number a round; the set-ups take turns.

    So what slows the machine down for a while slows all of them down.

    :param setups: the set-ups, each of which gets a new database.
    :param work: what to time, on the engine of a set-up; it runs once before, untimed.
    :param folder: where to put the databases.
    :param rounds: how many times.
    """
    seconds: dict[str, list[float]] = {}
    with ExitStack() as opened:
        engines = {s.name: opened.enter_context(s.engine(folder.new())) for s in setups}
        for engine in engines.values():
            start_over(engine)
            work(engine)
        for _ in range(rounds):
            for name, engine in engines.items():
                start = perf_counter()
                work(engine)
                seconds.setdefault(name, []).append(perf_counter() - start)
    return seconds
