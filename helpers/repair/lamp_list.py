"""The list of lamps of notebooks 07 and 08, as its visitors see it."""

from __future__ import annotations

from typing import Any

from helpers.learn import Flaw
from helpers.look import describe_error
from helpers.serve import LiveServer

SECONDS = 8  # for one request


def get(server: LiveServer) -> list[Any]:
    """The names that a visitor is shown.

    :raises Flaw: when there is no such list.
    """
    response = send(server, "GET")
    if response.status_code != 200:
        raise Flaw(f"GET /lamps got {response.status_code}{why(server)}.")
    shown = response.json()
    if not isinstance(shown, list):
        raise Flaw(f"GET /lamps was told {shown!r}: return the list of names.")
    return shown


def send(server: LiveServer, method: str, **options: Any) -> Any:
    """The response to a request to the list.

    :param method: ``"GET"`` or ``"POST"``.
    :param options: as those of requests.
    :raises Flaw: when there is no answer.
    """
    try:
        ask = server.get if method == "GET" else server.post
        return ask("/lamps", timeout=SECONDS, **options)
    except OSError:
        raise Flaw(f"{method} /lamps got no answer in {SECONDS} s.") from None


def why(server: LiveServer) -> str:
    """The last error of a view, in parentheses, or ""."""
    errors = server.errors
    return f" ({describe_error(errors[-1])})" if errors else ""


def listed(server: LiveServer, names: list[str]) -> None:
    """See that lamps are shown that were answered with 201.

    :raises Flaw: when one is not.
    """
    shown = get(server)
    if not set(names) <= set(shown):
        raise Flaw(
            "A visitor looked while the second lamp was being bought. Both lamps were answered"
            f" with 201, and the list shows {shown}."
        )


def is_listed(server: LiveServer, name: str) -> bool:
    """Whether a visitor is shown a lamp; not where the list fails."""
    try:
        return name in get(server)
    except Flaw:
        return False
