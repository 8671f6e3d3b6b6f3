"""Threads that try a learner's code: no wait without a bound, and no thread that hangs is left."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from helpers.learn import Flaw
from helpers.step import give_time

SECONDS = 7.0  # for one call: longer than the 5 that SQLite waits by itself
TURNS, TURN = 100, 0.02  # seconds, for the end of what hangs
LOCKS = (type(threading.Lock()), type(threading.RLock()))


class Ended(SystemExit):
    """Raised in a thread that hangs; ``except Exception`` does not catch it."""


class Worker:
    """A thread that makes calls.

    :param name: of the thread, as ``"Ann"``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.pool = ThreadPoolExecutor(1, name, initializer=self._begin)
        self.calls: list[Future[Any]] = []
        self._ident = 0
        self._calling, self._guard = False, threading.Lock()

    def submit(self, action: Callable[[], Any]) -> Future[Any]:
        """Begin a call."""
        call = self.pool.submit(self._call, action)
        self.calls.append(call)
        return call

    def result(self, call: Future[Any], what: str) -> Any:
        """Return what a call returns, or raise what it raises.

        :param what: the method, as ``"add()"``.
        :raises Flaw: when it takes too long.
        """
        give_time([call], SECONDS)
        if not call.done():
            raise Flaw(
                f"{self.name}'s {what} isn't done after {SECONDS:g} s. Does a thread hold your lock"
                " forever? `with self.lock:` releases it after an error, too. And a Lock that one"
                " thread takes twice waits for itself."
            )
        return call.result()

    def end(self, others: list[Worker]) -> None:
        """Raise an error in its call, and let go of the locks that it may wait for."""
        with self._guard:
            if self._calling:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._ident), ctypes.py_object(Ended)
                )
        for lock in _locks_around(self._ident):
            _let_go(lock)
            for other in others:  # an RLock is let go of by the thread that took it
                other.pool.submit(_let_go, lock)

    def _begin(self) -> None:
        self._ident = threading.get_ident()

    def _call(self, action: Callable[[], Any]) -> Any:
        self._calling = True
        try:
            return action()
        finally:
            with self._guard:
                self._calling = False


@contextmanager
def workers(*names: str) -> Iterator[list[Worker]]:
    """Threads with these names; what still hangs at the end, or at an interrupt, is ended.

    A thread that sleeps, or waits for a database, ends by itself when it has slept or waited.
    """
    made = [Worker(name) for name in names]
    try:
        yield made
    finally:
        for _ in range(TURNS):
            busy = [each for each in made if not all(call.done() for call in each.calls)]
            if not busy:
                break
            for each in busy:
                each.end([other for other in made if other is not each])
            give_time([call for each in busy for call in each.calls], TURN)
        for each in made:
            each.pool.shutdown(wait=each not in busy)


def _locks_around(ident: int) -> list[Any]:
    """The locks that the functions know in which a thread is, and not those of modules."""
    frame = sys._current_frames().get(ident)
    known: list[Any] = []
    while frame and frame.f_code.co_filename != __file__:
        known += [frame.f_globals.get(name) for name in frame.f_code.co_names]
        for each in list(frame.f_locals.values()):
            known.append(each)
            if not isinstance(each, (ModuleType, threading.Thread)):
                known += [*getattr(each, "__dict__", {}).values(), *vars(type(each)).values()]
        frame = frame.f_back
    return [each for each in known if issubclass(type(each), LOCKS)]


def _let_go(lock: Any) -> None:
    with suppress(RuntimeError):  # nobody has it, or another thread has
        lock.release()
