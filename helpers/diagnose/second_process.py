"""Run as a process of its own: counts rows, and reads the tables of SQLite files from copies.

It gets a job as JSON and answers with JSON. A file is never opened through SQLite, which may
change it even by reading: its bytes are copied, and what is opened is the copy.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import time
from contextlib import closing
from typing import Any

PATIENCE = 0.5  # seconds to wait for a moment in which nobody writes
LARGEST = 200_000_000  # bytes that are copied
PARTS = ("", "-wal", "-journal")  # not -shm, which SQLite makes anew


def count(database: str, uri: bool, sql: str) -> dict[str, Any]:
    """The number that a query gives, or the error."""
    try:
        with closing(sqlite3.connect(database, uri=uri)) as connection:
            return {"rows": connection.execute(sql).fetchone()[0]}
    except sqlite3.Error as error:
        return {"error": f"{type(error).__name__}: {error}"}


def look(path: str) -> tuple[object, ...]:
    """The size, time and inode of a file and its journals."""
    found: list[object] = []
    for part in PARTS:
        try:
            status = os.stat(path + part)
            found.append((status.st_size, status.st_mtime_ns, status.st_ino))
        except FileNotFoundError:
            found.append(None)
    return tuple(found)


def copy(path: str, target: str) -> bool:
    """Copy a file and its journals; whether all of it was quiet at that moment."""
    deadline = time.monotonic() + PATIENCE
    while True:
        before = look(path)
        try:
            for part, there in zip(PARTS, before):
                if there:
                    shutil.copyfile(path + part, target + part)
                elif os.path.exists(target + part):
                    os.remove(target + part)
            if look(path) == before:
                return True
        except FileNotFoundError:  # a journal that has just ended
            pass
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)


def problem_with(path: str) -> str:
    """Why a file is not copied, if so."""
    try:
        status = os.stat(path)
    except OSError as error:
        return "missing" if isinstance(error, FileNotFoundError) else f"{error.strerror}"
    if not stat.S_ISREG(status.st_mode):
        return "folder" if stat.S_ISDIR(status.st_mode) else "not a file"
    wal = path + "-wal"
    size = status.st_size + (os.path.getsize(wal) if os.path.exists(wal) else 0)
    return f"{size // 1_000_000} MB" if size > LARGEST else ""


def read(path: str, folder: str) -> dict[str, Any]:
    """The tables of a file with their columns, or the problem with it."""
    if problem := problem_with(path):
        return {"problem": problem}
    target = os.path.join(folder, "copy.db")
    try:
        if not copy(path, target):
            return {"problem": "busy"}
        with open(target, "rb") as file:
            header = file.read(20)
        if header and not header.startswith(b"SQLite format 3\0"):
            return {"problem": "not a database"}
        with closing(sqlite3.connect(target)) as connection:
            query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            names = [name for (name,) in connection.execute(query + " AND name NOT LIKE 'sqlite%'")]
            tables = {name: columns(connection, name) for name in names}
    except (OSError, sqlite3.Error) as error:
        return {"problem": f"{type(error).__name__}: {error}"}
    return {"problem": "", "wal": header[18:20] == b"\2\2", "tables": tables}


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table; none for a virtual one whose module is missing."""
    try:
        return [
            row[1]
            for row in connection.execute("SELECT 0, name FROM pragma_table_xinfo(?)", [table])
        ]
    except sqlite3.Error:
        return []


def main() -> None:
    """Do the job that stands on standard input."""
    job = json.load(sys.stdin)
    if "count" in job:
        answer: Any = count(**job["count"])
    else:
        with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
            answer = {path: read(path, folder) for path in job["read"]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
