"""One look at a database as plain values, and an error of a database in one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict


class Observation(TypedDict):
    """One look at a database, as plain values, so that a view can answer it as JSON.

    ``transaction`` says whether the connection has one open after the look.
    """

    step: str
    place: str
    thread: str
    thread_name: str
    thread_id: str
    db: str
    connection: str
    database: str
    transaction: bool
    result: str
    failed: bool


def require_observations(looks: Iterable[Any], taker: str) -> None:
    """Refuse what is no observation, with a sentence that names the function.

    :param looks: what the function was given.
    :param taker: the name of the function.
    :raises TypeError: when a look is not an observation.
    """
    for look in looks:
        if not isinstance(look, dict) or not Observation.__required_keys__ <= look.keys():
            raise TypeError(
                f"{taker} was given {look!r}, which is not an observation: pass a list of what"
                " Observer.look returned, or a view that returns it answered as JSON."
            )


def describe_error(error: BaseException) -> str:
    """The driver's own message in one line, as ``OperationalError: no such table: item``.

    :param error: an error of SQLAlchemy or of the driver.
    """
    cause = getattr(error, "orig", None) or error
    message, _, _ = str(cause).partition("\n")
    return f"{type(cause).__name__}: {message}"
