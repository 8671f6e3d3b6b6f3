"""Others are given time, until they are done or for as long as was said."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from helpers.step import give_time


def test_it_ends_as_soon_as_all_are_done() -> None:
    """And does not use up the time."""
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(lambda: "done")
        give_time([done], seconds=3600)

    assert done.done()


def test_it_ends_when_others_have_to_wait() -> None:
    """They may wait for the very thread that gives them time."""
    mine = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        waits = thread.submit(mine.wait)
        give_time([waits], seconds=0.05)

        assert not waits.done()
        mine.set()
