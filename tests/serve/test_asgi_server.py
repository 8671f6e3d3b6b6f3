"""The server for ASGI apps: it serves, it stops, it says nothing."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import requests
from sqlalchemy import create_engine

from helpers import Observer
from helpers.learn import missing
from helpers.look import without_addresses
from helpers.serve import AsgiServer

fastapi = pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")


def make_app() -> Any:
    """An app that tells which thread serves, and one endpoint that fails."""
    app = fastapi.FastAPI()

    @app.get("/def")  # type: ignore[untyped-decorator]
    def in_the_pool() -> str:
        return threading.current_thread().name

    @app.post("/async-def")  # type: ignore[untyped-decorator]
    async def in_the_loop() -> str:
        return threading.current_thread().name

    @app.get("/fails")  # type: ignore[untyped-decorator]
    def fails() -> str:
        raise ZeroDivisionError

    return app


def test_it_serves_from_threads_with_names() -> None:
    """The event loop runs in a thread of its own, and ``def`` endpoints in AnyIO's."""
    with AsgiServer(make_app()) as server:
        assert server.get("/def").json() == "AnyIO worker thread"
        assert server.post("/async-def").json() == "server"


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """An endpoint that raises is a status, and no traceback under some other cell."""
    with AsgiServer(make_app()) as server:
        assert server.get("/fails").status_code == 500
        assert server.get("/nowhere").status_code == 404

    assert capfd.readouterr() == ("", "")


def test_it_is_gone_after_the_block() -> None:
    """Nobody listens any more, also after an error in the block."""
    with pytest.raises(ZeroDivisionError), AsgiServer(make_app()) as server:
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="An AsgiServer serves in its with block alone"):
        server.get("/def")


def test_it_is_entered_once_at_a_time() -> None:
    """A second server would hide the first one, which nobody could stop."""
    with AsgiServer(make_app()) as server:
        url = server.url
        with pytest.raises(RuntimeError, match=f"This serves already, on {url}: make another"):
            server.__enter__()
        assert server.get("/nowhere").status_code == 404
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_it_listens_on_the_loopback_only() -> None:
    """Nobody else in the room reaches it."""
    with AsgiServer(make_app()) as server:
        assert server.url.startswith("http://127.0.0.1:")


def test_the_same_app_can_be_served_again() -> None:
    """A cell can be run twice."""
    app = make_app()
    for _ in range(2):
        with AsgiServer(app) as server:
            assert server.get("/def").ok


def test_a_lifespan_that_fails_is_said_and_nothing_is_left() -> None:
    """The error surfaces where the server is started."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        if app:
            raise ZeroDivisionError
        yield

    with (
        pytest.raises(RuntimeError, match="correct what its lifespan does"),
        AsgiServer(fastapi.FastAPI(lifespan=lifespan)),
    ):
        pass


def test_what_is_no_app_is_refused() -> None:
    """One sentence says what was given and what to pass."""
    with pytest.raises(TypeError, match="was given 'shop': pass what FastAPI"):
        AsgiServer("shop")


def test_a_module_that_is_missing_is_named() -> None:
    """Those that are there are not; nothing is said when all are."""
    assert missing("sqlite3", "json") == ""
    assert missing("json", "no_such_module").startswith("Not installed: no_such_module. ")


def test_a_thread_named_by_an_address_gets_a_plain_name() -> None:
    """All else of an observation stays, and the observation itself is not changed."""
    observer = Observer(create_engine("sqlite://"))

    def look_twice() -> None:
        for name in ("asyncio-portal-7f41b2c64550", "request-1"):
            threading.current_thread().name = name
            observer.look("look", lambda: "seen")

    thread = threading.Thread(target=look_twice)
    thread.start()
    thread.join()
    shown = without_addresses(observer.observations)

    assert [look["thread_name"] for look in shown] == ["asyncio-portal", "request-1"]
    assert observer.observations[0]["thread_name"] == "asyncio-portal-7f41b2c64550"
    assert shown[1] == observer.observations[1]


def test_what_is_no_observation_is_refused() -> None:
    """As with the other functions that take observations."""
    with pytest.raises(TypeError, match="without_addresses was given"):
        without_addresses([{"thread_name": "server"}])  # type: ignore[typeddict-item]
