"""Functions of the reader's that open a ``sqlite3`` connection or make an engine when called.

They are read, not called: where the database stands in the code, it is known what they open.
"""

from __future__ import annotations

import dis
import os
import sqlite3
from types import CodeType, FunctionType
from typing import Any

from .cures import for_folder
from .database import Sqlite, where
from .find import Found
from .readers import all_codes, is_own_file, line_of
from .report import Cure, EngineReport, Finding, Tables
from .settings import IN_MEMORY, MEMDB_IS_KNOWN, Names

__all__ = ["add_tables", "look_at_calls", "makers", "report_on"]

MAKERS = {"create_engine", "create_async_engine", "engine_from_config", "async_engine_from_config"}
NOTHING = ("PUSH_NULL", "CACHE", "PRECALL", "KW_NAMES")
KEEPING = {"STORE_GLOBAL", "STORE_ATTR", "STORE_DEREF", "STORE_SUBSCR"}


def makers(found: Found, config: Any) -> list[str]:
    """The functions that make an engine or a connection when called, and are not read yet."""
    made = []
    for function in sorted(found.functions, key=line_of):
        names = {name for code in all_codes(function) for name in code.co_names}
        opens = bool(names & MAKERS) or opened_in(function, found, config) is None
        if opens and is_own_file(function.__code__.co_filename):
            made.append(f"{name_of(function)} ({line_of(function)})")
    return made


def name_of(function: FunctionType) -> str:
    """A function as a target."""
    return f"{function.__module__}:{function.__qualname__}"


def opener(function: FunctionType) -> str:
    """The name by which a function calls ``sqlite3.connect``, if it does."""
    for code in all_codes(function):
        for name in code.co_names:
            value = function.__globals__.get(name)
            if value is sqlite3.connect or (value is sqlite3 and "connect" in code.co_names):
                return name if value is sqlite3.connect else "connect"
            if name == "sqlite3" and "connect" in code.co_names:  # imported in the function
                return "connect"
    return ""


def opened_by(code: CodeType, name: str, variables: dict[str, Any], config: Any) -> list[Any]:
    """What calls of ``connect`` in some code are given, ``None`` where it cannot be told.

    A constant, a global variable, or Flask's configuration counts; but not where the connection
    is stored for the next call.
    """
    steps = [step for step in dis.get_instructions(code) if step.opname not in NOTHING]
    opened: list[Any] = []
    for index, step in enumerate(steps[:-3]):
        if step.argval == name and step.opname.startswith("LOAD_"):
            given, after, key = steps[index + 1 : index + 4]
            value = None
            if given.opname == "LOAD_CONST":
                value = given.argval
            elif after.argval == "config" and key.opname == "LOAD_CONST":
                value = config.get(key.argval)
            elif given.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                value = variables.get(given.argval)
            if isinstance(value, (str, os.PathLike)) and not is_kept(steps[index:]):
                opened.append(os.fspath(value))
            else:
                opened.append(None)
    return opened


def is_kept(steps: list[dis.Instruction]) -> bool:
    """Whether the result of the first call is stored, other than locally or in Flask's ``g``."""
    called = next((i for i, step in enumerate(steps) if step.opname.startswith("CALL")), len(steps))
    after = steps[called + 1 : called + 4]
    for before, step in zip([None, *after], after):
        if step.opname.startswith(("STORE_FAST", "RETURN")):
            return False
        if step.opname in KEEPING:
            return before is None or before.argval != "g"
    return False


def opened_in(function: FunctionType, found: Found, config: Any) -> list[str] | None:
    """The databases that a function opens anew at each call; ``None`` if its code does not tell."""
    name = opener(function)
    if not name or not is_own_file(function.__code__.co_filename):
        return []
    opened = [
        each
        for code in all_codes(function)
        for each in opened_by(code, name, function.__globals__, config)
    ]
    unknown = None in opened or function in found.cached or not opened
    return None if unknown else opened


def look_at_calls(found: Found, names: Names, config: Any) -> list[EngineReport]:
    """A report for each database that functions open anew at each call."""
    reports: dict[str, EngineReport] = {}
    for function in sorted(found.functions, key=line_of):
        for database in opened_in(function, found, config) or []:
            if database not in reports:
                reports[database] = report_on(database, name_of(function), names)
    return list(reports.values())


def report_on(database: str, path: str, names: Names) -> EngineReport:
    """What it means to open a database anew at each call."""
    sqlite = Sqlite(database, True)
    report = EngineReport(path, "sqlite3.connect", "a connection for each call", where(sqlite))
    report.kind = "calls" if not sqlite.in_memory else "memory"
    if missing := sqlite.missing_folder():
        report.findings.append(Finding.of("no-folder", for_folder(sqlite.path), reason=missing))
    elif sqlite.in_memory and not sqlite.shared:
        words = {"function": path, "error": "OperationalError: no such table: item"}
        report.findings.append(Finding.of("sqlite3-own-memory", cures(names), **words))
    return report


def cures(names: Names) -> list[Cure]:
    """A file, or a name in memory that all calls share."""
    name = names.new(None)
    in_file = Cure("In the function, open a file", [f'connection = sqlite3.connect("{name}.db")'])
    uri = f"file:///{name}?vfs=memdb"
    line = f'sqlite3.connect("{uri}", uri=True)'
    memory = Cure(IN_MEMORY, [f"connection = {line}", f"keeper = {line}"])
    return [in_file, memory] if MEMDB_IS_KNOWN else [in_file]


def add_tables(reports: list[EngineReport], contents: dict[str, dict[str, Any]]) -> None:
    """What is in the files that are opened."""
    for report in reports:
        content = contents.get(report.opens, {"problem": "missing"})
        if not content["problem"]:
            report.tables = Tables(there=sorted(content["tables"]))
        elif report.kind == "calls":
            missing = content["problem"] == "missing"
            report.notes.append("not there yet" if missing else content["problem"])
