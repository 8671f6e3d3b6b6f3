"""Before you teach: does this machine have all that a plan needs? ``make preflight``."""

from __future__ import annotations

import argparse
import shutil
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from helpers.publish.files import read_text
from helpers.publish.frame import Problem
from helpers.publish.plans import plan_named, read_plans

ROOT = Path(__file__).parents[2]
LEAST_DISK = 300  # megabytes: a PostgreSQL, a workbook, and room
Check = Callable[[], tuple[bool, str]]


def machine() -> tuple[bool, str]:
    """Python, SQLite and the packages of the lesson."""
    from helpers.learn import check_machine

    frame = check_machine().frame
    lacking = [str(what) for what, enough in frame["enough"].items() if enough != "yes"]
    return not lacking, f"lacking: {', '.join(lacking)}" if lacking else "all there"


def browser() -> tuple[bool, str]:
    """A browser that this account can open."""
    with suppress(webbrowser.Error):
        return True, getattr(webbrowser.get(), "name", "found")
    return True, "none: open the address that `make lesson` prints by hand"


def disk() -> tuple[bool, str]:
    """Room for temporary folders and for the workbook."""
    free = min(shutil.disk_usage(each).free for each in (tempfile.gettempdir(), ROOT)) // 10**6
    return free >= LEAST_DISK, f"{free} MB free"


def writable() -> tuple[bool, str]:
    """The folder of the lesson, where the workbook goes."""
    try:
        with tempfile.TemporaryFile(dir=ROOT):
            return True, "can be written to"
    except OSError as error:
        return False, f"cannot be written to ({error.strerror})"


def postgresql() -> tuple[bool, str]:
    """A PostgreSQL that starts."""
    from helpers.spawn import PostgresServer

    try:
        with PostgresServer():
            return True, "started and stopped"
    except (OSError, RuntimeError) as error:
        return False, str(error).partition("\n")[0]


def gunicorn() -> tuple[bool, str]:
    """A server with several processes."""
    if find_spec("gunicorn"):
        return True, "installed"
    return bool(find_spec("waitress")), "none: waitress and a second process take its place"


def paper() -> tuple[bool, str]:
    """What the PDFs are made with, and a font."""
    try:
        from helpers.publish.pdf import NoPdf, pdf
    except ImportError as error:
        return False, f"{error}: `make handout` installs what it needs"
    try:
        pdf("<p>Hello")
    except NoPdf as reason:
        return False, str(reason)
    return True, "a PDF was made"


def network() -> tuple[bool, str]:
    """Whether the network is off: nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation, RFC 5737
        except OSError:
            return True, "off, and all of the above works without it"
    return True, "on: switch it off and run this once more"


ALWAYS: dict[str, Check] = {
    "Python, SQLite, packages, a port": machine,
    "a browser": browser,
    "disk": disk,
    "the lesson's folder": writable,
    "papers": paper,
}
BY_NAME: dict[str, tuple[str, Check]] = {
    "PostgresServer": ("PostgreSQL", postgresql),
    "gunicorn": ("gunicorn", gunicorn),
}


def needed(notebooks: dict[str, str]) -> dict[str, tuple[str, Check]]:
    """What is to be checked, each with the notebooks that need it.

    :param notebooks: the source of each notebook of a plan, by its number.
    """
    found = {what: ("all", check) for what, check in ALWAYS.items()}
    for name, (what, check) in BY_NAME.items():
        if users := [number for number, source in notebooks.items() if name in source]:
            found[what] = (", ".join(users), check)
    return found | {"network": ("none", network)}


def main(arguments: list[str] | None = None) -> int:
    """Check, and print one table; 0 when all is there."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.publish.preflight", description="Check what a plan needs."
    )
    parser.add_argument("--plan", default="A day", help="as the guide calls it, such as 'A day'")
    given = parser.parse_args(arguments)
    try:
        plan = plan_named(
            given.plan, read_plans(read_text(ROOT / "notebooks" / "instructor" / "plans.md"))
        )
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    numbers = [row.notebook for row in plan if row.notebook]
    sources = {
        path.name[:2]: path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        if path.name[:2] in numbers
    }
    rows = [("what", "needed by", "ready", "found")]
    for what, (users, check) in needed(sources).items():
        enough, found = check()
        rows.append((what, users, "yes" if enough else "NO", found))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for what, users, ready, found in rows:
        print(f"{what:{widths[0]}}  {users:{widths[1]}}  {ready:{widths[2]}}  {found}")
    return int(any(row[2] == "NO" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
