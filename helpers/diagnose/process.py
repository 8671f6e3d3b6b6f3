"""A second process, which opens what this one must not: closing a file drops one's locks on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .report import Problem

SCRIPT = Path(__file__).with_name("second_process.py")


def ask(job: dict[str, Any]) -> Any:
    """Let the second process do a job, and return its answer; a Problem when there is none.

    It is isolated (``-I -S``), so that no module of the app's and no setting of Python's is in it.
    """
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(SCRIPT)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Problem("A second process gave no answer in 60 s.") from None
    except OSError as error:
        raise Problem(f"A second process could not start: {error}.") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it ended early"]
        raise Problem(f"A second process failed: {lines[-1]}.")
    return json.loads(done.stdout)
