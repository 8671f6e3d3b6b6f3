"""The function that everything else is for; what a text names is imported in another process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .inside import LIMIT, REPORT, STUCK
from .readers import is_own_file
from .report import Problem, Report

FLAG = "--inside"
HERE = str(Path(__file__).parent)


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
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        command = [sys.executable, *options, HERE, FLAG, folder, text]
        try:
            done = subprocess.run(
                command, check=False, env={**os.environ, **more}, timeout=LIMIT + 10, **streams
            )
            status = done.returncode
        except subprocess.TimeoutExpired:
            status = None
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
        place = "".join(own[:1])
        return f"{text} was still busy after {LIMIT} s{place}: guard what runs with __main__."
    how = f"by the signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return f"{text} ended the process {how} before diagnose could look, as os._exit does."
