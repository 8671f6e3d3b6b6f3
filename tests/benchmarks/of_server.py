"""A server from its start over the first reply to its stop: LiveServer and five others.

Twenty interleaved rounds in one run, medians. The client is the same for all. Between reply
and stop there is a pause that is not counted: a reader looks at the reply, and only then is
the server idle, as most are when they are stopped.
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from statistics import median

from flask import Flask
from pytest_httpserver import HTTPServer
from ratio import Ratio
from werkzeug.serving import make_server

from helpers.serve import LiveServer

ROUNDS = 20
PAUSE = 0.02  # seconds

app = Flask(__name__)
app.add_url_rule("/", "hello", lambda: "hello")


@contextmanager
def bare(threaded: bool) -> Iterator[int]:
    """Serve with as little as possible, and stop by a connection that wakes the loop."""
    server = make_server("127.0.0.1", 0, app, threaded=threaded)
    running = True

    def serve() -> None:
        while running:
            server.handle_request()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.port
    running = False
    socket.create_connection(("127.0.0.1", server.port)).close()
    thread.join()
    server.server_close()


@contextmanager
def live(threads: int | None) -> Iterator[int]:
    """Serve with LiveServer."""
    with LiveServer(app, threads=threads) as server:
        yield int(server.url.rpartition(":")[2])


@contextmanager
def recipe() -> Iterator[int]:
    """Serve as most recipes do: serve_forever in a thread, then shutdown."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.port
    server.shutdown()
    thread.join()


@contextmanager
def pytest_httpserver() -> Iterator[int]:
    """Serve with pytest-httpserver."""
    with HTTPServer() as server:
        server.expect_request("/").respond_with_data("hello")
        yield server.port


@contextmanager
def flask_run() -> Iterator[int]:
    """Serve with flask run, in a process of its own."""
    command = [sys.executable, "-m", "flask", "--app", __file__, "run", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stderr is not None
        ports = (
            re.search(r"Running on http://127\.0\.0\.1:(\d+)", each) for each in process.stderr
        )
        yield int(next(found[1] for found in ports if found))
        process.terminate()


def reply(port: int) -> None:
    """Get the page with the plainest client there is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"hello"
    connection.close()


def timed(server: AbstractContextManager[int]) -> float:
    """The milliseconds from the start to the first reply, and those of the stop."""
    started = time.perf_counter()
    with server as port:
        reply(port)
        replied = time.perf_counter()
        time.sleep(PAUSE)
        stopping = time.perf_counter()
    stopped = time.perf_counter()
    return (replied - started + stopped - stopping) * 1000


def measure() -> Iterator[Ratio]:
    """LiveServer against a bare server of the same kind, and against what people use instead."""
    contenders: dict[str, Callable[[], AbstractContextManager[int]]] = {
        "a bare server of one thread": lambda: bare(threaded=False),
        "LiveServer(threads=1)": lambda: live(1),
        "a bare server, thread per request": lambda: bare(threaded=True),
        "LiveServer()": lambda: live(None),
        "serve_forever and shutdown": recipe,
        "pytest-httpserver": pytest_httpserver,
        "flask run": flask_run,
    }
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for round_ in range(ROUNDS + 1):
        names.append(names.pop(0))  # so that none always follows the same one
        for name in names:
            took = timed(contenders[name]())
            if round_ > 0:  # the first one warms up
                times[name].append(took)
    cost = {name: median(each) for name, each in times.items()}
    one, bare_one, many, bare_many = (
        "LiveServer(threads=1)",
        "a bare server of one thread",
        "LiveServer()",
        "a bare server, thread per request",
    )
    for ours, other in ((one, bare_one), (many, bare_many)):
        yield Ratio(ours, cost[ours], other, cost[other], "ms", 1.2)
    for other in ("serve_forever and shutdown", "pytest-httpserver", "flask run"):
        yield Ratio(many, cost[many], other, cost[other], "ms", 0.01)
