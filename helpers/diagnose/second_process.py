"""Run as a process of its own: reads the tables of SQLite files from copies.

It gets paths as JSON and answers with JSON. A file is never opened through SQLite, which may
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
from contextlib import closing, suppress
from typing import Any

PATIENCE = 0.5  # seconds to wait for a moment in which nobody writes
LARGEST = 200_000_000  # bytes that are copied
PARTS = ("", "-wal", "-journal")  # not -shm, which SQLite makes anew


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
            tables, revisions = tables_of(connection), revisions_of(connection)
    except (OSError, sqlite3.Error) as error:
        return {"problem": f"{type(error).__name__}: {error}"}
    wal = header[18:20] == b"\2\2"
    return {"problem": "", "wal": wal, "tables": tables, "revisions": revisions}


def tables_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The tables and views of a database, with their columns."""
    cursor = connection.cursor()
    cursor.row_factory = None  # the connection may be an app's
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    names = [row[0] for row in cursor.execute(query + " AND name NOT LIKE 'sqlite%'").fetchall()]
    tables: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        with suppress(sqlite3.Error):  # a virtual table whose module is missing
            cursor.execute("SELECT name FROM pragma_table_xinfo(?)", [name])
            tables[name] = [row[0] for row in cursor.fetchall()]
    return tables


def revisions_of(connection: sqlite3.Connection) -> list[str]:
    """The revisions at which Alembic's migrations are, if it has been here."""
    with suppress(sqlite3.Error):
        query = "SELECT version_num FROM alembic_version ORDER BY version_num"
        return [row[0] for row in connection.execute(query).fetchall()]
    return []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="diagnose-") as folder:
        json.dump({path: read(path, folder) for path in json.load(sys.stdin)}, sys.stdout)
