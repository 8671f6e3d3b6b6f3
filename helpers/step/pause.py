"""A place in the code where one thread waits, so that another one can do something first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

TIMEOUT = 10.0  # seconds; the lesson goes on in milliseconds


class Pause:
    """A call that waits where it stands, until it is let go on.

    ::

        pay = Pause()  # a view calls pay()
        with pay.holds(server.post, "/buy") as purchase:
            server.get("/items")  # in the meantime
        answer = purchase.result()
    """

    def __init__(self) -> None:
        self._reached, self._go_on = Event(), Event()

    def __call__(self) -> None:
        """Wait here, in the thread that calls this."""
        self._reached.set()
        self._go_on.wait(TIMEOUT)

    @contextmanager
    def holds(self, call: Callable[..., Any], *arguments: Any) -> Iterator[Future[Any]]:
        """Call a function in a thread, and go on here as soon as it waits at the pause.

        It goes on when the block ends, and the block ends when it has.

        :param call: the function.
        :param arguments: what to call it with.
        :returns: its future. What it raises is raised by ``result()``.
        """
        self._reached.clear()
        self._go_on.clear()
        with ThreadPoolExecutor(1, "buyer") as other:
            future = other.submit(call, *arguments)
            future.add_done_callback(lambda _: self._reached.set())  # also if it never gets there
            try:
                self._reached.wait(TIMEOUT)
                yield future
            finally:
                self._go_on.set()
