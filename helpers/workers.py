"""Ask a server that has several workers, and tell apart what several processes answered.

A worker is what takes one request at a time: a process, or a thread.
"""

from __future__ import annotations

import itertools
import json
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from helpers.observe import Observation, letters, require_observations
from helpers.tables import Table, cells, grid

TIMEOUT = 30.0  # seconds; only a worker that will never come takes that long


class ProcessObservation(Observation):
    """One look at a database, and the process that looked."""

    process: str
    process_id: str
    file: str | None


def ask(url: str, *requests: str) -> list[Any]:
    """Send requests, each when the one before it has been answered.

    :param url: the address of the server, as ``http://127.0.0.1:8000``.
    :param requests: each a method and a path, as ``"GET /items"``.
    :return: the answers, read as JSON, in the order of the requests.
    :raises ValueError: when a request is not of that form.
    :raises TimeoutError: when no worker takes a request.
    :raises ConnectionError: when there is no server, or it ends.
    :raises RuntimeError: when a request is not answered with status 200.
    """
    return [take_turns(url, request)[0] for request in requests]


def take_turns(url: str, *requests: str) -> list[Any]:
    """Send requests, each when a worker has the one before it, and before that is answered.

    The worker of the one before is busy then, so another one takes this one: two workers
    take turns, whatever the scheduler does. It works by a request's last byte, which is
    kept back until the next request has a worker. So the app must read a request to its
    end before it does anything else: ``request.get_data()`` in ``before_request``.

    Parameters, answers and errors are those of ``ask``.
    """
    answers = []
    with ExitStack() as opened:
        before = None
        for request in requests:
            client = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
            opened.callback(client.close)
            _begin(client, request)
            if before:
                answers.append(_finish(*before))
            before = client, request
        if before:
            answers.append(_finish(*before))
    return answers


def _begin(client: HTTPConnection, request: str) -> None:
    """Send all but the last byte of a request, and wait until a worker has it.

    The worker says so with ``100 Continue``, which the header ``Expect`` asks for
    (RFC 9110, section 10.1.1).
    """
    parts = re.fullmatch(r"([A-Z]+) (/\S*)", request)
    if not parts:
        raise ValueError(f"{request!r} is no request: give a method and a path, as 'GET /items'.")
    with _explained(request):
        client.putrequest(parts[1], parts[2])
        client.putheader("Content-Length", "1")
        client.putheader("Expect", "100-continue")
        client.putheader("Connection", "close")
        client.endheaders()
        client.sock.recv(1, socket.MSG_PEEK)  # leaves it for getresponse


def _finish(client: HTTPConnection, request: str) -> Any:
    """Send the last byte, and return the answer."""
    with _explained(request):
        client.send(b".")
        response = client.getresponse()
        body = response.read()
    if response.status != 200:
        raise RuntimeError(
            f"The server answered {request!r} with {response.status} {response.reason}:"
            " correct the request, or the view."
        )
    return json.loads(body)


@contextmanager
def _explained(request: str) -> Iterator[None]:
    """Say which request had no answer, and what to do."""
    try:
        yield
    except TimeoutError as error:
        raise TimeoutError(
            f"No worker dealt with {request!r} within {TIMEOUT:g} s: start the server with more"
            " workers, or end the view that blocks."
        ) from error
    except ConnectionError as error:
        raise ConnectionError(
            f"The server did not answer {request!r}: it is not there, or it has ended,"
            " and its output says why."
        ) from error


def across_processes(looks: Iterable[Any]) -> list[ProcessObservation]:
    """Label processes P1, P2, … at first sight, and all else anew.

    Each process has an Observer of its own, so its labels mean nothing in another process.

    :param looks: observations with two more keys: ``process_id``, and ``file``, the path of
        the database as its process knows it, or ``None`` for a database in memory.
    :raises TypeError: when a look is not an observation, or lacks these keys.
    """
    looks = list(looks)
    require_observations(looks, "across_processes")
    labels: dict[str, Iterator[str]] = {key: _numbered(key) for key in "PTC"} | {"D": letters()}
    known: dict[tuple[Any, ...], str] = {}

    def label(kind: str, *what: str) -> str:
        if what[-1] == "none":  # a look without SQL
            return "none"
        if (kind, *what) not in known:
            known[kind, *what] = next(labels[kind])
        return known[kind, *what]

    labeled = []
    for look in looks:
        if not {"process_id", "file"} <= look.keys():
            raise TypeError(
                f"across_processes was given {look!r}, which does not say which process"
                " looked at which file: let the view add process_id and file."
            )
        pid, file = look["process_id"], look["file"]
        where = (file,) if file and look["database"] != "none" else (pid, look["database"])
        labeled.append(
            look
            | {
                "process": label("P", pid),
                "thread": label("T", pid, look["thread"]),
                "connection": label("C", pid, look["connection"]),
                "database": label("D", *where),
            }
        )
    return labeled


def process_table(looks: Iterable[Any], caption: str) -> Table:
    """Show looks as ``table`` does, each row named by the process that looked.

    :param looks: as for ``across_processes``, which labels them.
    :param caption: one sentence that says what the table shows.
    """
    rows = [
        {"process": f"{look['process']} {look['process_id']}"} | cells(look)
        for look in across_processes(looks)
    ]
    return grid(rows, caption, index="process")


def _numbered(letter: str) -> Iterator[str]:
    return (f"{letter}{number}" for number in itertools.count(1))
