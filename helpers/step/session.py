"""A session in a thread of its own, which does a step when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, cast

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from helpers.look import Observation, Observer
from helpers.step import locks

Step = Callable[[Session], Any]
POLL = 0.02  # seconds between two questions to PostgreSQL


class SteppedSession:
    """A session in a thread of its own, which does a step when it is told to.

    :param name: of the session, its thread, and the place of its looks.
    :param make_session: is called in that thread.
    :param observer: records each step.
    :param timeout: seconds that a step may take.
    """

    def __init__(
        self, name: str, make_session: Callable[[], Session], observer: Observer, timeout: float
    ) -> None:
        self.name = name
        self.backend: locks.Backend | None = None  # of the open transaction, in PostgreSQL
        self.blocked_by: list[int] = []  # the pids of such backends
        self._make_session, self._observer, self._timeout = make_session, observer, timeout
        self._orders: SimpleQueue[tuple[str, Step] | None] = SimpleQueue()
        self._reports: SimpleQueue[Any] = SimpleQueue()  # a look, an error, None for blocked
        self._step, self._state = "start", "idle"
        self._gives_up = self._parked = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def do(self, step: str, action: Step) -> Observation | None:
        """Do a step.

        :returns: its look when it has come to its end, None when it is blocked.
        :raises TimeoutError: when it does neither in time.
        """
        if self._thread.ident is None:  # not earlier: no two sessions are to be made at once
            self._thread.start()
        self._step, self._gives_up = step, False
        self._orders.put((step, action))
        return self._outcome()

    def try_again(self) -> Observation | None:
        """Try the blocked step again, with the same answer as ``do``."""
        self._wake()
        return self._outcome()

    def give_up(self) -> Observation | None:
        """Let the blocked step fail."""
        self._stop_waiting()
        return self._outcome()

    def end(self) -> None:
        """Close the session in its thread. One that hangs is closed when its step returns."""
        if self._state == "blocked":
            self._stop_waiting()
        self._gives_up = True  # after an interrupt, a step may block only now
        self._orders.put(None)
        self._orders.put(None)  # such a step takes the first one
        if self._thread.ident and self._state != "running":
            self._thread.join(self._timeout)

    def _outcome(self) -> Observation | None:
        deadline, self._state = monotonic() + self._timeout, "running"
        while (left := deadline - monotonic()) > 0:
            try:
                report = self._reports.get(timeout=min(left, POLL))
            except Empty:
                if not self._waits_in_server():
                    continue
                report = None
            self._state = "blocked" if report is None else "idle"
            if isinstance(report, BaseException):
                raise report
            return cast("Observation | None", report)
        raise TimeoutError(
            f"The step {self._step!r} of the session {self.name} did not end within"
            f" {self._timeout:g} s: end what it waits for, or pass a longer timeout."
        )

    def _waits_in_server(self) -> bool:
        if self._gives_up or not (backend := self.backend):
            return False
        self.blocked_by = backend.ask("pg_blocking_pids")
        return bool(self.blocked_by)

    def _stop_waiting(self) -> None:
        self._gives_up = True
        if self.backend and not self.backend.is_in_deadlock():  # which ends by itself
            self.backend.ask("pg_cancel_backend")
        self._wake()

    def _wake(self) -> None:
        if self._parked:
            self._parked = False
            self._orders.put(None)

    # What follows runs in the thread.

    def _run(self) -> None:
        locks.here.wait = self._wait
        try:
            with self._make_session() as session:
                event.listen(session, "after_begin", self._note_begin)
                event.listen(session, "after_transaction_end", self._note_end)
                while order := self._orders.get():
                    step, action = order
                    self._reports.put(
                        self._observer.look(step, partial(action, session), place=self.name)
                    )
        except BaseException as error:  # noqa: BLE001 - it is raised where the schedule runs
            self._reports.put(error)

    def _wait(self) -> bool:
        """Report that a lock is in the way, and wait; true to try again, false to fail."""
        if not self._gives_up:
            self._parked = True
            self._reports.put(None)
            self._orders.get()
        return not self._gives_up

    def _note_begin(self, session: Session, transaction: Any, connection: Connection) -> None:
        self.backend = locks.backend_of(connection)

    def _note_end(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            self.backend = None
