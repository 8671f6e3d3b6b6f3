"""The command's own process: it starts another one that imports the app, and reads its report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .inside import LIMIT, REPORT, STUCK
from .report import Report

__all__ = ["FLAG", "ask"]

FLAG = "--inside"
HERE = Path(__file__).parent


def ask(text: str, output: Any = subprocess.DEVNULL) -> Report:
    """Look at what a text names, in a process of its own.

    :param text: a module, ``"myapp:app"``, a URL, or the path of a database.
    :param output: where the app's own output goes.
    """
    options = [f"-W{each}" for each in sys.warnoptions] + ["-I"] * sys.flags.isolated
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        command = [sys.executable, *options, str(HERE), FLAG, folder, text]
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment()
        )
        try:
            status = child.wait(LIMIT + 10)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end(child)
        report = Path(folder, REPORT)
        if report.exists():
            return Report.from_dict(json.loads(report.read_text(encoding="utf-8")))
        stuck = Path(folder, STUCK)
        trace = stuck.read_text(encoding="utf-8") if stuck.exists() else ""
    return Report(text, problem=why_no_report(text, status, trace))


def environment() -> dict[str, str]:
    """The environment of the app: ``app.run()`` returns at once, no bytecode is written."""
    more = {"FLASK_RUN_FROM_CLI": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **more}


def end(child: subprocess.Popen[bytes]) -> None:
    """Make sure that the process is gone."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def why_no_report(text: str, status: int | None, trace: str) -> str:
    """A sentence for an app that ended the process, or never came back."""
    if status is None or trace:
        lines = [line.strip() for line in trace.splitlines() if "File " in line]
        place = f", in {lines[0]}" if lines else ""
        return f"{text} was not imported after {LIMIT} s{place}: guard what runs with __main__."
    how = f"with status {status}"
    if status < 0:
        how = f"by the signal {signal.Signals(-status).name}"
    return f"{text} ended the process {how} before diagnose could look, as os._exit does."
