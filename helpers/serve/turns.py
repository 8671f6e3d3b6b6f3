"""Ask a server that has several workers, and let them take turns.

A worker is what takes one request at a time: a process, or a thread.
"""

from __future__ import annotations

import json
import re
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30.0  # seconds; a server that has just been started may need some of them
NEXT = 5.0  # seconds for one more worker, where another one works already


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
    return take_turns(url, *requests, workers=1)


def take_turns(url: str, *requests: str, workers: int = 2) -> list[Any]:
    """Send requests, so that each is taken by another worker than those before it.

    A request is answered only when as many workers as there are have one, so they take
    turns, whatever the scheduler does. It works by a request's last byte, which is kept
    back until then. So the app must read a request to its end before it does anything else:
    ``request.get_data()`` in ``before_request``.

    Answers, errors and the other parameters are those of ``ask``.

    :param workers: how many workers the server has.
    """
    if type(workers) is not int or workers < 1:
        raise ValueError(
            f"workers is how many workers the server has, but was {workers!r}: pass 1 or more."
        )
    answers = []
    begun: deque[tuple[HTTPConnection, str]] = deque()
    with ExitStack() as opened:
        for request in requests:
            client = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
            opened.callback(client.close)
            _begin(client, request, busy=len(begun))
            begun.append((client, request))
            if len(begun) == workers:
                answers.append(_finish(*begun.popleft()))
        answers += [_finish(*each) for each in begun]
    return answers


def _begin(client: HTTPConnection, request: str, busy: int) -> None:
    """Send all but the last byte of a request, and wait until a worker has it.

    The worker says so with ``100 Continue``, which the header ``Expect`` asks for
    (RFC 9110, section 10.1.1).
    """
    parts = re.fullmatch(r"([A-Z]+) (/\S*)", request)
    if not parts:
        raise ValueError(f"{request!r} is no request: give a method and a path, as 'GET /items'.")
    with _explained(request, busy):
        client.putrequest(parts[1], parts[2])
        client.putheader("Content-Length", "1")
        client.putheader("Expect", "100-continue")
        client.putheader("Connection", "close")
        client.endheaders()
        client.sock.settimeout(NEXT if busy else TIMEOUT)
        client.sock.recv(1, socket.MSG_PEEK)  # leaves it for getresponse
        client.sock.settimeout(TIMEOUT)


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
def _explained(request: str, busy: int = 0) -> Iterator[None]:
    """Say which request had no answer, and what to do."""
    try:
        yield
    except TimeoutError as error:
        raise TimeoutError(
            f"While {busy} of the workers had a request, no other one took {request!r} within"
            f" {NEXT:g} s: start the server with more workers, or name fewer with workers=…."
            if busy
            else f"No worker dealt with {request!r} within {TIMEOUT:g} s: start the server, or"
            " end the view that blocks."
        ) from error
    except ConnectionError as error:
        raise ConnectionError(
            f"The server did not answer {request!r}: it is not there, or it has ended,"
            " and its output says why."
        ) from error
