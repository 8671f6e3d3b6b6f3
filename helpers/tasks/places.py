"""Where things lie, and how to run a command there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LEARNERS_LOCK = ROOT / "requirements.txt"
POSTGRES_LOCK = ROOT / "helpers" / "spawn" / "requirements.txt"
MAINTAINERS_LOCK = ROOT / "tests" / "requirements.txt"
LOWEST_LOCK = ROOT / "tests" / "requirements-lowest.txt"


class Problem(Exception):
    """What stops a task, as a sentence for the person who started it."""


def python_version() -> str:
    """The version of the Python that runs the notebooks: of this one, where there is no .venv."""
    ask = "import sys; print(sys.version.split()[0])"
    python = PYTHON if PYTHON.exists() else sys.executable
    return subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout.strip()


def run(*command: object) -> int:
    """Run a command in the project's folder, and return its exit status."""
    # Packages are installed uncompiled, so that each process would compile them anew.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen([str(part) for part in command], cwd=ROOT, env=kept) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # it reached the command too, which ends in its own way
