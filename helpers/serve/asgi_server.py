"""An ASGI app served from a background thread, as FastAPI's."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from helpers.serve.client import send

if TYPE_CHECKING:
    import uvicorn
    from requests import Response


class AsgiServer:
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

    def __enter__(self) -> Self:
        """Bind a free port, and serve.

        :raises RuntimeError: when the app's lifespan fails.
        """
        over = threading.Event()
        # Bound here, so that an error surfaces in the cell.
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = _server(self._app, over)
        self._thread = threading.Thread(target=self._serve, args=(over,), name="server")
        self._thread.daemon = True
        self._thread.start()
        over.wait()
        if not self._server.started:
            self._stop()
            raise RuntimeError("The app did not start: correct what its lifespan does.")
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def get(self, path: str) -> Response:
        """Send a GET request.

        :param path: the path, with its leading slash.
        """
        return send("GET", self.url, path)

    def post(self, path: str) -> Response:
        """Send a POST request.

        :param path: the path, with its leading slash.
        """
        return send("POST", self.url, path)

    def _serve(self, over: threading.Event) -> None:
        try:
            with suppress(SystemExit):  # uvicorn exits where a lifespan fails
                asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            over.set()

    def _stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
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
