"""Gives other threads time, counted in turns, so that a busy machine gives them no less."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, wait
from typing import Any

TURN = 0.01  # seconds


def give_time(futures: Collection[Future[Any]], seconds: float) -> None:
    """Wait until the futures are done, or for about so many seconds if they have to wait.

    Time is counted in turns of this thread: where a busy machine holds up the others, it holds
    up this one, too, and so they get the time that they would have had.

    :param futures: what other threads do.
    :param seconds: how long, on a machine that is not busy.
    """
    for _ in range(round(seconds / TURN)):
        if not wait(futures, timeout=TURN).not_done:
            return
