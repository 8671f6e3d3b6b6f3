"""Record what happens in a LiveServer, instead of printing it: requests, log, errors."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, TextIO

from flask import Flask, got_request_exception, request
from werkzeug.exceptions import InternalServerError

RAISED = "helpers.raised"  # the key in a request's environ for what its view raised


class Request(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    status: int
    thread: str


class Failure(NamedTuple):
    """What a view raised, and where."""

    error: BaseException
    traceback: TracebackType | None


def collecting(app: Flask, failures: list[Failure], log: TextIO) -> Callable[..., Iterator[bytes]]:
    """Wrap an app: what it raises is kept, and even sys.exit() is answered with 500.

    All of it is kept ahead of the answer's first byte, so whoever has the answer finds it.

    :param app: the Flask app.
    :param failures: where to keep errors that the app does not handle.
    :param log: where to write the traceback of those that Flask lets through.
    :return: the WSGI application to serve.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        raised: list[BaseException] = []
        environ[RAISED] = raised
        begun = False
        try:
            body: Any = app(environ, start_response)
            failures.extend(_keep(each) for each in raised)
            raised.clear()
            try:
                for chunk in body:
                    begun = True
                    yield chunk
            finally:
                if hasattr(body, "close"):
                    body.close()
        except GeneratorExit:  # the client is gone
            raise
        except BaseException as error:
            said = f"Error on request:\n{traceback.format_exc()}"
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            if error not in raised:
                raised.append(error)
            failures.extend(_keep(each) for each in raised)
            if begun:  # with a status: all that Werkzeug can do is to log it and break off
                raise RuntimeError(f"The app raised {type(error).__name__}.") from error
            log.write(said)
            anew = partial(start_response, exc_info=sys.exc_info())
            yield from InternalServerError()(environ, anew)

    return answer


@got_request_exception.connect
def _note(app: Flask, exception: BaseException, **extra: Any) -> None:
    """Note what a view raised: Flask itself answers it with 500 and lets go of it."""
    request.environ.get(RAISED, []).append(exception)


def _keep(error: BaseException) -> Failure:
    """Keep an error and its traceback, but not the variables of the view that raised it.

    They would keep its sessions and connections open for as long as the server is known.
    """
    cause: BaseException | None = error
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    return Failure(error, error.__traceback__)
