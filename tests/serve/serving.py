"""An app to be served, and clients that behave as a test wants them to."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, request

from helpers.serve import LiveServer

WAIT = 10.0  # seconds after which a test gives up; nothing here comes near
MODES = pytest.mark.parametrize("threads", [None, 1, 2])


class Views:
    """An app, and the events by which a test holds one of its views."""

    def __init__(self) -> None:
        self.app = Flask("views")
        self.entered = threading.Event()
        self.release = threading.Event()
        self.add("/", lambda: "hello")
        self.add("/thread", lambda: f"{threading.get_native_id()}")
        self.add("/boom", boom)
        self.add("/exit", lambda: sys.exit(3))
        self.add("/interrupt", interrupt)
        self.add("/generator-exit", generator_exit)
        self.add("/circle", circle)
        self.add("/broken-stream", broken_stream)
        self.add("/held", self.held)
        self.app.post("/echo")(lambda: request.get_json())

    def add(self, path: str, view: Callable[[], Any]) -> None:
        """Answer a path with a view."""
        self.app.add_url_rule(path, endpoint=path, view_func=view)

    def held(self) -> str:
        """Answer when the test releases it."""
        self.entered.set()
        assert self.release.wait(WAIT)
        return "released"


def boom() -> str:
    """Raise what views raise."""
    return str(1 / 0)


def interrupt() -> str:
    """Raise what no view should."""
    raise KeyboardInterrupt


def generator_exit() -> str:
    """Raise what a generator hears when nobody wants more of it."""
    raise GeneratorExit


def circle() -> str:
    """Raise an error that is the cause of its own cause."""
    error, cause = LookupError(), ValueError()
    error.__cause__, cause.__cause__ = cause, error
    raise error


def broken_stream() -> Iterator[str]:
    """Raise in the middle of an answer."""
    yield "first"
    raise LookupError("second")


def connect(server: LiveServer) -> socket.socket:
    """Return a client that says nothing yet."""
    port = int(server.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def hears_end(client: socket.socket) -> bool:
    """Say whether the server hung up without an answer."""
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def hold(views: Views, server: LiveServer, clients: ThreadPoolExecutor) -> Future[str]:
    """Send a request from another thread, and return when its view runs."""
    answer = clients.submit(lambda: server.get("/held").text)
    assert views.entered.wait(WAIT)
    return answer


def run_python(source: str, first: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program in an interpreter of its own, where pytest changes nothing."""
    source = f"{first}\nfrom flask import Flask\nfrom helpers.serve import LiveServer\n{source}"
    command = [sys.executable, "-c", source]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def free_port() -> int:
    """Return a port that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def interrupt_main_thread(noticed: threading.Event) -> None:
    """Interrupt as a kernel does; once more where Python missed it just ahead of a wait."""
    for _ in range(2):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # type: ignore[arg-type]
        if noticed.wait(WAIT / 2):
            break
