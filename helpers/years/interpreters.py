"""Finds the Pythons that this machine has: on the PATH, from pyenv, or by the launcher."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


@cache
def interpreter(version: str) -> str | None:
    """The path of a Python that starts and has this version, or ``None``.

    :param version: such as ``2.7``; every ``2.7`` will do.
    """
    for candidate in _candidates(version):
        found = _output([*candidate, "-c", ASK + "; print(sys.executable)"])
        if found[:1] == [version]:
            return found[1]
    return None


def _candidates(version: str) -> Iterator[list[str]]:
    """Commands that may start a Python of this version."""
    yield [getattr(sys, "_base_executable", sys.executable)]
    for name in (f"python{version}", f"python{version[0]}", "python"):
        if path := shutil.which(name):
            yield [path]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    for folder in sorted(pyenv.glob(f"{version}.*"), reverse=True):
        yield [str(folder / "bin" / "python")]
    if launcher := shutil.which("py"):
        yield [launcher, f"-{version}"]


def _output(command: list[str]) -> list[str]:
    """The lines that a command prints; none when it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
