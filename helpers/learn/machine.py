"""Does this machine have what the lesson needs?"""

from __future__ import annotations

import platform
import socket
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.show import Table

NEEDED = {
    "Python": "3.11",
    "SQLite": "3.36",  # the first with the memdb VFS, https://www.sqlite.org/releaselog/3_36_0.html
    "Flask": "3.0",
    "Flask-SQLAlchemy": "3.1",
    "SQLAlchemy": "2.0",
    "requests": "2.31",
    "pandas": "2.2",
}


def check_machine() -> Table:
    """Compare what is installed with what the lesson needs, one row a thing."""
    from helpers.show import grid

    rows = [
        {"what": what, "needed": f"{least} or later", "found": f"v{found}", "enough": answer}
        for what, least in NEEDED.items()
        for found in [_found(what)]
        for answer in ["yes" if _numbers(found) >= _numbers(least) else "no"]
    ]
    rows.append(_loopback())
    return grid(rows, "What the lesson needs, and what this machine has.", index="what")


def _found(what: str) -> str:
    if what == "Python":
        return platform.python_version()
    if what == "SQLite":
        return sqlite3.sqlite_version
    try:
        return version(what)
    except PackageNotFoundError:
        return "0.0"


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".")[:2])


def _loopback() -> dict[str, str]:
    row = {"what": "Network", "needed": "a port on 127.0.0.1"}
    try:
        with socket.create_server(("127.0.0.1", 0)):
            return row | {"found": "a port", "enough": "yes"}
    except OSError as error:
        return row | {"found": str(error), "enough": "no"}


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
