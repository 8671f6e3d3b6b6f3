"""What the shop meets outside of itself: a payment provider, and a gate before its first rows."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Condition, Event
from typing import Any

from flask import Flask

from helpers.serve import LiveServer

PATIENCE = 20.0  # seconds that a payment may take
STUCK = 5.0  # seconds after which a customer who waits is said to wait
GATE = 3.0  # seconds that a process waits for one that never comes to the gate


class Outside:
    """A server that the processes of the shop call; use it as a context manager.

    ``POST /charges/<number>/<product>`` takes a payment, or refuses it with 402.
    ``GET /booted`` says that a web process has loaded the app. ``GET /gate/<when>/<what>`` is
    asked before a web process creates a table or stores a product, and is answered when every
    other one has come as far: so what can happen between two processes does happen.
    """

    def __init__(self) -> None:
        self.charges: list[tuple[str, str]] = []
        self.refused: set[str] = set()
        self._asked: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._may_answer = Event()
        self._may_answer.set()
        self._came = Condition()
        self._expected, self._booted = 0, 0
        self._at_the_gate: Counter[str] = Counter()
        app = Flask("outside")
        app.add_url_rule("/charges/<number>/<name>", view_func=self._charge, methods=["POST"])
        app.add_url_rule("/booted", view_func=self._boot)
        app.add_url_rule("/gate/<when>/<what>", view_func=self._gate)
        self._server = LiveServer(app)

    @property
    def url(self) -> str:
        """Its address."""
        return self._server.url

    def hold(self) -> None:
        """Let payments wait for ``go_on``."""
        self._asked = SimpleQueue()
        self._may_answer.clear()

    def go_on(self) -> None:
        """Answer the payments that wait."""
        self._may_answer.set()

    def next_charge(self, order: Future[Any]) -> tuple[str, str] | None:
        """The next payment that is asked for.

        None when the order is answered without one, or nothing happens for some seconds.
        """
        order.add_done_callback(lambda _: self._asked.put(None))
        try:
            return self._asked.get(timeout=STUCK)
        except Empty:
            return None

    def expect(self, processes: int) -> None:
        """From now on, so many processes load the app."""
        with self._came:
            self._expected, self._booted = processes, 0
            self._at_the_gate.clear()

    def have_booted(self, processes: int, timeout: float) -> bool:
        """Whether so many processes have loaded the app, after some seconds at most."""
        with self._came:
            return self._came.wait_for(lambda: self._booted >= processes, timeout)

    def __enter__(self) -> Outside:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.go_on()
        self._server.stop()

    def _charge(self, number: str, name: str) -> tuple[str, int]:
        if name in self.refused:
            return "refused", 402
        self.charges.append((number, name))
        self._asked.put((number, name))
        self._may_answer.wait(PATIENCE)
        return "paid", 200

    def _boot(self) -> str:
        with self._came:
            self._booted += 1
            self._came.notify_all()
        return "well"

    def _gate(self, when: str, what: str) -> str:
        def all_came() -> bool:
            others = self._booted if when == "start" else 0
            return self._at_the_gate[what] + others >= self._expected

        with self._came:
            self._at_the_gate[what] += 1
            self._came.notify_all()
            return "together" if self._came.wait_for(all_came, GATE) else "alone"
