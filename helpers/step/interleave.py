"""Sessions side by side, each in a thread of its own, stepped by a written schedule.

One session does one step at a time, so every run is the same. A step that has to wait for
a lock is reported as blocked, and the schedule goes on without its session.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any

from sqlalchemy.orm import Session

from helpers.look import Observation, Observer
from helpers.step.locks import STEPPED
from helpers.step.session import Step, SteppedSession

__all__ = ["STEPPED", "interleave"]

BUILT_IN = {name: methodcaller(name) for name in ("flush", "commit", "rollback", "close")}


def interleave(
    schedule: str,
    *,
    session: Callable[[], Session],
    steps: Mapping[str, Step],
    observer: Observer,
    timeout: float = 10.0,
) -> list[Observation]:
    """Step sessions by a schedule such as ``"Ann add, Ann flush, Ben count, Ann commit"``.

    A blocked step gives two looks: one where it blocks, one where it comes to its end. It
    is tried again after each step of the others; later steps of its session wait for it.
    What is still blocked after the schedule fails, with the error of its database.

    PostgreSQL says who blocks whom. SQLite does not: there, a session is named when the
    blocked step got through after a step of that session, and of no other.

    :param schedule: entries with commas between them: the name of a session, and a step.
    :param session: makes a session, as ``sessionmaker(engine)`` does. For SQLite, make the
        engine with ``connect_args=STEPPED``, or a step waits for its lock in silence.
    :param steps: functions of a session, by name. ``flush``, ``commit``, ``rollback`` and
        ``close`` are there already.
    :param observer: records the looks.
    :param timeout: seconds that a step may take.
    :raises ValueError: when the schedule is malformed or names an unknown step.
    :raises TypeError: when a step, or what makes a session, is not a function.
    :raises TimeoutError: when a step does not end in time.
    """
    known: dict[str, Step] = {**BUILT_IN, **steps}
    plan = _read(schedule, known)
    for what, function in {"session": session, **steps}.items():
        if not callable(function):
            raise TypeError(
                f"{what!r} is {function!r}, which cannot be called: put 'lambda:' before a session,"
                " and 'lambda session:' before a step."
            )
    sessions = {label: SteppedSession(label, session, observer, timeout) for label in dict(plan)}
    run = _Run(sessions)
    try:
        for label, step in plan:
            run.steps[label].append((step, known[step]))
            run.go_on()
        run.give_up()
    finally:
        for each in sessions.values():
            each.end()
    return run.looks


def _read(schedule: str, known: Mapping[str, Step]) -> list[tuple[str, str]]:
    """The session and the step of each entry."""
    plan = []
    for entry in str(schedule).split(","):
        label, _, step = " ".join(entry.split()).partition(" ")
        if not (re.fullmatch("[A-Z][a-z]*", label) and step):
            raise ValueError(
                f"The schedule has the entry {entry.strip()!r}, and an entry is a session,"
                " which has a name like Ann, and a step: write 'Ann flush, Ben commit'."
            )
        if step not in known:
            raise ValueError(
                f"The schedule has the step {step!r}, and the steps are {', '.join(known)}:"
                " take one of these, or add yours to steps."
            )
        plan.append((label, step))
    return plan


@dataclass
class _Wait:
    """A blocked step."""

    row: int  # where the look goes that says so
    blockers: list[str]  # as the server names them
    done_since: set[str] = field(default_factory=set)  # who came on since it was last tried


class _Run:
    """How far a schedule has come."""

    def __init__(self, sessions: Mapping[str, SteppedSession]) -> None:
        self.steps: dict[str, deque[tuple[str, Step]]] = {label: deque() for label in sessions}
        self.looks: list[Any] = []
        self._sessions = sessions
        self._waits: dict[str, _Wait] = {}

    def go_on(self) -> None:
        """Do all that can be done now, one step at a time, and the longest blocked first."""
        while any(self._try(label) for label in dict.fromkeys([*self._waits, *self._sessions])):
            pass

    def give_up(self) -> None:
        """Let blocked steps fail, the longest blocked first: that may free the others."""
        while self._waits:
            label = next(iter(self._waits))
            self._record(label, self._sessions[label].give_up())
            self.go_on()

    def _try(self, label: str) -> bool:
        """Try what a session has to do next; true when that came to its end."""
        session, steps = self._sessions[label], self.steps[label]
        if label in self._waits:
            return self._record(label, session.try_again())
        return bool(steps) and self._record(label, session.do(*steps.popleft()))

    def _record(self, label: str, look: Observation | None) -> bool:
        if look is None:
            if label not in self._waits:
                pids, others = self._sessions[label].blocked_by, self._sessions.values()
                blockers = [
                    each.name for each in others if each.backend and each.backend.pid in pids
                ]
                self._waits[label] = _Wait(len(self.looks), blockers)
                self.looks.append(None)
            self._waits[label].done_since.clear()
            return False
        if wait := self._waits.pop(label, None):
            names = wait.blockers or list(wait.done_since)
            known = wait.blockers or len(names) == 1  # of two, either may have been in the way
            result = f"blocked by {', '.join(names)}" if known else "blocked"
            self.looks[wait.row] = {**look, "result": result, "failed": False}
        self.looks.append(look)
        for other in self._waits.values():
            other.done_since.add(look["place"])
        return True
