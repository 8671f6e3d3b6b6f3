"""The function that everything else is for; what a text names is imported in another process.

Whatever the app does to that process, the command outside goes on.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from .readers import is_own_file
from .report import Report
from .words import Problem

FLAG = "--inside"
HERE = str(Path(__file__).parent)
LIMIT = 120  # seconds for everything, the app's import included
LAST = 1.0  # seconds for the app's own clean-up at exit
REPORT, STUCK = "report.json", "stuck.txt"


def diagnose(target: object) -> Report:
    """Look at every engine of an app without touching its data.

    :param target: an app, engine, session, ``db`` object, module or ``sqlite3`` connection; or as
        text what the command takes, which is imported in a process of its own: ``"myapp:app"``,
        ``"myapp:create_app('testing')"``, a URL, the path of a database, or ``""`` for what
        ``flask run`` would take. A factory is called.
    :return: a report, also of what kept it from looking.
    """
    if isinstance(target, str):
        return ask(target)
    report = Report(type(target).__name__)
    try:
        from .examine import look_at_object

        look_at_object(target, report)
    except Problem as problem:
        report.problem = str(problem)
    return report


def ask(text: str, output: Any = subprocess.DEVNULL) -> Report:
    """Look at what a text names, in a process of its own.

    :param text: a module, ``"myapp:app"``, a URL, or the path of a database.
    :param output: where the app's own output goes.
    """
    options = [f"-W{each}" for each in sys.warnoptions] + ["-I"] * sys.flags.isolated
    # So app.run() returns at once, and no bytecode is written.
    more = {"FLASK_RUN_FROM_CLI": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    streams: Any = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
    status = None
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        command = [sys.executable, *options, HERE, FLAG, folder, text]
        with suppress(subprocess.TimeoutExpired):
            status = subprocess.run(
                command, check=False, env={**os.environ, **more}, timeout=LIMIT + 10, **streams
            ).returncode
        report, stuck = Path(folder, REPORT), Path(folder, STUCK)
        if report.exists():
            return Report.from_dict(json.loads(report.read_text(encoding="utf-8")))
        trace = stuck.read_text(encoding="utf-8") if stuck.exists() else ""
    return Report(text, problem=why_no_report(text, status, trace))


def why_no_report(text: str, status: int | None, trace: str) -> str:
    """A sentence for an app that ended the process, or never came back."""
    if status is None or trace:
        files = re.findall(r'File "(.+)", line (\d+)', trace)  # the deepest first
        own = [f" in {Path(file).name}:{line}" for file, line in files if is_own_file(file)]
        return str(
            Problem.of("busy", target=text or "Your app", seconds=LIMIT, place="".join(own[:1]))
        )
    how = f"by the signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return str(Problem.of("ended", target=text or "Your app", how=how))


def inside(folder: str, text: str) -> None:
    """In the other process: look at what a text names, and leave the report in a folder."""
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
        report.problem = str(
            Problem.of("uncaught", target=report.target or "Your app", error=reason)
        )
    return report


def check_sqlalchemy() -> None:
    """A Problem where SQLAlchemy is missing or too old."""
    try:
        import sqlalchemy
    except ImportError:
        raise Problem.of("sqlalchemy-missing", python=sys.executable) from None
    version = sqlalchemy.__version__
    if tuple(int(part) for part in version.split(".")[:2]) < (1, 4):
        raise Problem.of("sqlalchemy-old", version=version)
