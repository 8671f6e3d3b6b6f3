"""A stop hangs up on who is silent, and waits for the views that run."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import request
from serving import MODES, WAIT, Views, connect, hears_end, hold

from helpers.serve import LiveServer


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
@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: shop\r\n"])
def test_a_silent_client_does_not_hold_up_the_others(
    views: Views, threads: int | None, said: bytes
) -> None:
    """A browser that connects ahead of its request, or stops in the middle, takes no thread."""
    with LiveServer(views.app, threads=threads) as server:
        with connect(server) as client:
            client.sendall(said)
            assert server.get("/").text == "hello"
        assert server.get("/").text == "hello"
    assert server.requests[-1].thread in ("request-2", "server", "pool-2")


HALF_A_BODY = b"POST /%s HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"


@MODES
def test_a_client_that_never_ends_its_request_is_left_alone_once_it_is_answered(
    views: Views, threads: int | None
) -> None:
    """The view did not want the rest, and has ended: neither others nor a stop wait for it."""
    views.app.post("/unread")(views.held)
    with LiveServer(views.app, threads=threads) as server, connect(server) as client:
        client.sendall(HALF_A_BODY % b"unread")
        assert views.entered.wait(WAIT)
        client.sendall(b"more")
        views.release.set()
        assert client.recv(1)
        for _ in range(2):
            assert server.get("/").text == "hello"


@MODES
def test_stop_ends_a_view_that_waits_for_its_client(views: Views, threads: int | None) -> None:
    """The view hears that the client has left."""

    @views.app.post("/read")
    def read() -> bytes:
        views.entered.set()
        return request.get_data()

    with LiveServer(views.app, threads=threads) as server:
        client = connect(server)
        client.sendall(HALF_A_BODY % b"read")
        assert views.entered.wait(WAIT)
    client.close()
    assert [each.status for each in server.requests] in ([], [400])
    assert server.errors == []


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
    assert server.requests == []
    queued.close()


@pytest.mark.parametrize("raised", [KeyError("mine"), KeyboardInterrupt()])
def test_a_view_that_hangs_does_not_hide_the_readers_own_error(
    views: Views,
    clients: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
) -> None:
    """What the block raised comes first; that a view hangs is a note below it."""
    monkeypatch.setattr(LiveServer.stop, "__defaults__", (0.01,))
    with pytest.raises(type(raised)) as error, LiveServer(views.app) as server:
        answer = hold(views, server, clients)
        raise raised
    views.release.set()
    assert error.value is raised
    assert raised.__notes__ == [
        "The server is closed, but after 0.01 s it still runs GET /held in request-1: "
        "make that view end, or restart the kernel."
    ]
    with pytest.raises(requests.ConnectionError):
        answer.result(WAIT)


@MODES
def test_whoever_is_recorded_has_an_answer(views: Views, threads: int | None) -> None:
    """A stop in the middle of many requests lets each end, or never begin."""

    def ask_until_it_ends(server: LiveServer, count: list[int]) -> None:
        with contextlib.suppress(requests.ConnectionError, RuntimeError):
            while True:
                server.get("/")
                count.append(1)

    for _ in range(5):
        count: list[int] = []
        server = LiveServer(views.app, threads=threads)
        server.start()
        with ThreadPoolExecutor(4) as pool:
            for _ in range(4):
                pool.submit(ask_until_it_ends, server, count)
            while len(server.requests) < 4:
                server.get("/thread")
                count.append(1)
            server.stop()
        assert len(server.requests) == len(count)


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
