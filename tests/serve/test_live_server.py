"""A LiveServer serves an app from a background thread, collects what happens, and ends clean."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import psutil
import pytest
import requests
from flask import Flask, Response, abort, request
from werkzeug.serving import WSGIRequestHandler

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


def broken_stream() -> Iterator[str]:
    """Raise in the middle of an answer."""
    yield "first"
    raise LookupError("second")


@pytest.fixture
def views() -> Views:
    """Return an app of its own for each test."""
    return Views()


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    """Return threads to send requests from."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


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


def run_python(source: str) -> subprocess.CompletedProcess[str]:
    """Run a program in an interpreter of its own, where pytest changes nothing."""
    source = "from flask import Flask\nfrom helpers.serve import LiveServer\n" + source
    command = [sys.executable, "-c", source]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# Serving


@MODES
def test_it_answers_from_another_thread(views: Views, threads: int | None) -> None:
    """Its own client and any other get the view's answer, made outside the caller's thread."""
    with LiveServer(views.app, threads=threads) as server:
        assert server.get("/").text == "hello"
        assert requests.get(server.url + "/", timeout=WAIT).text == "hello"
        assert server.post("/echo", json={"item": "tea"}).json() == {"item": "tea"}
        assert server.get("/thread").text != str(threading.get_native_id())


def test_by_default_each_request_has_a_new_thread(views: Views) -> None:
    """The threads are as many as the requests, and are named in turn."""
    with LiveServer(views.app) as server:
        native_ids = {server.get("/thread").text for _ in range(5)}
    assert len(native_ids) == 5
    assert [each.thread for each in server.requests] == [f"request-{n}" for n in range(1, 6)]


def test_one_thread_answers_every_request(views: Views) -> None:
    """With threads=1, the serving thread itself runs the views."""
    with LiveServer(views.app, threads=1) as server:
        native_ids = {server.get("/thread").text for _ in range(5)}
    assert len(native_ids) == 1
    assert {each.thread for each in server.requests} == {"server"}


def test_a_pool_takes_requests_in_turn(views: Views) -> None:
    """Request k goes to thread k modulo the size of the pool."""
    with LiveServer(views.app, threads=4) as server:
        native_ids = [server.get("/thread").text for _ in range(8)]
    assert native_ids[:4] == native_ids[4:]
    assert len(set(native_ids)) == 4
    assert [each.thread for each in server.requests] == [f"pool-{n}" for n in (1, 2, 3, 4)] * 2


def test_one_thread_makes_the_second_request_wait(
    views: Views, clients: ThreadPoolExecutor
) -> None:
    """With threads=1, a request that comes while a view runs is answered after it."""
    with LiveServer(views.app, threads=1) as server:
        first = hold(views, server, clients)
        with connect(server) as second:
            second.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert server.requests == []
            views.release.set()
            assert first.result(WAIT) == "released"
            assert second.recv(1)
    assert [each.path for each in server.requests] == ["/held", "/"]


@pytest.mark.parametrize("threads", [None, 2])
def test_more_threads_answer_while_a_view_runs(
    views: Views, clients: ThreadPoolExecutor, threads: int | None
) -> None:
    """A request that comes while a view runs is answered before it."""
    with LiveServer(views.app, threads=threads) as server:
        first = hold(views, server, clients)
        assert server.get("/").text == "hello"
        views.release.set()
        assert first.result(WAIT) == "released"
    assert [each.path for each in server.requests] == ["/", "/held"]


@pytest.mark.parametrize("threads", [None, 8])
def test_its_client_serves_several_threads_at_once(
    views: Views, clients: ThreadPoolExecutor, threads: int | None
) -> None:
    """Eight threads call get together, and eight views meet."""
    meeting = threading.Barrier(8)
    views.add("/meet", lambda: str(meeting.wait(WAIT)))
    with LiveServer(views.app, threads=threads) as server:
        answers = [clients.submit(lambda: server.get("/meet").text) for _ in range(8)]
        assert {each.result(WAIT) for each in answers} == {str(n) for n in range(8)}


def test_a_view_can_call_its_own_server(views: Views) -> None:
    """A request from within a request is answered by another thread."""
    server = LiveServer(views.app)
    views.add("/outer", lambda: server.get("/").text + " again")
    with server:
        assert server.get("/outer").text == "hello again"
    assert [each.path for each in server.requests] == ["/", "/outer"]


@MODES
def test_a_streamed_answer_arrives_whole(views: Views, threads: int | None) -> None:
    """An answer of unknown length is sent in chunks, in every mode."""
    views.add("/stream", lambda: (str(n) * 1000 for n in range(10)))
    with LiveServer(views.app, threads=threads) as server:
        answer = server.get("/stream")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert len(answer.text) == 10_000


def test_it_listens_on_loopback_only(views: Views) -> None:
    """No other machine can reach it."""
    with LiveServer(views.app) as server:
        listening = [
            each.laddr
            for each in psutil.Process().net_connections("inet")
            if each.status == psutil.CONN_LISTEN
        ]
        assert [f"http://{each.ip}:{each.port}" for each in listening] == [server.url]


def test_a_proxy_does_not_come_between(views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY, which requests obeys even for 127.0.0.1, is ignored."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with LiveServer(views.app) as server:
        assert server.get("/").text == "hello"


def test_the_reader_can_set_a_timeout(views: Views) -> None:
    """A keyword of get goes to requests."""
    with LiveServer(views.app) as server:
        with pytest.raises(requests.Timeout):
            server.get("/held", timeout=0.01)
        views.release.set()


def test_werkzeugs_own_handler_class_stays_as_it_was(views: Views) -> None:
    """A server of somebody else in this process keeps speaking its version of HTTP."""
    before = dict(vars(WSGIRequestHandler))
    with LiveServer(views.app) as server:
        server.get("/")
    assert dict(vars(WSGIRequestHandler)) == before


# Records


@MODES
def test_a_request_is_recorded_when_its_answer_is_there(views: Views, threads: int | None) -> None:
    """Method, path, status and thread stand in a record that cannot be changed."""
    with LiveServer(views.app, threads=threads) as server:
        for count in range(1, 21):
            server.get(f"/?page={count}")
            assert len(server.requests) == count
        server.post("/nowhere")
    first, last = server.requests[0], server.requests[-1]
    assert (first.method, first.path, first.status) == ("GET", "/?page=1", 200)
    assert (last.method, last.path, last.status) == ("POST", "/nowhere", 404)
    with pytest.raises(AttributeError):
        last.status = 200  # type: ignore[misc]
    server.requests.clear()
    assert server.requests[-1] == last


@MODES
@pytest.mark.parametrize(
    ("path", "kind"),
    [("/boom", ZeroDivisionError), ("/exit", SystemExit), ("/interrupt", KeyboardInterrupt)],
)
def test_what_a_view_raises_is_kept_and_the_server_lives_on(
    views: Views, threads: int | None, path: str, kind: type[BaseException]
) -> None:
    """The client gets 500, the error is there with its answer, and the next request works."""
    with LiveServer(views.app, threads=threads) as server:
        for count in range(1, 6):
            assert server.get(path).status_code == 500
            assert [type(each) for each in server.errors] == [kind] * count
        assert server.get("/").text == "hello"


def test_the_last_error_can_be_raised_in_the_cell_again_and_again(views: Views) -> None:
    """Its traceback leads from the cell into the view, the same each time."""
    with LiveServer(views.app) as server:
        server.get("/exit")
        server.get("/boom")
        lengths = []
        for _ in range(3):
            with pytest.raises(ZeroDivisionError) as raised:
                server.raise_last_error()
            names = [each.name for each in traceback.extract_tb(raised.tb)]
            assert names[:2] == [sys._getframe().f_code.co_name, "raise_last_error"]
            assert names[-1] == "boom"
            lengths.append(len(names))
        assert len(set(lengths)) == 1
    with pytest.raises(ZeroDivisionError):
        server.raise_last_error()


@pytest.mark.parametrize("path", ["/boom", "/exit", "/broken-stream"])
def test_the_traceback_shows_nothing_of_the_server(views: Views, path: str) -> None:
    """From raise_last_error it goes straight to Flask and the view."""
    with LiveServer(views.app) as server:
        with contextlib.suppress(requests.RequestException):
            server.get(path)
        with pytest.raises(BaseException) as raised:
            server.raise_last_error()
    files = [Path(each.filename).name for each in traceback.extract_tb(raised.tb)]
    assert files[:2] == ["test_live_server.py", "live_server.py"]
    assert "records.py" not in files


def test_what_an_app_does_after_an_answer_is_done_once(views: Views) -> None:
    """An answer is closed whether it was sent whole, broke off, or lost its client."""
    closed = []

    def answer(chunks: Iterable[str]) -> Response:
        response = Response(chunks)
        path = request.path
        response.call_on_close(lambda: closed.append(path))
        return response

    views.add("/whole", lambda: answer(["one", "two"]))
    views.add("/broken", lambda: answer(broken_stream()))
    views.add("/endless", lambda: answer(itertools.repeat("more" * 10_000)))
    with LiveServer(views.app) as server:
        server.get("/whole")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            server.get("/broken")
        server.get("/endless", stream=True).close()
    assert sorted(closed) == ["/broken", "/endless", "/whole"]
    assert [type(each) for each in server.errors] == [LookupError]


def test_without_an_error_there_is_none_to_raise(views: Views) -> None:
    """Ahead of the start, and after a view that went well, the message says so."""
    server = LiveServer(views.app)
    with pytest.raises(RuntimeError, match="No view has raised since the start"):
        server.raise_last_error()
    with server:
        server.get("/")
        with pytest.raises(RuntimeError, match="No view has raised since the start"):
            server.raise_last_error()


@MODES
def test_an_answer_that_breaks_off_is_kept(views: Views, threads: int | None) -> None:
    """A stream that raises has sent its status already: the client notices, the error is kept."""
    with LiveServer(views.app, threads=threads) as server:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            server.get("/broken-stream")
        assert [str(each) for each in server.errors] == ["second"]
        assert server.log.count("in broken_stream") == 1


def test_an_app_that_breaks_the_rules_of_wsgi_is_logged(views: Views) -> None:
    """Middleware that gives no status is no view, so its error stands in the log only."""
    views.app.wsgi_app = lambda environ, start_response: [b"text"]  # type: ignore[method-assign]
    with LiveServer(views.app) as server:
        assert server.get("/").status_code == 500
    assert server.errors == []
    assert "write() before start_response" in server.log


def test_an_error_that_flask_passes_on_is_kept_once(views: Views) -> None:
    """With TESTING, as with debug, Flask reports the error and raises it too."""
    views.app.testing = True
    with LiveServer(views.app) as server:
        assert server.get("/boom").status_code == 500
        assert [type(each) for each in server.errors] == [ZeroDivisionError]


def test_an_error_handler_that_fails_too_hides_nothing(views: Views) -> None:
    """The view's error and the handler's are kept, in order."""

    @views.app.errorhandler(500)
    def fail(error: Exception) -> str:
        raise LookupError("no error page")

    with LiveServer(views.app) as server:
        assert server.get("/boom").status_code == 500
        assert [type(each) for each in server.errors] == [ZeroDivisionError, LookupError]


def test_an_error_that_the_app_handles_is_no_error(views: Views) -> None:
    """abort() and errors with a handler of their own are answers."""
    views.add("/abort", lambda: abort(409))
    views.app.register_error_handler(ZeroDivisionError, lambda error: ("handled", 400))
    with LiveServer(views.app) as server:
        assert server.get("/abort").status_code == 409
        assert server.get("/boom").text == "handled"
        assert server.errors == []


def test_an_error_belongs_to_the_server_that_got_the_request(views: Views) -> None:
    """Another server of the same app, and the test client, keep theirs apart."""
    with LiveServer(views.app) as one, LiveServer(views.app) as other:
        one.get("/boom")
        views.app.test_client().get("/boom")
        assert (len(one.errors), len(other.errors)) == (1, 0)


@pytest.mark.parametrize("testing", [False, True])
def test_a_kept_error_does_not_keep_the_views_variables(views: Views, testing: bool) -> None:
    """What only the view refers to, such as a session, is gone when the answer is there."""

    class Session:
        pass

    sessions: list[weakref.ref[Session]] = []

    def query() -> None:
        session = Session()
        sessions.append(weakref.ref(session))
        raise LookupError

    @views.app.get("/leaky")
    def leaky() -> str:
        try:
            query()
        except LookupError as error:
            raise ValueError from error
        return "fine"

    views.app.testing = testing
    with LiveServer(views.app) as server:
        server.get("/leaky")
        assert len(server.errors) == 1
        assert [each() for each in sessions] == [None]


def test_nothing_is_printed_and_the_log_has_it() -> None:
    """Request lines, errors and nonsense from a client are collected as text."""
    done = run_python("""
import socket, sys
app = Flask("app")
app.add_url_rule("/boom", "boom", lambda: 1 / 0)
app.add_url_rule("/exit", "exit", lambda: sys.exit(3))
with LiveServer(app) as server:
    server.get("/boom")
    server.get("/exit")
    server.get("/nowhere")
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
        client.sendall(b"nonsense\\r\\n\\r\\n")
        assert client.recv(1)
    paths = [each.path for each in server.requests]
    log = server.log
print(paths, log, sep="\\n")
""")
    assert done.stderr == ""
    paths, log = done.stdout.split("\n", 1)
    assert paths == "['/boom', '/exit', '/nowhere']"
    lines = [each for each in log.splitlines() if each.startswith('"')]
    assert lines == [
        '"GET /boom HTTP/1.1" 500',
        '"GET /exit HTTP/1.1" 500',
        '"GET /nowhere HTTP/1.1" 404',
        '"nonsense" 400',
    ]
    assert log.count("ZeroDivisionError: division by zero") == 1
    assert log.count("SystemExit: 3") == 1


# Starting, stopping and starting again


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
        *[f"server = LiveServer(app, port={free_port()})\nserver.start()\nserver"] * 3,
        count,
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    nbclient.NotebookClient(notebook, allow_errors=True, timeout=60).execute()
    counts = [
        cell.outputs[0].data["text/plain"] for cell in notebook.cells if cell.source.endswith(count)
    ]
    assert counts == ["1", "1", "1", "1"]


def free_port() -> int:
    """Return a port that nothing uses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


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


def test_a_port_of_somebody_else_is_a_clear_error(
    views: Views, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is printed, nothing exits, and the server can start when the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = LiveServer(views.app, port=port)
        with pytest.raises(OSError, match=f"^Port {port} is in use: choose another one, or leave"):
            server.start()
    assert capfd.readouterr() == ("", "")
    with server:
        assert server.get("/").text == "hello"


# Bad input


@pytest.mark.parametrize("app", [None, "app", Flask, lambda: Flask("app")])
def test_what_is_no_flask_app_is_refused(app: object) -> None:
    """The message shows what was given, and says what to pass."""
    with pytest.raises(TypeError, match=f"(?s){re.escape(repr(app))}: pass what Flask"):
        LiveServer(app)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [0, -1, 2.0, "4", True])
def test_a_wrong_number_of_threads_is_refused(views: Views, threads: object) -> None:
    """The message shows what was given, and says what to pass."""
    with pytest.raises(ValueError, match=f"was {re.escape(repr(threads))}: pass 1 or more"):
        LiveServer(views.app, threads=threads)  # type: ignore[arg-type]


@pytest.mark.parametrize("port", [-1, 65536, "5000", None, True])
def test_a_wrong_port_is_refused(views: Views, port: object) -> None:
    """The message shows what was given, and says what to pass."""
    with pytest.raises(ValueError, match=f"was {re.escape(repr(port))}: pass one, or leave it"):
        LiveServer(views.app, port=port)  # type: ignore[arg-type]


def test_a_path_without_a_slash_is_refused(views: Views) -> None:
    """It would end up in the port."""
    sentence = "starts with a slash, but was 'items': pass '/items'"
    with LiveServer(views.app) as server, pytest.raises(ValueError, match=sentence):
        server.get("items")


# Ends


@MODES
@pytest.mark.parametrize("said", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n"])
def test_stop_hangs_up_on_a_client_that_does_not_finish(
    views: Views, threads: int | None, said: bytes
) -> None:
    """A client that says nothing, or half of a request, holds nothing up."""
    with LiveServer(views.app, threads=threads) as server:
        client = connect(server)
        client.sendall(said)
    with client:
        assert hears_end(client)
    assert server.requests == []


@MODES
def test_a_silent_client_does_not_hold_up_the_others(views: Views, threads: int | None) -> None:
    """A browser that connects ahead of its request takes no thread."""
    with LiveServer(views.app, threads=threads) as server:
        with connect(server):
            assert server.get("/").text == "hello"
        assert server.get("/").text == "hello"
    assert server.requests[-1].thread in ("request-2", "server", "pool-2")


@MODES
def test_stop_waits_for_a_view_and_the_client_gets_the_answer(
    views: Views, clients: ThreadPoolExecutor, threads: int | None
) -> None:
    """The view is released only after stop has begun, which a silent client hears."""
    with LiveServer(views.app, threads=threads) as server:
        silent = connect(server)
        answer = hold(views, server, clients)
        clients.submit(hears_end, silent).add_done_callback(lambda _: views.release.set())
    assert answer.result(WAIT) == "released"
    silent.close()


@MODES
def test_a_view_that_hangs_is_named_and_the_rest_is_closed(
    views: Views, clients: ThreadPoolExecutor, threads: int | None
) -> None:
    """The port is free, stopping again is fine, and the next server works."""
    server = LiveServer(views.app, threads=threads)
    server.start()
    port = int(server.url.rpartition(":")[2])
    answer = hold(views, server, clients)
    queued = connect(server)
    queued.sendall(b"GET / HTTP/1.0\r\n\r\n" if threads == 1 else b"")
    name = {None: "request-1", 1: "server", 2: "pool-1"}[threads]
    thread = next(each for each in threading.enumerate() if each.name == name)

    sentence = rf"closed, but after 0\.01 s it still runs GET /held in {name}: make that view end"
    with pytest.raises(TimeoutError, match=sentence):
        server.stop(timeout=0.01)
    server.stop()
    with LiveServer(views.app, port=port) as following:
        assert following.get("/").text == "hello"

    with pytest.raises(requests.ConnectionError):
        answer.result(WAIT)
    views.release.set()
    thread.join(WAIT)
    assert not thread.is_alive()
    queued.close()


@MODES
def test_a_view_can_stop_its_server(views: Views, threads: int | None) -> None:
    """The request that stops it is still answered."""

    @views.app.post("/stop")
    def stop() -> str:
        server.stop()
        return "stopped"

    server = LiveServer(views.app, threads=threads)
    server.start()
    assert server.post("/stop").text == "stopped"
    with pytest.raises(RuntimeError, match="does not run"):
        server.get("/")


def interrupt_main_thread(noticed: threading.Event) -> None:
    """Interrupt as a kernel does; once more where Python missed it just ahead of a wait."""
    for _ in range(2):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # type: ignore[arg-type]
        if noticed.wait(WAIT / 2):
            break


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_that_ends_leaves_the_server_running() -> None:
    """The child has a copy of the server's sockets, and must not hang up on its clients."""
    done = run_python("""
import os, socket, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: here on purpose
app = Flask("app")
app.add_url_rule("/", view_func=lambda: "hello")
with LiveServer(app) as server:
    client = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    server.get("/")  # when this is answered, the other client is known
    if os.fork() == 0:
        sys.exit()
    os.wait()
    client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(client.makefile().read()[-5:])
    client.close()
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
