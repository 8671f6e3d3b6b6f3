"""A Flask app served from a background thread, next to the cells that call it.

The port is bound before the thread starts, so that errors surface in the cell. Nothing is
printed, because print or log from a thread would land under some other cell.
"""

from __future__ import annotations

import errno
import threading
import weakref
from types import TracebackType
from typing import Self

from flask import Flask

from helpers.serve.client import Reachable
from helpers.serve.forked import servers
from helpers.serve.records import Request, twin
from helpers.serve.stoppable_server import StoppableServer


class LiveServer(Reachable):
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
        self._starting = threading.Lock()

    def start(self) -> None:
        """Bind the port and serve. Requests, errors and log begin anew.

        :raises RuntimeError: if this server runs already.
        :raises OSError: if the port cannot be had.
        """
        with self._starting:
            server = self._server
            if server and server.is_of_this_process and not server.stopping:
                del self  # IPython keeps the frames of an error, which would keep this server
                raise RuntimeError("This server runs already: stop it before you start it again.")
            self._server = server = _bound(self._app, self._threads, self._port)
            # The thread knows the inner server only, so that this object can become garbage.
            server.finalizer = weakref.finalize(self, server.close, timeout=1)
        try:
            server.start()
        except BaseException:  # no thread is left, or the reader interrupts
            server.close(timeout=5)
            raise

    def stop(self, timeout: float = 5) -> None:
        """Hang up on silent clients, wait for the views that run, and free the port.

        :param timeout: seconds to wait.
        :raises TimeoutError: if a view still runs then. All else is closed.
        :raises ValueError: if ``timeout`` is no number of seconds. The server runs on.
        """
        server = self._server
        del self  # as above
        if type(timeout) not in (int, float) or not timeout >= 0:
            raise ValueError(
                f"A timeout is a number of seconds, but was {timeout!r}: "
                "pass 0 or more, or leave it out to wait 5 s."
            )
        wait = min(timeout, threading.TIMEOUT_MAX / 2)
        if server and (hung := server.close(wait)):
            raise TimeoutError(
                f"The server is closed, but after {timeout:g} s it still runs {', '.join(hung)}: "
                "make that view end, or restart the kernel."
            )

    def __enter__(self) -> Self:
        try:
            self.start()
            return self
        finally:
            del self  # as above

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        except TimeoutError as hung:
            if error is None:
                raise
            error.add_note(str(hung))  # the reader's own error says more

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        if self._server is None or self._server.stopping:
            raise RuntimeError("This server does not run: call start(), or use it in a `with`.")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def requests(self) -> list[Request]:
        """The requests that were answered since the start, in the order of the answers."""
        return list(self._server.records.requests) if self._server else []

    @property
    def errors(self) -> list[BaseException]:
        """What views raised since the start and the app did not handle, in order."""
        return [each.error for each in self._server.records.failures] if self._server else []

    @property
    def log(self) -> str:
        """What Flask and Werkzeug would have printed since the start."""
        return self._server.records.log.getvalue() if self._server else ""

    def raise_last_error(self) -> None:
        """Raise the last of ``errors`` here, with the traceback that leads into the view.

        :raises RuntimeError: if no view raised.
        """
        failures = self._server.records.failures if self._server else []
        del self  # as above
        if not failures:
            raise RuntimeError("No view has raised since the start, so there is no error to raise.")
        error, view = failures[-1]
        raise twin(error).with_traceback(view)


def _bound(app: Flask, threads: int | None, port: int) -> StoppableServer:
    """A server that has its port, which one of this process leaves to it."""
    for other in list(servers):
        if isinstance(other, StoppableServer) and other.port == port:
            other.close(timeout=5)
    try:
        return StoppableServer(app, threads, port)
    except OSError as error:
        reasons = {errno.EADDRINUSE: "is in use", errno.EACCES: "is not allowed"}
        reason = reasons.get(error.errno or 0)
        said = (
            f"Port {port} {reason}: choose another one, or leave it out to get one that is free."
            if reason
            else f"The server cannot open its sockets ({error.strerror}): close what has many"
            " files or connections open, or restart the kernel."
        )
        explained = type(error)(said)
        explained.errno = error.errno
        raise explained from error
