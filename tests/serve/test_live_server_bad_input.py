"""Bad input is refused with a sentence that says what to do."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from serving import Views

from helpers.serve import LiveServer


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


@pytest.mark.parametrize("timeout", [None, -1, float("nan"), "5", True])
def test_a_wrong_timeout_is_refused_and_the_server_runs_on(views: Views, timeout: object) -> None:
    """The message shows what was given, and the server can be stopped afterwards."""
    with LiveServer(views.app) as server:
        with pytest.raises(ValueError, match=f"was {re.escape(repr(timeout))}: pass 0 or more"):
            server.stop(timeout)  # type: ignore[arg-type]
        assert server.get("/").text == "hello"
        server.stop(timeout=float("inf"))


@pytest.mark.parametrize("path", ["items", "", None, 7])
def test_whatever_is_no_path_is_refused(views: Views, path: object) -> None:
    """By each of the methods alike."""
    with LiveServer(views.app) as server:
        for ask in (server.get, server.post, server.put, server.patch, server.delete):
            with pytest.raises(ValueError, match=f"was {re.escape(repr(path))}: pass '/items'"):
                ask(path)
