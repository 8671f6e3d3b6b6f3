"""The tables that are in files and in memory, and those that models name and are not there."""

from __future__ import annotations

import glob
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from .database import Sqlite
from .private import connections_of
from .report import Finding, Tables
from .second_process import tables_of
from .words import NOTES, Problem

SCRIPT = Path(__file__).with_name("second_process.py")
ENDINGS = ("*.db", "*.db3", "*.sqlite", "*.sqlite3")
FEW = 20  # files beside the app that are looked at
Content = dict[str, Any]  # of a database: its problem, its tables with their columns, and wal


def in_files(files: list[str]) -> dict[str, Content]:
    """Let a second process read files: to close one here would drop the app's locks on it.

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
    contents: dict[str, Content] = json.loads(done.stdout)
    return contents


def in_memory(engine: Engine, sqlite: Sqlite, alone: bool) -> Content:
    """What is in a database in memory, or why that cannot be told.

    A shared name leads there from a connection of our own. Without one, only the pool's
    connection does. It is not checked out, since giving it back rolls back whatever is open on
    it; it is read where nobody has it and no transaction is open.

    :param alone: whether the app is in a process that waits for us.
    """
    if not alone:
        return {"problem": "others may be at work on it; name the app as a text"}
    try:
        if sqlite.shared:
            with closing(sqlite3.connect(sqlite.database, uri=True, timeout=0)) as own:
                return {"problem": "", "tables": tables_of(own)}
        connections = connections_of(engine.pool)
        if not connections:
            return {"problem": "no connection is open, so it is empty", "tables": {}}
        for connection in connections:
            if isinstance(connection, sqlite3.Connection) and not connection.in_transaction:
                return {"problem": "", "tables": tables_of(connection)}
    except sqlite3.Error as error:
        return {"problem": f"{type(error).__name__}: {error}"}
    return {"problem": "its connection is in use"}


def lost_its_wal(content: Content) -> bool:
    """Whether a file may be a copy whose tables stayed in the ``-wal`` of another one."""
    return bool(content.get("wal")) and not content["tables"]


def no_tables(content: Content, table: str) -> Finding:
    """The finding for a file without tables, of which one is named somewhere."""
    why = NOTES["copied" if lost_its_wal(content) else "not-made"]
    return Finding.of("no-tables", table=table, why=why)


def compare(named: list[str], content: Content) -> Tables:
    """The tables named and there."""
    if content["problem"]:
        return Tables(named)
    there = sorted(content["tables"])
    known = {name.lower() for name in there}
    return Tables(named, there, [name for name in named if name.lower() not in known])


def columns_missing(
    tables: dict[str, sa.Table], engine: Engine, content: Content
) -> dict[str, dict[str, str]]:
    """By table, the columns that a model names and the file has not, with their types as SQL."""
    there = {name.lower(): columns for name, columns in content["tables"].items()}
    missing = {}
    for name, table in tables.items():
        known = {each.lower() for each in there.get(name.lower(), [])}
        lost = [each for each in table.columns if known and each.name.lower() not in known]
        if lost:
            dialect = engine.dialect
            missing[name] = {each.name: str(each.type.compile(dialect=dialect)) for each in lost}
    return missing


def nearby(app: Any, files: Iterable[str]) -> list[str]:
    """The SQLite files around an app: in its folders, and beside the files that it opens."""
    folders = [os.getcwd(), os.path.join(os.getcwd(), "instance")]
    folders += [str(getattr(app, name, "")) for name in ("instance_path", "root_path")]
    folders += [os.path.dirname(file) for file in files]
    paths = [
        os.path.realpath(path)
        for folder in dict.fromkeys(filter(None, folders))
        for ending in ENDINGS
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), ending)))
    ]
    return list(dict.fromkeys(paths))[:FEW]


def elsewhere(tables: Tables, mine: str, contents: dict[str, Content]) -> dict[str, list[str]]:
    """The other files that have missing tables, with those tables."""
    found = {}
    for path, content in contents.items():
        have = [name for name in tables.missing if name in content.get("tables", ())]
        if have and path != mine and os.path.realpath(path) != os.path.realpath(mine):
            found[path] = have
    return found
