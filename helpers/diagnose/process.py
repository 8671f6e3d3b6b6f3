"""A second process, which reads what this one must not open."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from .report import Problem


def run_python(code: str, *args: str, stdin: str = "") -> str:
    """Run code in a second process, and return what it prints or raise its last line."""
    command = [sys.executable, "-P", "-X", "utf8", "-c", code, *args]  # -P: not the app's modules
    options: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "timeout": 30}
    plain = os.environ | {"PYTHON_COLORS": "0"}  # a kernel asks for errors in color
    try:
        done = subprocess.run(command, input=stdin, env=plain, check=False, **options)
    except subprocess.TimeoutExpired:
        raise Problem("A second process gave no answer in 30 s.") from None
    if done.returncode:
        raise Problem((done.stderr.strip() or "A second process ended early.").splitlines()[-1])
    return str(done.stdout.strip())
