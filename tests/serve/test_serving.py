"""A LiveServer serves an app from a background thread, and is sent requests."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests
from flask import request
from serving import MODES, WAIT, Views, connect, hold
from werkzeug.serving import WSGIRequestHandler

from helpers.serve import LiveServer


@MODES
def test_it_answers_from_another_thread(views: Views, threads: int | None) -> None:
    """Its own client and any other get the view's answer, made outside the caller's thread."""
    with LiveServer(views.app, threads=threads) as server:
        assert server.get("/").text == "hello"
        assert requests.get(server.url + "/", timeout=WAIT).text == "hello"
        assert server.post("/echo", json={"item": "tea"}).json() == {"item": "tea"}
        assert server.get("/thread").text != str(threading.get_native_id())


def test_it_is_sent_what_a_rest_api_wants(views: Views) -> None:
    """Each method of HTTP that a reader needs has a function, with the options of requests."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    views.app.add_url_rule(
        "/any", "any", lambda: [request.method, request.get_json()], methods=methods
    )
    with LiveServer(views.app) as server:
        for method, ask in zip(
            methods,
            [server.get, server.post, server.put, server.patch, server.delete],
            strict=True,
        ):
            assert ask("/any", json={"item": "tea"}).json() == [method, {"item": "tea"}]
    assert [each.method for each in server.requests] == methods


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
