"""A LiveServer starts, stops and starts again."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests
from serving import WAIT, Views, free_port, run_python

from helpers.serve import LiveServer


def test_stopping_twice_or_ahead_of_the_start_is_fine(views: Views) -> None:
    """A cell that stops a server can be run again."""
    server = LiveServer(views.app)
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_starting_twice_is_refused_and_loses_nothing(views: Views) -> None:
    """The running server runs on."""
    with LiveServer(views.app) as server:
        with pytest.raises(RuntimeError, match="runs already: stop it before you start it again"):
            server.start()
        assert server.get("/").text == "hello"


def test_a_stopped_server_keeps_its_records_until_it_starts_again(views: Views) -> None:
    """Each start begins anew, with request-1."""
    server = LiveServer(views.app)
    for _ in range(2):
        with server:
            server.get("/boom")
        assert [each.thread for each in server.requests] == ["request-1"]
        assert len(server.errors) == 1
        assert "/boom" in server.log


@pytest.mark.parametrize("stopped", [False, True])
def test_a_server_that_does_not_run_has_no_address(views: Views, stopped: bool) -> None:
    """The message says how to run it."""
    server = LiveServer(views.app)
    if stopped:
        with server:
            pass
    with pytest.raises(RuntimeError, match=r"does not run: call start\(\), or use it in a `with`"):
        server.get("/")


def test_a_fixed_port_is_taken_over_from_an_own_server(views: Views) -> None:
    """The old server is stopped, although somebody still refers to it."""
    old = LiveServer(views.app, port=free_port())
    old.start()
    port = int(old.url.rpartition(":")[2])
    with LiveServer(views.app, port=port) as new:
        assert new.url == f"http://127.0.0.1:{port}"
        assert new.get("/").text == "hello"
        with pytest.raises(RuntimeError, match="does not run"):
            old.get("/")
    assert old.requests == []
    with old:
        assert old.get("/").text == "hello"


def test_a_server_that_has_moved_to_another_port_is_left_alone(views: Views) -> None:
    """Its first port is nobody's now."""
    moved = LiveServer(views.app)
    with moved:
        port = int(moved.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        moved.start()  # so it gets another one
    with LiveServer(views.app, port=port) as new:
        assert new.get("/").text == moved.get("/").text == "hello"
    moved.stop()


def test_a_port_of_somebody_else_is_a_clear_error(
    views: Views, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is printed, nothing exits, and the server can start when the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = LiveServer(views.app, port=port)
        sentence = f"^Port {port} is in use: choose another one, or leave"
        with pytest.raises(OSError, match=sentence) as raised:
            server.start()
        assert raised.value.errno == errno.EADDRINUSE
    assert capfd.readouterr() == ("", "")
    with server:
        assert server.get("/").text == "hello"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not limit open files")
def test_too_many_open_files_are_named_as_the_cause() -> None:
    """At whichever of its files it fails, none is left open, and it can start afterwards."""
    done = run_python("""
import errno, os, resource
import psutil
app = Flask("app")
app.add_url_rule("/", view_func=lambda: "hello")
server = LiveServer(app)
with server:
    server.get("/")
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
opened = []
try:
    while True:
        opened.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
failed = 0
while True:
    try:
        server.start()
        break
    except OSError as error:
        assert error.errno == errno.EMFILE, error
        assert "cannot open its sockets (Too many open files): close what" in str(error)
        failed += 1
    os.close(opened.pop())
server.stop()
print(failed)
""")
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) >= 5


@pytest.mark.parametrize("name", ["server", "pool-1", "pool-3"])
def test_a_thread_that_cannot_start_leaves_nothing(
    views: Views, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The system's own error comes through, the descriptors are closed, and it can start later."""
    server = LiveServer(views.app, threads=4)
    with server:
        server.get("/")
    before = descriptors()
    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="can't start new"):
        no_thread_for(name, patch)
        server.start()
    assert descriptors() == before
    with server:
        assert server.get("/").text == "hello"


def test_a_request_that_gets_no_thread_hurts_no_other(
    views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client hears that nobody answers, and the log says why."""
    with LiveServer(views.app) as server:
        with monkeypatch.context() as patch, pytest.raises(requests.ConnectionError):
            no_thread_for("request-1", patch)
            server.get("/", timeout=WAIT)
        assert server.get("/").text == "hello"
    assert "GET / was not answered: can't start new thread." in server.log
    assert [each.thread for each in server.requests] == ["request-2"]


def no_thread_for(name: str, patch: pytest.MonkeyPatch) -> None:
    """Let the system have no thread left when one of this name is to start."""
    start = threading.Thread.start

    def fail(thread: threading.Thread) -> None:
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        start(thread)

    patch.setattr(threading.Thread, "start", fail)


def descriptors() -> int:
    """The number of this process's open files and sockets, where the system counts them."""
    return 0 if os.name == "nt" else int(psutil.Process().num_fds())


def test_only_one_of_two_threads_starts_a_server(views: Views) -> None:
    """The other one is told that it runs."""
    for _ in range(10):
        server, meeting = LiveServer(views.app), threading.Barrier(2)

        def start() -> None:
            meeting.wait(WAIT)  # noqa: B023
            server.start()  # noqa: B023

        with ThreadPoolExecutor(2) as pool:
            errors = [each.exception() for each in [pool.submit(start), pool.submit(start)]]
        assert sorted(type(each).__name__ for each in errors) == ["NoneType", "RuntimeError"]
        server.stop()
        assert [each.name for each in threading.enumerate()].count("server") == 0
