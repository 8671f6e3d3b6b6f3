"""A kernel's interrupt, at whatever moment, leaves a server that runs or one that is gone."""

from __future__ import annotations

import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

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
