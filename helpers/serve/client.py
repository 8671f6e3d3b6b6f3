"""Send a request to a server of this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requests import Response


def send(method: str, url: str, path: str, **options: Any) -> Response:
    """Send a request to a server of this machine, whatever proxy is set.

    :param method: as ``"GET"``.
    :param url: the address, without a slash at its end.
    :param path: the path, with its leading slash.
    :param options: as for ``requests.request``. The timeout is 10 seconds by default.
    :raises ValueError: when the path has no leading slash.
    """
    import requests  # here, because it is slow to import

    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError(f"A path starts with a slash, but was {path!r}: pass '/items'.")
    with requests.Session() as session:  # one per call, as threads must not share one
        session.trust_env = False  # HTTP_PROXY is obeyed even for 127.0.0.1
        return session.request(method, url + path, **{"timeout": 10, **options})


class Reachable(ABC):
    """A server that is sent requests, as in ``server.post("/items", json={"name": "tea"})``.

    Each of ``get``, ``post``, ``put``, ``patch`` and ``delete`` is a function of the path and
    of the options of ``requests``, as :func:`send` has them. They are properties because a
    method's frame would keep the server, and IPython keeps the frames of an error.
    """

    @property
    @abstractmethod
    def url(self) -> str:
        """The address, without a slash at its end."""

    @property
    def get(self) -> Callable[..., Response]:
        """Send a GET request: ``server.get(path, **options)``."""
        return partial(send, "GET", self.url)

    @property
    def post(self) -> Callable[..., Response]:
        """Send a POST request: ``server.post(path, **options)``."""
        return partial(send, "POST", self.url)

    @property
    def put(self) -> Callable[..., Response]:
        """Send a PUT request: ``server.put(path, **options)``."""
        return partial(send, "PUT", self.url)

    @property
    def patch(self) -> Callable[..., Response]:
        """Send a PATCH request: ``server.patch(path, **options)``."""
        return partial(send, "PATCH", self.url)

    @property
    def delete(self) -> Callable[..., Response]:
        """Send a DELETE request: ``server.delete(path, **options)``."""
        return partial(send, "DELETE", self.url)
