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
from helpers.publish.plans import folder_name, notebooks_of, plan_named, read_plans

ROOT = Path(__file__).parents[2]
LEAST_DISK = 300  # megabytes: a PostgreSQL, a workbook, and room
# Python's webbrowser finds none of them where there is no display.
BROWSERS = ("firefox", "chromium", "chromium-browser", "google-chrome")
READY, WITHOUT, STOPS = "yes", "no", "NO"
TOLD = "NO: mend it before you teach. no: you can teach, and the last column says how."
Check = Callable[[], tuple[str, str]]


def machine() -> tuple[str, str]:
    """Python, SQLite and the packages of the lesson."""
    from helpers.learn import check_machine

    frame = check_machine().frame
    lacking = [str(what) for what, enough in frame["enough"].items() if enough != "yes"]
    if lacking:
        return STOPS, f"lacking: {', '.join(lacking)}"
    return READY, "all there"


def browser() -> tuple[str, str]:
    """A browser that this account can open."""
    with suppress(webbrowser.Error):
        return READY, getattr(webbrowser.get(), "name", "found")
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return READY, f"{found}, where you open the address that `make lesson` prints by hand"
    return WITHOUT, "open the address that `make lesson` prints by hand"


def disk() -> tuple[str, str]:
    """Room for temporary folders and for the workbook."""
    free = min(shutil.disk_usage(each).free for each in (tempfile.gettempdir(), ROOT)) // 10**6
    return READY if free >= LEAST_DISK else STOPS, f"{free} MB free, {LEAST_DISK} are enough"


def writable() -> tuple[str, str]:
    """The folder of the lesson, where the workbook goes."""
    try:
        with tempfile.TemporaryFile(dir=ROOT):
            return READY, "can be written to"
    except OSError as error:
        return STOPS, f"cannot be written to ({error.strerror})"


def postgresql() -> tuple[str, str]:
    """A PostgreSQL that starts."""
    from helpers.spawn import PostgresServer

    try:
        with PostgresServer():
            return READY, "started and stopped"
    except (OSError, RuntimeError) as error:
        return WITHOUT, f"the notebooks go on without it ({str(error).partition(chr(10))[0]})"


def gunicorn() -> tuple[str, str]:
    """A server with several processes."""
    if find_spec("gunicorn"):
        return READY, "installed"
    if find_spec("waitress"):
        return WITHOUT, "waitress and a second process take its place"
    return STOPS, "nor is there waitress: `make install`"


def paper() -> tuple[str, str]:
    """What the PDFs are made with, and a font."""
    try:
        from helpers.publish.pdf import NoPdf, pdf
    except ImportError as error:
        return STOPS, f"{error}: `make handout` installs what it needs"
    try:
        pdf("<p>Hello")
    except NoPdf as reason:
        return WITHOUT, f"print the HTML from a browser ({reason})"
    return READY, "a PDF was made"


def made(name: str, how: str) -> Check:
    """Whether a file is in the folder of the papers, and how to make it."""

    def check() -> tuple[str, str]:
        path = ROOT / "handout" / name
        return (READY, str(path.relative_to(ROOT))) if path.is_file() else (WITHOUT, how)

    return check


def network() -> tuple[str, str]:
    """Whether the network is off: nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation, RFC 5737
        except OSError:
            return READY, "all of the above works without it"
    return WITHOUT, "on: switch it off, and run this once more to be sure of the rest"


ALWAYS: dict[str, Check] = {
    "Python, SQLite, packages, a port": machine,
    "a browser": browser,
    "disk": disk,
    "the lesson's folder": writable,
    "PDFs": paper,
}
BY_NAME: dict[str, tuple[str, Check]] = {
    "PostgresServer": ("PostgreSQL", postgresql),
    "gunicorn": ("gunicorn", gunicorn),
}


def needed(notebooks: dict[str, str], plan: str) -> dict[str, tuple[str, Check]]:
    """What is to be checked, each with the notebooks that need it.

    :param notebooks: the source of each notebook of a plan, by its number.
    :param plan: the name of the plan.
    """
    found = {what: ("all", check) for what, check in ALWAYS.items()}
    for name, (what, check) in BY_NAME.items():
        if users := [number for number, source in notebooks.items() if name in source]:
            found[what] = (", ".join(users), check)
    papers = made(f"{folder_name(plan)}/guide.html", f'`make handout PLAN="{plan}"` makes them')
    found["papers of the plan"] = ("you", papers)
    found["screens"] = ("you", made("present.html", "`make present` makes them"))
    return found | {"the network is off": ("nothing", network)}


def main(arguments: list[str] | None = None) -> int:
    """Check, and print one table; 0 when nothing stops you."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.publish.preflight", description="Check what a plan needs."
    )
    parser.add_argument("--plan", default="A day", help="as the guide calls it, such as 'A day'")
    given = parser.parse_args(arguments)
    try:
        plans = read_plans(read_text(ROOT / "notebooks" / "instructor" / "plans.md"))
        plan = plan_named(given.plan, plans)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    numbers = notebooks_of(plans[plan])
    sources = {
        path.name[:2]: path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        if path.name[:2] in numbers
    }
    rows = [("what", "needed by", "there", "found, or what to do")]
    for what, (users, check) in needed(sources, plan).items():
        rows.append((what, users, *check()))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for what, users, there, found in rows:
        print(f"{what:{widths[0]}}  {users:{widths[1]}}  {there:{widths[2]}}  {found}")
    print(TOLD)
    return int(any(row[2] == STOPS for row in rows))


if __name__ == "__main__":
    sys.exit(main())
