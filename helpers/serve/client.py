"""Send a request to a server of this machine."""

from __future__ import annotations

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

    if not path.startswith("/"):
        raise ValueError(f"A path starts with a slash, but was {path!r}: pass '/items'.")
    with requests.Session() as session:  # one per call, as threads must not share one
        session.trust_env = False  # HTTP_PROXY is obeyed even for 127.0.0.1
        return session.request(method, url + path, **{"timeout": 10, **options})
