"""Notebook 15: does a cell that serves an app serve the next one when it runs again?"""

from __future__ import annotations

import inspect
import socket
import socketserver
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from flask import Flask

from helpers.learn import Flaw, Verdict
from helpers.serve import send

VISITS = 4  # each, because two servers on one port would share them
SECONDS = 1.0  # for an answer, and for an old thread to end
LATE = 5.0  # seconds for what the learner's code has begun, and which the judge ends


def the_cell_can_run_again(serve: object) -> Verdict:
    """Judge a function that serves an app on a port in place of the one before.

    :param serve: the learner's function of an app, or None for nobody, and of a port.
    """
    if not callable(serve):
        return Verdict("not yet", f"The check calls a function and was given {serve!r}: keep it.")
    with _ended_afterwards():
        before = set(threading.enumerate())
        port = _free_port()
        try:
            for number, text in enumerate(["lamps", "mugs", "rugs"], start=1):
                _call(serve, _shop(text), port, f"Call {number}, for the app that says {text!r},")
                _ask(port, text, number)
            left = _threads(before, most=1)
            _call(serve, None, port, "The call with None")
            _must_be_gone(port)
        except Flaw as flaw:
            return Verdict("not yet", str(flaw))
        left = left or _threads(before, most=0)
    if left:
        return Verdict(
            "right, but",
            f"what you have stopped still runs: {', '.join(left)}. A thread ends when its server"
            " is shut down, and not when its socket is closed: see *Start it, and end it*.",
        )
    return Verdict(
        "right",
        "Three apps were served on one port, one after the other, each visitor got the app of"
        " the last call, and nothing was left after the call with None.",
    )


def _shop(text: str) -> Flask:
    app = Flask("shop")
    app.add_url_rule("/", view_func=lambda: text)
    return app


def _call(serve: Callable[..., Any], app: Flask | None, port: int, what: str) -> None:
    """Call the learner's function, which must come back."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            if inspect.iscoroutine(made := serve(app, port)):
                made.close()
                raise TypeError("a coroutine that nobody awaits")
        except BaseException as error:  # noqa: BLE001 - whatever it raises is said
            raised.append(error)

    # In a thread, because a function that serves by itself would never come back.
    caller = threading.Thread(target=call, name="the cell", daemon=True)
    caller.start()
    caller.join(2 * SECONDS)
    if caller.is_alive():
        raise Flaw(f"{what} did not come back, so no other cell can run: see *Type it in*.")
    if raised:
        said = f"{type(raised[0]).__name__}: {raised[0]}".partition("\n")[0]
        raise Flaw(f"{what} raised {said}.")


def _ask(port: int, text: str, number: int) -> None:
    for _ in range(VISITS):
        try:
            answer = send("GET", f"http://127.0.0.1:{port}", "/", timeout=SECONDS).text
        except requests.RequestException:
            raise Flaw(
                f"After call {number}, nobody answers on the port that it was given."
            ) from None
        if answer != text:
            raise Flaw(
                f"After call {number}, for the app that says {text!r}, a visitor got {answer!r}."
            )


def _must_be_gone(port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), SECONDS):
                threading.Event().wait(0.05)  # a loop that was told to end may take its time
        except ConnectionRefusedError:
            return
    raise Flaw("After the call with None, the port is still in use: only its server frees it.")


def _threads(before: set[threading.Thread], most: int) -> list[str]:
    """The names of threads that are too many, after time to end for those that are about to."""
    deadline = time.monotonic() + SECONDS
    while len(left := [each for each in threading.enumerate() if each not in before]) > most:
        if time.monotonic() > deadline:
            return [each.name for each in left[: len(left) - most]]
        left[0].join(0.05)
    return []


@contextmanager
def _ended_afterwards() -> Iterator[None]:
    """End the servers that a learner's code has left, whatever became of them."""
    made: weakref.WeakSet[Any] = weakref.WeakSet()
    before = set(threading.enumerate())
    init = socketserver.BaseServer.__init__

    def noted(server: socketserver.BaseServer, *arguments: Any, **named: Any) -> None:
        init(server, *arguments, **named)
        made.add(server)

    socketserver.BaseServer.__init__ = noted  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        deadline = time.monotonic() + LATE
        _end(made)
        # On a busy machine, a thread may still be about to make its server.
        while (late := set(threading.enumerate()) - before) and time.monotonic() < deadline:
            late.pop().join(0.05)
            _end(made)
        socketserver.BaseServer.__init__ = init  # type: ignore[method-assign]


def _end(servers: weakref.WeakSet[Any]) -> None:
    while servers:
        server = servers.pop()
        ender = threading.Thread(target=server.shutdown, daemon=True)
        ender.start()
        ender.join(SECONDS)
        # Where its loop never ran, shutdown waits for this for ever.
        server._BaseServer__is_shut_down.set()
        with suppress(AttributeError):  # it has no socket yet, and ends when its loop begins
            server.server_close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
