"""The process that imports the app: whatever the app does to it, the command outside goes on."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
from pathlib import Path

from .report import Problem, Report

LIMIT = 120  # seconds for everything, the app's import included
LAST = 1.0  # seconds for the app's own clean-up at exit
REPORT, STUCK = "report.json", "stuck.txt"


def main(folder: str, text: str) -> None:
    """Look at what a text names, and leave the report as a file in a folder."""
    pid = os.getpid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process outside decides
    with open(Path(folder, STUCK), "w", encoding="utf-8") as stuck:
        faulthandler.dump_traceback_later(LIMIT, file=stuck, exit=True)
        report = look(text, folder)
        if os.getpid() != pid:  # the app has forked, and this is the copy
            os._exit(0)
        part = Path(folder, REPORT + ".part")
        part.write_text(json.dumps(report.to_dict()), encoding="utf-8")
        os.replace(part, Path(folder, REPORT))
        last = threading.Timer(LAST, os._exit, [0])  # a thread of the app's may never end
        last.daemon = True
        last.start()
        faulthandler.cancel_dump_traceback_later()


def look(text: str, folder: str) -> Report:
    """The report on what a text names; whatever goes wrong is a sentence in it."""
    report = Report(text)
    try:
        check_sqlalchemy()
        from .examine import look_at_text

        look_at_text(text, report, folder)
    except Problem as problem:
        report.problem = str(problem)
    except BaseException as error:  # noqa: BLE001 - the report has to come out
        reason = f"{type(error).__name__} {error}".strip()
        report.problem = f"It was ended by an error that nothing caught: {reason}."
    return report


def check_sqlalchemy() -> None:
    """A Problem where SQLAlchemy is missing or too old."""
    try:
        import sqlalchemy
    except ImportError:
        raise Problem(
            f"This Python has no SQLAlchemy, which diagnose needs: use the one of your app instead"
            f" of {sys.executable}, or install it there."
        ) from None
    version = sqlalchemy.__version__
    if tuple(int(part) for part in version.split(".")[:2]) < (1, 4):
        raise Problem(f"This is SQLAlchemy {version}: diagnose knows 1.4 and later.")
