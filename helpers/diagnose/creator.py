"""A function of the reader's that makes connections (``creator=``): it runs, and opens nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from .clone import allowed, install_hook, refuse_to_attach
from .readers import all_codes

real = sqlite3.connect
NAMES = (  # of what it takes, in this order
    "database", "timeout", "detect_types", "isolation_level", "check_same_thread", "factory",
    "cached_statements", "uri",
)  # fmt: skip


@contextmanager
def instead_of_connect(connect: Callable[..., Any]) -> Iterator[None]:
    """Let ``sqlite3.connect`` be another function, in this thread alone."""
    mine = threading.get_ident()

    def choose(*args: Any, **kwargs: Any) -> Any:
        return (connect if threading.get_ident() == mine else real)(*args, **kwargs)

    vars(sqlite3)["connect"] = choose
    try:
        yield
    finally:
        vars(sqlite3)["connect"] = real


def passed_by(creator: Any) -> tuple[list[Any], dict[str, Any]] | None:
    """What a creator passes to ``sqlite3.connect`` each time, or ``None`` if that is not told.

    It gets a connection to an empty database; whatever else it opens is refused.
    """
    codes = all_codes(creator) if isinstance(creator, FunctionType) else []
    if not any("connect" in code.co_names for code in codes):
        return None
    passed: list[tuple[list[Any], dict[str, Any]]] = []

    def connect(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(NAMES, args)), **kwargs}
        passed.append(([given.pop("database")], given))
        made = real(":memory:", **given)
        made.set_authorizer(refuse_to_attach)
        return made

    install_hook()
    allowed.databases = (":memory:",)
    try:
        with instead_of_connect(connect):
            for _ in range(2):
                creator().close()
    except Exception:  # noqa: BLE001 - it is the app's code
        return None
    finally:
        del allowed.databases
    return passed[0] if len(passed) == 2 else None
