"""A second process, which opens what this one must not: closing a file drops one's locks on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .report import Problem

SCRIPT = Path(__file__).with_name("second_process.py")
Contents = dict[str, dict[str, Any]]  # by file: its problem, tables with their columns, and wal


def contents_of(files: list[str]) -> Contents:
    """Let the second process read some files.

    It is isolated (``-I -S``), so that no module of the app's and no setting of Python's is in it.
    """
    if not files:
        return {}
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(SCRIPT)]
    options: Any = {"encoding": "utf-8", "timeout": 60, "check": True, "capture_output": True}
    try:
        done = subprocess.run(command, input=json.dumps(files), **options)
    except (OSError, subprocess.SubprocessError) as error:
        raise Problem(f"The process that reads files failed: {error}") from None
    contents: Contents = json.loads(done.stdout)
    return contents
