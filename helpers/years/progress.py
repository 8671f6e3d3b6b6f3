"""How far a long run is, how long it will still take, and how it is interrupted."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TextIO

WIDTH = 24


class Bar:
    """A bar on one line of a terminal; elsewhere a line for each tenth.

    :param total: how many steps there are.
    :param what: their name, in the plural.
    :param guess: seconds that a step takes, until some have been timed.
    :param file: where it is drawn.
    """

    def __init__(self, total: int, what: str, guess: float, file: TextIO) -> None:
        self.total, self.what, self.guess, self.file = total, what, guess, file
        self.done = 0
        self.timed = 0
        self.start = time.monotonic()

    def step(self, label: str, steps: int = 1, timed: bool = True) -> None:
        """Go on.

        :param label: what has just been done.
        :param steps: how many steps that was.
        :param timed: whether it took time, or was there already.
        """
        before, self.done = self.done, self.done + steps
        self.timed += steps if timed else 0
        if self.file.isatty():
            end = "\n" if self.done == self.total else ""
            self.file.write(f"\r{self.line(label):<79.79}{end}")
        elif before * 10 // self.total != self.done * 10 // self.total:
            self.file.write(self.line(label) + "\n")
        self.file.flush()

    def line(self, label: str) -> str:
        """The bar as text."""
        filled = WIDTH * self.done // self.total
        bar = "#" * filled + "-" * (WIDTH - filled)
        return f"[{bar}] {self.done} of {self.total} {self.what}, {self.left()}: {label}"

    def left(self) -> str:
        """How long it will still take, in words."""
        each = (time.monotonic() - self.start) / self.timed if self.timed > 9 else self.guess
        return in_words((self.total - self.done) * each) + " left"


def in_words(seconds: float) -> str:
    """A duration, roughly."""
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min"


@contextmanager
def several(workers: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads; at an error, or Ctrl+C, what waits in it is never started.

    :param workers: how many threads.
    """
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        yield pool
    except KeyboardInterrupt:
        print("\nStopping as soon as what runs now has ended.", file=sys.stderr, flush=True)
        raise
    finally:
        pool.shutdown(cancel_futures=True)
