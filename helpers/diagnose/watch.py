"""What an app does to files while it is imported: an audit hook, in a process of its own."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any
from urllib.parse import unquote, urlsplit

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.remove": 0, "os.rename": 1, "os.mkdir": 0, "os.truncate": 0}  # the argument to watch


class Watch:
    """The files that were opened for writing, made or removed, as they were before."""

    def __init__(self) -> None:
        self.before: dict[str, object] = {}
        self.opened: dict[int, str] = {}  # by the id of a sqlite3 connection, what it was given
        self.on = True
        self.mine = threading.local()
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Note a file before anything happens to it."""
        if not self.on:
            return
        if event == "open" and isinstance(args[2], int) and args[2] & WRITING:
            self.note(args[0])
        elif event in CHANGES:
            self.note(args[CHANGES[event]])
        elif event == "sqlite3.connect":
            database = self.mine.database = os.fsdecode(args[0])  # Python 3.9 gives bytes
            path = unquote(urlsplit(database).path) if database[:5] == "file:" else database
            for part in ("", "-wal"):
                self.note(f"{path}{part}")
        elif event == "sqlite3.connect/handle":
            self.opened[id(args[0])] = self.mine.database

    def note(self, path: object) -> None:
        """Remember how a file is, the first time."""
        if isinstance(path, (str, bytes, os.PathLike)):
            full = os.path.abspath(os.fsdecode(path))
            if "__pycache__" not in full and not full.startswith(("/dev/", "/proc/")):
                self.before.setdefault(full, look(full))

    def stop(self) -> list[str]:
        """Hear no more, and say what is different."""
        self.on = False
        did = []
        for path, before in self.before.items():
            after = look(path)
            if before != after:
                verb = "made" if before is None else "removed" if after is None else "changed"
                did.append(f"{verb} {path}")
        return did


def look(path: str) -> object:
    """The size, time and inode of a file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino)
