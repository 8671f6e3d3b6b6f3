"""What nobody refers to any more is gone: servers, their sockets, the reader's objects."""

from __future__ import annotations

import gc
import socket
import sys
import threading
import weakref

import nbclient
import nbformat
import psutil
import pytest
import requests
from flask import Flask
from serving import MODES, WAIT, Views, free_port, run_python

from helpers.serve import LiveServer


def test_ten_reruns_leave_one_server(views: Views) -> None:
    """A server that nothing refers to any more stops at once."""
    addresses = []
    for _ in range(10):
        server = LiveServer(views.app)
        server.start()
        server.get("/boom")
        with pytest.raises(ZeroDivisionError):
            server.raise_last_error()
        addresses.append(server.url)
    assert [each.name for each in threading.enumerate()].count("server") == 1
    for address in set(addresses) - {server.url}:  # the system may give a port again
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=WAIT)
    assert server.get("/").text == "hello"
    del server
    assert [each.name for each in threading.enumerate()].count("server") == 0


def test_a_stopped_server_keeps_nothing_of_its_reader(views: Views) -> None:
    """Neither the app nor what the reader's functions have opened, however often it started."""

    class Session:
        pass

    def use(app: Flask) -> weakref.ref[Session]:
        session = Session()
        server = LiveServer(app)
        for _ in range(3):
            with server:
                server.get("/exit")  # which pytest keeps no log record of
                with pytest.raises(SystemExit):
                    server.raise_last_error()
        return weakref.ref(session)

    session, app = use(views.app), weakref.ref(views.app)
    views.app = Flask("another")
    gc.collect()
    assert (session(), app()) == (None, None)


def test_a_running_server_keeps_nothing_of_who_raised_its_errors(views: Views) -> None:
    """Their functions have ended, so their sessions are closed, although the error is kept."""

    class Session:
        pass

    def use(server: LiveServer) -> weakref.ref[Session]:
        session = Session()
        server.get("/exit")  # which pytest keeps no log record of
        with pytest.raises(SystemExit):
            server.raise_last_error()
        return weakref.ref(session)

    with LiveServer(views.app) as server:
        session = use(server)
        gc.collect()
        assert session() is None
        assert len(server.errors) == 1


def test_a_server_that_was_forgotten_in_a_function_stops(views: Views) -> None:
    """Also when the last thing it did was to raise its error there."""

    def forget() -> None:
        server = LiveServer(views.app)
        server.start()
        server.get("/boom")
        with pytest.raises(ZeroDivisionError):
            server.raise_last_error()

    forget()
    gc.collect()
    assert [each.name for each in threading.enumerate()].count("server") == 0


# What a reader may run again and again, each of which raises and has a traceback kept.
TWICE = ["server.start()\nserver.start()", "with server:\n    server.start()"] * 2
TWICE.append("server.start()\nwith server:\n    pass")
WRONG = ["server.stop(None)", "server.put('items')", "server.delete(None)"] * 2


def test_a_cell_that_runs_again_replaces_its_server() -> None:
    """In a real kernel, runs leave one server, also when each of them ends in an error."""
    app = """
import threading
from flask import Flask
from helpers.serve import LiveServer
app = Flask("app")
app.add_url_rule("/boom", view_func=lambda: 1 / 0)
"""
    start = "server = LiveServer(app)\nserver.start()\n"
    count = "[each.name for each in threading.enumerate()].count('server')"
    cells = [
        app,
        *[start + "server.get('/boom')"] * 3,
        count,
        *[start + "server.get('/boom')\nserver.raise_last_error()"] * 3,
        count,
        *[start + "server.get('/boom', timeout=1e-9)"] * 3,
        count,
        *[f"server = LiveServer(app)\n{starts}" for starts in TWICE],
        count,
        *[start + wrong for wrong in WRONG],
        count,
        *[f"server = LiveServer(app, port={free_port()})\nserver.start()\nserver"] * 3,
        count,
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    nbclient.NotebookClient(notebook, allow_errors=True, timeout=60).execute()
    counts = [
        cell.outputs[0].data["text/plain"] for cell in notebook.cells if cell.source.endswith(count)
    ]
    assert counts == ["1"] * 6


@MODES
def test_a_finished_request_leaves_no_socket_in_memory(views: Views, threads: int | None) -> None:
    """A server that runs for a long time does not grow with each client."""

    def count_sockets() -> int:
        gc.collect()
        return sum(issubclass(type(each), socket.socket) for each in gc.get_objects())

    with LiveServer(views.app, threads=threads) as server:
        server.get("/")
        before = count_sockets()
        for _ in range(10):
            server.get("/")
        assert count_sockets() <= before + 1  # the last one may not be finished yet


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not count descriptors")
@MODES
def test_a_stopped_server_has_closed_all_its_descriptors(views: Views, threads: int | None) -> None:
    """Also those that are no network sockets, such as the selector's."""
    with LiveServer(views.app, threads=threads) as server:
        server.get("/")
    gc.collect()  # after a client that left, Werkzeug leaves a selector to the collector
    before = psutil.Process().num_fds()
    for _ in range(5):
        with LiveServer(views.app, threads=threads) as server:
            server.get("/boom")
    assert psutil.Process().num_fds() == before


def test_an_interpreter_with_a_running_server_and_a_view_that_hangs_can_end() -> None:
    """A kernel that is shut down ends, and says nothing."""
    done = run_python("""
import socket, threading
entered = threading.Event()
app = Flask("app")
app.add_url_rule("/hang", view_func=lambda: entered.set() or threading.Event().wait())
idle, server = LiveServer(app, threads=2), LiveServer(app)
idle.start()
server.start()
client = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
client.sendall(b"GET /hang HTTP/1.0\\r\\n\\r\\n")
entered.wait()
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
