"""Make the lock files anew, from pyproject.toml: with the newest versions, and the lowest.

Each pin has hashes, and no line names a registry. A lock that comes on top of others holds
only what they do not.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from .pins import name, pins
from .places import LEARNERS_LOCK, LOWEST_LOCK, MAINTAINERS_LOCK, POSTGRES_LOCK, PYTHON, ROOT, run

OPTIONS = [
    *("--universal", "--python-version=3.11", "--generate-hashes"),
    *("--no-header", "--no-annotate", "--quiet"),
]
# What goes into which lock, besides the dependencies; and the locks that it comes on top of.
NEWEST = {
    LEARNERS_LOCK: ("--extra=others --group=build --group=install", []),
    POSTGRES_LOCK: ("--extra=postgres", [LEARNERS_LOCK]),
    MAINTAINERS_LOCK: ("--all-extras", [LEARNERS_LOCK, POSTGRES_LOCK]),
}
LOWEST = "--resolution=lowest-direct --group=build --group=install " + " ".join(
    f"--extra={extra}" for extra in ("others", "postgres", "handout", "test")
)


def make_locks() -> int:
    """Write every lock file; the exit status of the first resolution that failed."""
    for lock, (what, below) in NEWEST.items():
        options = [*what.split(), "--upgrade", *(f"--constraint={path}" for path in below)]
        if status := compile_lock(lock, options, {name(pin) for pin in pins(*below)}):
            return status
    return compile_lock(LOWEST_LOCK, LOWEST.split(), set())


def compile_lock(lock: Path, options: list[str], known: set[str]) -> int:
    """Write one lock file without the packages that are known, and return uv's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "lock.txt"
        uv = (PYTHON, "-m", "uv", "pip", "compile", *OPTIONS, "--output-file", new)
        if status := run(*uv, *options, ROOT / "pyproject.toml"):
            return status
        kept = [text for pin, text in pins(new).items() if name(pin) not in known]
    lock.write_text("# Made by `make lock`.\n" + "".join(kept), encoding="utf-8", newline="\n")
    return 0
