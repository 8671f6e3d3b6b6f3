"""Connections of plain ``sqlite3`` that an app holds, and what happens in another thread."""

from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import Engine

from .cures import for_sqlite3
from .database import Sqlite
from .find import Found, Place
from .private import driver_connection, is_async
from .report import Cure, EngineReport, Finding
from .settings import Names, Setting
from .ties import engine_of


def is_open(connection: sqlite3.Connection) -> bool:
    """Whether a connection is not closed yet; this is not checked for its thread."""
    try:
        return connection.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


def database_of(connection: sqlite3.Connection) -> str | None:
    """The file of a connection, empty for memory; ``None`` where only its own thread may ask."""
    with suppress(sqlite3.Error):
        cursor = connection.cursor()
        cursor.row_factory = None  # the app may have set its own
        rows = cursor.execute("PRAGMA database_list").fetchall()
        return next((str(file) for _, name, file in rows if name == "main"), None)
    return None


def works_elsewhere(connection: sqlite3.Connection) -> str:
    """The error of another thread that uses a connection, if so: a cursor reads nothing."""
    both = threading.Barrier(2)  # of two threads, one has another id than the one that opened it

    def use() -> str:
        both.wait()
        try:
            connection.cursor().close()
        except sqlite3.ProgrammingError as error:
            return f"ProgrammingError: {str(error).partition('.')[0]}."
        finally:
            both.wait()
        return ""

    with ThreadPoolExecutor(2, "diagnose") as threads:
        return max([each.result() for each in [threads.submit(use), threads.submit(use)]])


def holds(sqlite: Sqlite, found: Found, opened: dict[int, str]) -> tuple[bool, int]:
    """Whether the app holds a connection to this database in memory; and the number of others."""
    if not sqlite.shared:
        return False, 0
    held = [each.value for each in found.connections if is_open(each.value)]
    held += [driver for driver in map(driver_of, found.keepers) if driver]
    mine = [each for each in held if leads_to(each, sqlite, opened)]
    return bool(mine), len(held) - len(mine)


def leads_to(connection: sqlite3.Connection, sqlite: Sqlite, opened: dict[int, str]) -> bool:
    """Whether a connection is to this database in memory.

    ``opened`` tells what each was given, where that was seen. Else SQLite is asked, which tells
    the name of a memdb, and of a shared cache only that it is no file.
    """
    given = opened.get(id(connection))
    if given is not None:
        return Sqlite(given, True).key == sqlite.key
    return database_of(connection) == (sqlite.path if sqlite.memdb else "")


def driver_of(keeper: Any) -> sqlite3.Connection | None:
    """The driver's connection under one of SQLAlchemy's that is checked out."""
    with suppress(Exception):  # it is closed, or invalid
        driver = driver_connection(keeper)
        return driver if isinstance(driver, sqlite3.Connection) and is_open(driver) else None
    return None


def shared_sessions(engine: Engine, found: Found, setting: Setting) -> list[Finding]:
    """The finding that all threads use one session, or sessions on one connection."""
    names, lines = [], []
    variable = setting.variable or "engine"
    for place in found.shared:
        value, name = place.value, place.path.replace(":", ".").rpartition(".")[2]
        bound = engine_of(value.kw["bind"] if hasattr(value, "kw") else value.bind)
        if bound is None or bound.pool is not engine.pool:
            continue
        names.append(place.path.replace(".sync_session", ""))
        kind = type(value).__name__
        own = f"{variable}, class_={kind}" * (kind not in ("Session", "sessionmaker")) or variable
        made = f"sessionmaker({own})"
        if hasattr(value, "kw"):
            lines += ["from sqlalchemy.orm import sessionmaker", f"{name} = {made}"]
        elif not is_async(engine):
            lines += ["from sqlalchemy.orm import scoped_session, sessionmaker"]
            lines += [f"{name} = scoped_session({made})"]
    if not names:
        return []
    where = f"Instead of {names[0]}, with its other options: a session on the engine for each"
    where += " task" if is_async(engine) else " thread or request"
    cures = [Cure(where, list(dict.fromkeys(lines)))]
    return [Finding.of("one-session", cures, name=names[0])]


def look_at_connection(place: Place, opened: str | None, names: Names) -> EngineReport:
    """What happens when another thread uses a connection that the app holds.

    ``opened`` is what ``sqlite3.connect`` was given, where that was seen.
    """
    connection = place.value
    file = database_of(connection)
    memory = Sqlite(opened if opened is not None else f"file:{file}?vfs=memdb", True)
    if file is None and opened is not None:
        file = "" if memory.in_memory else memory.path
    opens = "memory" if file == "" else file or "a database that only its own thread tells"
    report = EngineReport(place.path, "sqlite3.connect", "one connection", opens)
    error = works_elsewhere(connection)
    report.kind = "turns"
    if place.owner is not None and not error:  # a library that locks, or is at least responsible
        report.notes.append(f"held by {type(place.owner).__name__}, which takes care of threads")
        return report
    if memory.shared and file is not None and not os.path.exists(file):  # and so no file
        report.kind, report.opens = "memory", memory.where
        report.notes.append("each thread needs its own connection to this name")
        return report
    id = "sqlite3-refused" if error else "sqlite3-one-connection"
    where = f"Instead of {place.path}, with its other options; use it as the last line says"
    head, use = "def connect():", "# with contextlib.closing(connect()) as connection, connection:"
    cures = for_sqlite3(where, [head], "    return ", names)
    if file is None:  # its thread alone could tell
        del cures[1:]
    elif file:
        cures = [Cure(where, [head, f"    return sqlite3.connect({file!r})"])]
    cures[0].lines.append(use)
    report.findings = [Finding.of(id, cures, error=error)]
    if file is None:
        report.notes.append("it was opened in another thread than this one")
    return report
