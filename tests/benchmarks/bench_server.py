"""Time a server from its start over the first reply to its stop: LiveServer and six others.

Twenty interleaved rounds in one run, medians in milliseconds. The client is the same for
all. It fails when LiveServer takes more than 1.5 times as long as a bare Werkzeug server in
the same mode, or is less than ten times faster than what people use instead.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from flask import Flask
from pytest_httpserver import HTTPServer
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.server import LiveServer

ROUNDS = 20
MOST, FASTER = 1.5, 10

app = Flask(__name__)
app.add_url_rule("/", "hello", lambda: "hello")


logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request


@contextmanager
def bare(threaded: bool) -> Iterator[int]:
    """Serve with as little as possible, and stop by a connection that wakes the loop."""
    server = make_server("127.0.0.1", 0, app, threaded=threaded)
    running = True
    server.verify_request = lambda request, address: running  # type: ignore[method-assign]

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
        for line in process.stderr:
            if found := re.search(r"Running on http://127\.0\.0\.1:(\d+)", line):
                break
        yield int(found[1])
        process.terminate()


def reply(port: int) -> None:
    """Get the page, and wait until the server hangs up, so that its stop finds it idle."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b""
        while not answer.endswith(b"hello"):
            answer += client.recv(1000)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def timed(server: AbstractContextManager[int]) -> tuple[float, float]:
    """Return the milliseconds to the first reply, and those to the end of the stop."""
    started = time.perf_counter()
    with server as port:
        reply(port)
        replied = time.perf_counter()
    stopped = time.perf_counter()
    return (replied - started) * 1000, (stopped - replied) * 1000


def main() -> int:
    """Print the table, and return the number of targets that were missed."""
    contenders = {
        "bare, one thread": lambda: bare(threaded=False),
        "LiveServer(threads=1)": lambda: live(1),
        "bare, thread per request": lambda: bare(threaded=True),
        "LiveServer()": lambda: live(None),
        "LiveServer(threads=4)": lambda: live(4),
        "recipe: serve_forever": recipe,
        "pytest-httpserver": pytest_httpserver,
        "flask run": flask_run,
    }
    times = {name: [] for name in contenders}
    for round_ in range(ROUNDS + 1):
        for name, contender in contenders.items():
            both = timed(contender())
            if round_ > 0:  # the first one warms up
                times[name].append(both)
    total = {name: median(sum(both) for both in rounds) for name, rounds in times.items()}
    pairs = {
        "LiveServer(threads=1)": "bare, one thread",
        "LiveServer()": "bare, thread per request",
        "LiveServer(threads=4)": "bare, thread per request",
    }

    print(f"{'ms, median of ' + str(ROUNDS):26}{'first reply':>12}{'stop':>9}{'total':>9}  ratio")
    for name, rounds in times.items():
        first, stop = (median(each) for each in zip(*rounds, strict=True))
        row = f"{name:26}{first:12.2f}{stop:9.2f}{total[name]:9.2f}"
        if name in pairs:
            row += f"  {total[name] / total[pairs[name]]:.2f} x bare"
        elif not name.startswith("bare"):
            row += f"  {total[name] / total['LiveServer()']:.0f} x LiveServer()"
        print(row)

    slow = [live for live, bare in list(pairs.items())[:2] if total[live] > MOST * total[bare]]
    near = [
        f"{live} against {name}"
        for live in list(pairs)[:2]
        for name in list(contenders)[-3:]
        if total[name] < FASTER * total[live]
    ]
    print(f"more than {MOST} times bare: {slow or 'none'}")
    print(f"less than {FASTER} times faster: {near or 'none'}")
    return len(slow) + len(near)


if __name__ == "__main__":
    sys.exit(main())
