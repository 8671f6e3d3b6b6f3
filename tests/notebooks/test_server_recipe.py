"""The server that notebook 15 takes apart, copied out of it: it works alone."""

from __future__ import annotations

import gc
import socket
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from flask import Flask

from helpers.serve import send

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "15_how_does_flask_run_in_a_notebook.ipynb"


def names_of(*definitions: str) -> dict[str, Any]:
    """What the cells that hold these definitions leave, when nothing else has run."""
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells]
    names: dict[str, Any] = {}
    for definition in definitions:
        [source] = [each for each in cells if definition in each and "<details>" not in each]
        exec(compile(source, definition, "exec"), names)
    return names


@pytest.fixture
def serving() -> Any:
    """The context manager."""
    return names_of("def serving(app, port=0)")["serving"]


@pytest.fixture
def app() -> Flask:
    """An app that says what it sells."""
    app = Flask("shop")
    app.add_url_rule("/", view_func=lambda: "lamps")
    return app


def refused(url: str) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_serves_on_one_port_again_and_again(
    serving: Any, app: Flask, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each block frees the port for the next one at once, and prints nothing."""
    port = 0
    for _ in range(10):
        with serving(app, port) as (url, lines):
            assert send("GET", url, "/").text == "lamps"
            assert "GET / HTTP/1.1" in lines[0]
        assert refused(url)
        port = int(url.rpartition(":")[2])
    assert capfd.readouterr() == ("", "")


def test_a_block_that_fails_leaves_no_server(serving: Any, app: Flask) -> None:
    """And its own error comes through."""
    with pytest.raises(KeyError, match="mine"), serving(app) as (url, _):
        raise KeyError("mine")
    assert refused(url)
    assert [each for each in threading.enumerate() if each.name == "server"] == []


def test_a_port_in_use_fails_in_the_cell(serving: Any, app: Flask) -> None:
    """And not in a thread that nobody looks at."""
    with serving(app) as (url, _):
        with pytest.raises(SystemExit), serving(app, int(url.rpartition(":")[2])):
            pass
        assert send("GET", url, "/").text == "lamps"


def test_a_server_that_is_replaced_ends(app: Flask) -> None:
    """As soon as the name refers to the next one, or when it is stopped, once or twice."""
    names = names_of("def serving(app, port=0)", "class Server:")
    servers = [names["Server"](app)]
    first = servers[0].url
    servers[0] = names["Server"](app)
    gc.collect()
    assert refused(first)
    assert send("GET", servers[0].url, "/").text == "lamps"

    second = servers[0].url
    servers[0].stop()
    servers[0].stop()
    assert refused(second)
    with pytest.raises(requests.ConnectionError):
        send("GET", second, "/")


def test_it_is_told_as_forty_lines() -> None:
    """As the notebook says."""
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells]
    parts = [
        each for each in cells if "def serving(app, port=0)" in each or "class Server:" in each
    ]
    assert 30 <= sum(len(part.splitlines()) for part in parts) <= 40
