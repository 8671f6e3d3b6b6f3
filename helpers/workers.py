"""Ask a server of several processes or threads, and say which of them answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from helpers.observe import Observation, letters, require_observations
from helpers.tables import Table, grid, row

TIMEOUT = 30.0  # seconds to wait for a worker; a computer that is busy needs some


def ask(url: str, *requests: str) -> list[Any]:
    """Send requests, each once the one before it is answered, and return the answers.

    :param url: the address of the server, as ``http://127.0.0.1:8000``.
    :param requests: method and path, as ``"GET /items"``.
    :return: what the server answered, as JSON.
    :raises ValueError: when a request is not of that form.
    :raises TimeoutError: when no worker is free.
    :raises RuntimeError: when an answer has another status than 200.
    """
    return [_Request(url, request).finish() for request in requests]


def take_turns(url: str, *requests: str) -> list[Any]:
    """As ``ask``, but each request starts before the one before it ends.

    So the worker that has that one is busy, and another worker has to take this one. Two
    workers, be they processes or threads, take turns.
    """
    answers = []
    before: _Request | None = None
    try:
        for request in requests:
            ...
    finally:
        ...
