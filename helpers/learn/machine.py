"""Does this machine have what the lesson needs?"""

from __future__ import annotations

import platform
import re
import socket
import sqlite3
import tomllib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.show import Table

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
MEMDB = "3.36"  # the first with the memdb VFS, https://www.sqlite.org/releaselog/3_36_0.html
LIBRARIES = ("Flask", "Flask-SQLAlchemy", "SQLAlchemy", "requests", "pandas")


def check_machine() -> Table:
    """Compare what is installed with what the lesson needs, one row a thing."""
    from helpers.show import grid

    rows = [_row(what, least, _found(what)) for what, least in needed().items()]
    rows.append(_loopback())
    return grid(rows, "What the lesson needs, and what this machine has.", index="what")


def needed() -> dict[str, str]:
    """The lowest release of each thing that the lesson is tested with."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    lines = [re.match(r"([\w-]+).*?>=([\d.]+)", line) for line in project["dependencies"]]
    lowest = {line[1]: line[2] for line in lines if line}
    return {
        "Python": project["requires-python"].removeprefix(">="),
        "SQLite": MEMDB,
        **{name: lowest[name.lower()] for name in LIBRARIES},
    }


def _row(what: str, least: str, found: str) -> dict[str, str]:
    enough = "yes" if _numbers(found) >= _numbers(least) else "no"
    return {"what": what, "needed": f"{least} or later", "found": f"v{found}", "enough": enough}


def _found(what: str) -> str:
    if what == "Python":
        return platform.python_version()
    if what == "SQLite":
        return sqlite3.sqlite_version
    try:
        return version(what)
    except PackageNotFoundError:
        return "0.0"


def _numbers(release: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", release)[:3]]


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
