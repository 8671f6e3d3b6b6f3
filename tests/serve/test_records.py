"""What a LiveServer has recorded is there with the answer."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable

import pytest
import requests
from flask import Response, request
from serving import MODES, Views, broken_stream, connect, run_python

from helpers.serve import LiveServer


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


def test_an_app_that_breaks_the_rules_of_wsgi_is_logged(views: Views) -> None:
    """Middleware that gives no status is no view, so its error stands in the log only."""
    views.app.wsgi_app = lambda environ, start_response: [b"text"]  # type: ignore[method-assign]
    with LiveServer(views.app) as server:
        assert server.get("/").status_code == 500
    assert server.errors == []
    assert "write() before start_response" in server.log


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


def test_the_log_can_be_printed_whatever_stands_in_it(views: Views) -> None:
    """Control characters, which a terminal obeys, are written out wherever they come from."""

    def fail() -> str:
        request.environ["wsgi.errors"].write("of an app\x07\n")  # as Flask's logger does
        sys.exit("\x1b[2J\x9b")

    views.add("/\x1b", fail)
    with LiveServer(views.app) as server:
        server.get("/%1b")
        with connect(server) as client:
            client.sendall(b"GET /\x1b[2J\x07 HTTP/1.0\r\n\r\n")
            assert client.recv(1)
        server.get("/")
    controls = {each for each in server.log if each != "\n" and not each.isprintable()}
    assert controls == set()
    assert "of an app\\x07\n" in server.log
    assert '"GET /\\x1b[2J\\x07 HTTP/1.0" 404' in server.log
    assert "SystemExit: \\x1b[2J\\x9b" in server.log
