"""A Flask app served from a background thread, next to the cells that call it.

The port is bound before the thread starts, so that errors surface in the cell. Nothing is
printed, because print or log from a thread would land under some other cell.
"""

from __future__ import annotations

import errno
import weakref
from typing import TYPE_CHECKING, Any, Self

from flask import Flask

from helpers.serve.client import send
from helpers.serve.records import Request
from helpers.serve.stoppable_server import StoppableServer

if TYPE_CHECKING:
    from requests import Response

_by_port: weakref.WeakValueDictionary[int, LiveServer] = weakref.WeakValueDictionary()


class LiveServer:
    """Serve a Flask app from a background thread, on 127.0.0.1 only.

    Use it as a context manager, or call ``start`` and ``stop``. A server that nothing
    refers to stops by itself, so a cell that runs again replaces its own.

    :param app: the Flask app.
    :param threads: None gives each request a new thread (``request-1``, ``request-2``, …),
        as ``flask run`` does. 1 answers every request in the thread ``server``. A larger
        number is a fixed pool (``pool-1``, ``pool-2``, …), which takes requests in turn,
        so that every run is the same; real pools use whichever thread is idle, and each
        thread gets the same share.
    :param port: 0 for any free port, or a fixed one. A LiveServer of this process that
        holds the fixed one is stopped.
    :raises TypeError: if ``app`` is not a Flask app.
    :raises ValueError: if ``threads`` or ``port`` is not a number that fits.
    """

    def __init__(self, app: Flask, *, threads: int | None = None, port: int = 0) -> None:
        if not isinstance(app, Flask):
            raise TypeError(
                f"LiveServer serves a Flask app, but was given {app!r}: "
                "pass what Flask(...) or your app factory returned."
            )
        if threads is not None and (type(threads) is not int or threads < 1):
            raise ValueError(
                f"threads is the size of the pool, but was {threads!r}: "
                "pass 1 or more, or None for a new thread per request."
            )
        if type(port) is not int or not 0 <= port <= 65535:
            raise ValueError(
                f"A port is a whole number from 1 to 65535, but was {port!r}: "
                "pass one, or leave it out to get one that is free."
            )
        self._app, self._threads, self._port = app, threads, port
        self._server: StoppableServer | None = None

    def start(self) -> None:
        """Bind the port and serve. Requests, errors and log begin anew.

        :raises RuntimeError: if this server runs already.
        :raises OSError: if the port cannot be had.
        """
        if self._server and not self._server.stopping:
            raise RuntimeError("This server runs already: stop it before you start it again.")
        if holder := _by_port.get(self._port):
            holder.stop()
        try:
            self._server = StoppableServer(self._app, self._threads, self._port)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise OSError(
                f"Port {self._port} is {'in use' if taken else 'not allowed'}: "
                "choose another one, or leave it out to get one that is free."
            ) from error
        # The thread knows the inner server only, so that this object can become garbage.
        weakref.finalize(self, self._server.close, timeout=1)
        _by_port[self._server.port] = self
        try:
            self._server.start()
        except BaseException:  # the reader's interrupt: a `with` would not stop it now
            self.stop()
            raise

    def stop(self, timeout: float = 5) -> None:
        """Hang up on silent clients, wait for the views that run, and free the port.

        :param timeout: seconds to wait.
        :raises TimeoutError: if a view still runs then. All else is closed.
        """
        if self._server and (hung := self._server.close(timeout)):
            raise TimeoutError(
                f"The server is closed, but after {timeout:g} s it still runs {', '.join(hung)}: "
                "make that view end, or restart the kernel."
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        if self._server is None or self._server.stopping:
            raise RuntimeError("This server does not run: call start(), or use it in a `with`.")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def requests(self) -> list[Request]:
        """The requests that were answered since the start, in the order of the answers."""
        return list(self._server.requests) if self._server else []

    @property
    def errors(self) -> list[BaseException]:
        """What views raised since the start and the app did not handle, in order."""
        return [failure.error for failure in self._server.failures] if self._server else []

    @property
    def log(self) -> str:
        """What Flask and Werkzeug would have printed since the start."""
        return self._server.stream.getvalue() if self._server else ""

    def raise_last_error(self) -> None:
        """Raise the last of ``errors`` here, with the traceback that leads into the view.

        :raises RuntimeError: if no view raised.
        """
        if self._server is None or not self._server.failures:
            raise RuntimeError("No view has raised since the start, so there is no error to raise.")
        error, view = self._server.failures[-1]
        try:
            raise error.with_traceback(view)
        finally:
            del self, error  # IPython keeps the traceback, which would keep this server

    def get(self, path: str, **options: Any) -> Response:
        """Send a GET request.

        :param path: the path, with its leading slash.
        :param options: as for ``requests.get``. The timeout is 10 seconds by default.
        """
        try:
            return send("GET", self.url, path, **options)
        finally:
            del self  # as above

    def post(self, path: str, **options: Any) -> Response:
        """Send a POST request, as in ``server.post("/items", json={"name": "tea"})``.

        :param path: the path, with its leading slash.
        :param options: as for ``requests.post``. The timeout is 10 seconds by default.
        """
        try:
            return send("POST", self.url, path, **options)
        finally:
            del self  # as above
