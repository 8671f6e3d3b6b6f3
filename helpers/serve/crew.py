"""The threads of a LiveServer that answer requests."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.serve.handler import Client


class Crew:
    """Threads that are given one client after the other.

    :param threads: None for a new thread a client, 1 for the thread that gives, a larger
        number for a pool that takes turns.
    :param answer: what a thread does with its client.
    """

    def __init__(self, threads: int | None, answer: Callable[[Client], None]) -> None:
        self._threads, self._answer = threads, answer
        pool = threads if threads and threads > 1 else 0
        self._jobs: list[queue.SimpleQueue[Client | None]]
        self._jobs = [queue.SimpleQueue() for _ in range(pool)]
        self._given = 0
        self._started: list[threading.Thread] = []

    def start(self) -> None:
        """Start the pool, if there is one."""
        for number, jobs in enumerate(self._jobs, start=1):
            self._start_thread(f"pool-{number}", self._work, jobs)

    def give(self, client: Client) -> None:
        """Choose the thread that answers.

        :raises RuntimeError: when the system has no thread left.
        """
        self._given += 1
        if self._jobs:
            self._jobs[(self._given - 1) % len(self._jobs)].put(client)
        elif self._threads is None:
            self._start_thread(f"request-{self._given}", self._answer, client)
        else:
            self._answer(client)

    def dismiss(self) -> None:
        """Let each thread of the pool end after what it has been given."""
        for jobs in self._jobs:
            jobs.put(None)

    def join(self, deadline: float) -> None:
        """Wait for the threads to end, but for the current one.

        :param deadline: as ``time.monotonic()`` counts.
        """
        join(self._started, deadline)

    def _start_thread(self, name: str, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(name=name, target=target, args=args, daemon=True)
        thread.start()
        self._started = [each for each in self._started if each.is_alive()] + [thread]

    def _work(self, jobs: queue.SimpleQueue[Client | None]) -> None:
        """Answer the clients that one thread of the pool is given."""
        while client := jobs.get():
            self._answer(client)


def join(threads: list[threading.Thread], deadline: float) -> None:
    """Wait for threads to end, but for the current one, until a deadline."""
    for thread in threads:
        if thread is not threading.current_thread() and thread.is_alive():
            thread.join(max(0, deadline - time.monotonic()))
