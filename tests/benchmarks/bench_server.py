"""Time a server from its start over the first reply to its stop: LiveServer and six others.

Twenty interleaved rounds in one run, medians in milliseconds. The client is the same for
all. Between reply and stop there is a pause that is not counted: a reader looks at the
reply, and only then is the server idle, as most are when they are stopped. It fails when
LiveServer takes more than 1.5 times as long as a bare Werkzeug server in the same mode, or
is less than ten times faster than what people use instead.
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
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from flask import Flask
from pytest_httpserver import HTTPServer
from werkzeug.serving import make_server

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.serve import LiveServer

ROUNDS = 20
PAUSE = 0.02  # seconds
MOST, FASTER = 1.5, 10

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


def timed(server: AbstractContextManager[int]) -> tuple[float, float]:
    """Return the milliseconds from the start to the first reply, and those of the stop."""
    started = time.perf_counter()
    with server as port:
        reply(port)
        replied = time.perf_counter()
        time.sleep(PAUSE)
        stopping = time.perf_counter()
    stopped = time.perf_counter()
    return (replied - started) * 1000, (stopped - stopping) * 1000


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
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # no line for each request
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    names = list(contenders)
    for round_ in range(ROUNDS + 1):
        names.append(names.pop(0))  # so that none always follows the same one
        for name in names:
            both = timed(contenders[name]())
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
