"""Read the lock files: each pin is a package, a version, a marker and its hashes."""

from __future__ import annotations

import re
from pathlib import Path

PIN = re.compile(r"^(([\w.-]+)==.+?) \\\n(?:    --hash=\S+(?: \\)?\n)+", re.MULTILINE)


def pins(*locks: Path) -> dict[str, str]:
    """The text of each pin in some lock files, by its first line without the hashes."""
    text = "".join(lock.read_text(encoding="utf-8") for lock in locks)
    return {pin[1]: pin[0] for pin in PIN.finditer(text)}


def name(pin: str) -> str:
    """The package that a pin is for."""
    return pin.partition("==")[0]
