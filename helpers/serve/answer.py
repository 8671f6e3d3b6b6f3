"""The answer of an app to one request, whose errors are kept."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from flask import Flask, got_request_exception, request
from werkzeug.exceptions import InternalServerError

from helpers.serve.records import Records

RAISED = "helpers.raised"  # the key in a request's environ for what its view raised
ANSWERED = "helpers.answered"  # the one for the function to call once the view has ended


class Answer:
    """The chunks of an answer, as WSGI wants them. Even ``sys.exit()`` is answered with 500.

    What a view raises is kept ahead of the answer's first byte, so whoever has the answer
    finds it. (No generator, as a view may raise GeneratorExit.)

    :param app: the Flask app.
    :param records: where to keep what the app does not handle.
    :param environ: the request.
    :param start_response: as WSGI gives it.
    """

    def __init__(
        self, app: Flask, records: Records, environ: dict[str, Any], start_response: Any
    ) -> None:
        self._records, self._environ, self._start_response = records, environ, start_response
        self._raised: list[BaseException] = environ[RAISED]
        self._begun = False
        self._body: Iterable[bytes] = ()
        try:
            self._body = app(environ, start_response)
            self._chunks = iter(self._body)
            self._keep_raised()
        except BaseException as error:  # noqa: BLE001 - a view may raise anything
            self._chunks = self._answer_500(error)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self.close()
            raise
        except BaseException as error:
            if self._begun:  # with a status: all that Werkzeug can do is to log and to break off
                self._keep_raised(error)
                self.close()
                raise RuntimeError(f"The app raised {type(error).__name__}.") from error
            self._chunks = self._answer_500(error)
            chunk = next(self._chunks)
        self._begun = True
        return chunk

    def close(self) -> None:
        """Let the app do what it does after an answer: once, also where the client has left."""
        body, self._body = self._body, ()
        try:
            if hasattr(body, "close"):
                body.close()
        except BaseException as error:  # noqa: BLE001 - as above; the answer has been sent
            self._log(error)
            self._keep_raised(error)
        self._environ[ANSWERED]()

    def _answer_500(self, error: BaseException) -> Iterator[bytes]:
        self._log(error)
        self._keep_raised(error)
        again = partial(self._start_response, exc_info=sys.exc_info())
        return iter(InternalServerError()(self._environ, again))

    def _log(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error))
        self._records.log.write(f"Error on request:\n{text}")

    def _keep_raised(self, error: BaseException | None = None) -> None:
        """Keep what Flask reported, and an error that it let through, unless it is the same."""
        if error is not None:
            # Not the frame above, which is of this file.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            if not any(each is error for each in self._raised):
                self._raised.append(error)
        for each in self._raised:
            self._records.keep(each)
        self._raised.clear()


@got_request_exception.connect
def _note(app: Flask, exception: BaseException, **extra: Any) -> None:
    """Note what a view raised: Flask itself answers it with 500 and lets go of it."""
    request.environ.get(RAISED, []).append(exception)
