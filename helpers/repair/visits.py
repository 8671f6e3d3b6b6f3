"""A visit to a learner's shop: the answer, or a sentence that says what went wrong."""

from __future__ import annotations

from typing import Any

from helpers.learn import Flaw
from helpers.look import describe_error
from helpers.serve import LiveServer

SECONDS = 2  # for one request: a view that hangs is no repair


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
