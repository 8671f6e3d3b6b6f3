"""An ASGI app served from a background thread, as FastAPI's."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from helpers.serve.client import Reachable
from helpers.serve.forked import close_all, servers

if TYPE_CHECKING:
    import uvicorn


class AsgiServer(Reachable):
    """Serve an ASGI app, as FastAPI's, from a background thread: uvicorn on 127.0.0.1.

    ::

        with AsgiServer(app) as server:
            server.get("/items").json()

    The event loop runs in the thread ``server``. Nothing is printed or logged.

    :param app: the app, as ``FastAPI()`` returns it.
    :raises TypeError: when it cannot be called, as every ASGI app can.
    """

    def __init__(self, app: Any) -> None:
        if not callable(app):
            raise TypeError(
                f"AsgiServer serves an ASGI app, but was given {app!r}:"
                " pass what FastAPI(...) returned."
            )
        self._app = app
        self._url = ""

    def __enter__(self) -> Self:
        """Bind a free port, and serve.

        :raises RuntimeError: when the app's lifespan fails, or this serves already.
        """
        if self._url:
            raise RuntimeError(f"This serves already, on {self._url}: make another AsgiServer.")
        over = threading.Event()
        # Bound here, so that an error surfaces in the cell.
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        servers.add(self)
        self._server = _server(self._app, over)
        self._thread = threading.Thread(target=self._serve, args=(over,), name="server")
        self._thread.daemon = True
        try:
            self._thread.start()
            over.wait()
        except BaseException:  # no thread is left, or the reader interrupts
            self._stop()
            raise
        if not self._server.started:
            self._stop()
            raise RuntimeError("The app did not start: correct what its lifespan does.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._stop()
        except TimeoutError as hung:
            if error is None:
                raise
            error.add_note(str(hung))  # the reader's own error says more

    @property
    def url(self) -> str:
        """The address, without a slash at its end.

        :raises RuntimeError: outside of the ``with`` block.
        """
        if not self._url:
            raise RuntimeError("An AsgiServer serves in its with block alone: ask it there.")
        return self._url

    def close_copies(self) -> None:
        """Close a forked child's copy of the socket, which would keep the port in use."""
        close_all([self._socket])

    def _serve(self, over: threading.Event) -> None:
        try:
            with suppress(SystemExit):  # uvicorn exits where a lifespan fails
                asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            over.set()

    def _stop(self) -> None:
        self._url = ""
        self._server.should_exit = True
        if self._thread.ident:  # it could start
            self._thread.join(10)
        with suppress(OSError):  # a forked child may not have come to close its copy yet
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._thread.is_alive():
            raise TimeoutError(
                "The server still answers a request after 10 s: make that endpoint end,"
                " or restart the kernel."
            )


def _server(app: Any, ready: threading.Event) -> uvicorn.Server:
    """A server of uvicorn that says when it has started."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    return Server(uvicorn.Config(app, log_config=None, log_level="critical"))
