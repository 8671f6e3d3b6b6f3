"""What notebook 11 needs to look at apps that are not Flask's: a server for ASGI, and manners."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self

from helpers.observe import Observation, require_observations
from helpers.server import send

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


def missing(*modules: str) -> str:
    """Say which modules are not installed; an empty text when all are.

    :param modules: their import names.
    """
    absent = [module for module in modules if find_spec(module) is None]
    if not absent:
        return ""
    return (
        f"Not installed: {', '.join(absent)}. This section needs what the lesson's extra `others`"
        " installs; go on to the next one."
    )


def without_addresses(looks: Iterable[Observation]) -> list[Observation]:
    """The same observations, with plain names for threads that are named by an address.

    The test client's thread is called ``asyncio-portal-7f41b2c64550``, and never twice so.

    :param looks: what ``Observer.look`` returned.
    :raises TypeError: when a look is not an observation.
    """
    looks = list(looks)
    require_observations(looks, "without_addresses")
    return [
        {**look, "thread_name": re.sub(r"-portal-[0-9a-f]+$", "-portal", look["thread_name"])}
        for look in looks
    ]
