"""A learner's shop and a visit to it, or a sentence that says what went wrong."""

from __future__ import annotations

from typing import Any

from flask import Flask

from helpers.learn import Flaw
from helpers.look import describe_error
from helpers.serve import LiveServer

SECONDS = 2  # for one request: a view that hangs is no repair


def app_of(make_app: object, *arguments: object) -> Flask:
    """The app that a learner's function makes.

    :param arguments: for the function.
    :raises Flaw: when it makes none.
    """
    if not callable(make_app):
        raise Flaw(f"The check calls a function and was given {make_app!r}: keep the function.")
    try:
        app = make_app(*arguments)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a learner's code may raise anything
        raise Flaw(f"Your function raised {describe_error(error)}.") from None
    if not isinstance(app, Flask):
        raise Flaw(f"Your function returned {app!r}: let it return the Flask app.")
    return app


def ask(server: LiveServer, method: str, path: str, **options: Any) -> Any:
    """Send a request, and return what the answer holds as JSON, or its text.

    :raises Flaw: when the status is no success.
    """
    number = len(server.requests) + 1
    send = server.get if method == "GET" else server.post
    try:
        response = send(path, timeout=SECONDS, **options)
    except OSError as error:
        raise Flaw(f"Request {number}, {method} {path}, got no answer in {SECONDS} s.") from error
    if response.status_code >= 400:
        thread = server.requests[-1].thread
        why = f": {describe_error(server.errors[-1])}" if server.errors else ""
        raise Flaw(
            f"Request {number}, {method} {path}, got {response.status_code}{why}, in the thread"
            f" {thread}."
        )
    try:
        return response.json()
    except ValueError:
        return response.text
