"""A kernel's interrupt, at whatever moment, leaves a server that runs or one that is gone."""

from __future__ import annotations

import itertools
import linecache
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest
import requests
from serving import MODES, WAIT, Views, connect, hears_end, hold, interrupt_main_thread

from helpers.serve import LiveServer


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one thread")
@MODES
def test_an_interrupt_in_the_middle_of_a_request_ends_clean(
    views: Views, threads: int | None
) -> None:
    """The kernel's interrupt comes while a view runs: the server goes on, or ends with it."""
    noticed = threading.Event()

    @views.app.get("/interrupted")
    def interrupted() -> str:
        interrupt_main_thread(noticed)
        return "late"

    with LiveServer(views.app, threads=threads) as server:
        with pytest.raises(KeyboardInterrupt):
            server.get("/interrupted")
        noticed.set()
        assert server.get("/").text == "hello"

    noticed.clear()
    with pytest.raises(KeyboardInterrupt), LiveServer(views.app, threads=threads) as server:
        try:
            server.get("/interrupted")
        finally:
            noticed.set()
    assert server.errors == []


@pytest.mark.parametrize("name", ["server", "pool-1", "pool-3"])
def test_an_interrupt_of_the_start_ends_clean(
    views: Views, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The threads that have started end, the port is free, and the server can start again."""
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        if thread.name == name:
            raise KeyboardInterrupt

    server = LiveServer(views.app, threads=4)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(threading.Thread, "start", interrupted)
        server.start()
    with pytest.raises(RuntimeError, match="does not run"):
        server.get("/")
    with server:
        assert server.get("/").text == "hello"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one thread")
def test_an_interrupt_of_a_stop_that_waits_still_closes_the_rest(
    views: Views, clients: ThreadPoolExecutor
) -> None:
    """The reader who does not want to wait for a view that hangs has a free port."""
    server = LiveServer(views.app)
    server.start()
    port = int(server.url.rpartition(":")[2])
    silent = connect(server)
    answer = hold(views, server, clients)
    noticed = threading.Event()
    stopping = clients.submit(hears_end, silent)
    stopping.add_done_callback(lambda _: interrupt_main_thread(noticed))
    with pytest.raises(KeyboardInterrupt):
        server.stop(timeout=WAIT)
    noticed.set()
    with socket.create_server(("127.0.0.1", port)):
        pass
    with pytest.raises(requests.ConnectionError):
        answer.result(WAIT)
    views.release.set()
    silent.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one thread")
@MODES
def test_an_interrupt_at_any_step_of_a_stop_leaves_nothing(
    views: Views, threads: int | None
) -> None:
    """Line by line: what a stop did not get to is done when it is called again."""
    steps = 0
    for step in itertools.count(1):
        server = LiveServer(views.app, threads=threads)
        server.start()
        server.get("/")
        if not interrupted_at_line(step, server.stop):
            break
        steps = step
        server.stop()
        assert servers_that_run() == 0, f"after an interrupt at line {step}"
    assert steps > 10


def interrupted_at_line(number: int, call: Callable[[], object]) -> bool:
    """Interrupt a call at a line of ours, counted from its start. False when it has fewer."""
    lines = itertools.count(1)

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if "helpers" not in frame.f_code.co_filename:
            return None
        # Unlike a signal, a trace function could come between a block and the end of its `with`.
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        is_with = source.lstrip().startswith("with ")
        if event == "line" and not is_with and next(lines) == number:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def servers_that_run() -> int:
    """How many serving threads there are, after time to end for those that are told to."""
    mine = [each for each in threading.enumerate() if each.name.startswith(("server", "pool-"))]
    for thread in mine:
        thread.join(1)
    return sum(each.is_alive() for each in mine)
