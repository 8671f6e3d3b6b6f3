"""Which database does your app open, and will its tables be there?

examples, in the folder of your app and with its Python:
  python path/to/diagnose                      what `flask run` would take
  python path/to/diagnose myapp:app            an app, engine, session or db.engine
  python path/to/diagnose "myapp:create_app('testing')"    a factory
  python path/to/diagnose instance/shop.db     a file; or a URL: sqlite://
  python path/to/diagnose myapp:app --output json --ignore own-thread="no threads here"

exit status: 0 safe, 1 something to mend, 2 could not look.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress

from . import __version__
from .diagnosis import FLAG, ask, inside
from .report import Report
from .text import as_text
from .words import FINDINGS

WAIT = 10  # seconds until it says that it waits


def parser() -> argparse.ArgumentParser:
    """What can be typed; the head of this file is the help, but for Python's -OO."""
    about, _, examples = (__doc__ or "").partition("\n\n")
    epilog = f"{examples}ids for --ignore: {', '.join(FINDINGS)}"
    plain = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser("diagnose", None, about, epilog, formatter_class=plain)
    add, said = made.add_argument, "let a finding count as safe"
    add("targets", nargs="*", metavar="TARGET", help="see the examples")
    add("--output", choices=("text", "json"), default="text")
    add("--ignore", action="append", default=[], type=reason, metavar="ID=REASON", help=said)
    add("--verbose", action="store_true", help="also safe engines, in full")
    add("--version", action="store_true", help="which, and of what it reads")
    return made


def versions() -> str:
    """The versions that a report depends on."""
    from importlib import metadata  # takes longer than the rest

    sqlalchemy = "missing"
    with suppress(metadata.PackageNotFoundError):
        sqlalchemy = metadata.version("sqlalchemy")
    of_python = f"Python {sys.version.split()[0]}, SQLAlchemy {sqlalchemy}"
    return f"diagnose {__version__} ({of_python}, SQLite {sqlite3.sqlite_version})"


def reason(text: str) -> tuple[str, str]:
    """The id and the reason of ``--ignore``."""
    id, _, why = text.partition("=")
    if id not in FINDINGS:
        close = difflib.get_close_matches(id, FINDINGS, 1) or [next(iter(FINDINGS))]
        raise argparse.ArgumentTypeError(f"there is no finding {id!r}: did you mean {close[0]}?")
    if not why.strip():
        raise argparse.ArgumentTypeError(f"say why: {id}=REASON")
    return id, why.strip()


def main() -> int:
    """Print the reports on what the command line names, and return the exit status."""
    given = sys.argv[1:]
    if given[:1] == [FLAG]:
        sys.argv[:] = [given[2]]  # what the app may read
        inside(*given[1:])
        return 0
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(AttributeError):  # a terminal may not know every letter of a path
            stream.reconfigure(errors="backslashreplace")
    options = parser().parse_args(given)
    if options.version:
        print(versions())
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        reports = [look(text, dict(options.ignore)) for text in options.targets or [""]]
        show(reports, options)
    except KeyboardInterrupt:
        print("Interrupted: nothing is left behind.", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - a closed pipe, no folder for temporary files
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the end of the process
        if sys.stderr:
            sys.stderr.write(f"There is no report: {type(error).__name__}: {error}.\n")
        return 2
    statuses = {report.exit_status for report in reports}
    return 1 if 1 in statuses else max(statuses)


def look(text: str, ignored: dict[str, str]) -> Report:
    """The report on one target."""
    said = [f"diagnose: waiting for {text or 'your app'}"]
    waiting = threading.Timer(WAIT, print, said, {"file": sys.stderr})
    waiting.start()
    try:
        report = ask(text, output=sys.stderr.fileno() if sys.stderr else subprocess.DEVNULL)
    finally:
        waiting.cancel()
    report.ignore(ignored)
    return report


def show(reports: list[Report], options: argparse.Namespace) -> None:
    """Print the reports; colors only where there is a terminal that has them."""
    if sys.stdout is None:  # it was closed before the start
        raise OSError("standard output is closed")
    if options.output == "json":
        data = [report.to_dict() for report in reports]
        print(json.dumps({"version": __version__, "reports": data}, indent=2), flush=True)
        return
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    texts = [as_text(report, options.verbose, color) for report in reports]
    print("\n\n".join(texts), flush=True)
