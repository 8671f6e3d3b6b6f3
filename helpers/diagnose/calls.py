"""Functions of the reader's that open a ``sqlite3`` connection or make an engine when called.

They are read, not called: where the database stands in the code, it is known what they open.
"""

from __future__ import annotations

import dis
import os
import sqlite3
from types import CodeType, FunctionType
from typing import Any

from .database import Sqlite, where
from .find import Found
from .readers import all_codes, is_own_file, line_of
from .report import Cure, EngineReport, Finding, Tables
from .settings import IN_MEMORY, MEMDB_IS_KNOWN, Names

__all__ = ["add_tables", "look_at_calls", "makers", "report_on"]

MAKERS = {"create_engine", "create_async_engine", "engine_from_config", "async_engine_from_config"}
SETTINGS = ("row_factory", "text_factory", "isolation_level")
KEEPING = {"STORE_GLOBAL", "STORE_ATTR", "STORE_DEREF", "STORE_SUBSCR"}


def makers(found: Found) -> list[str]:
    """The functions that make an engine or a connection when called, and are not read yet."""
    made = []
    for function in found.functions:
        names = {name for code in all_codes(function) for name in code.co_names}
        opens = bool(names & MAKERS) or (opener(function) != "" and not opened_in(function, found))
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


def opened_by(code: CodeType, name: str, variables: dict[str, Any]) -> object:
    """What a call of ``connect`` in some code is given: a constant or a global; else ``None``."""
    steps = [
        step for step in dis.get_instructions(code) if step.opname not in ("PUSH_NULL", "CACHE")
    ]
    for step, given in zip(steps, steps[1:]):
        if step.argval == name and step.opname.startswith("LOAD_"):
            if given.opname == "LOAD_CONST":
                return given.argval
            if given.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                return variables.get(given.argval)
    return None


def keeps(code: CodeType) -> bool:
    """Whether some code stores what it makes, other than in Flask's ``g``."""
    steps = list(dis.get_instructions(code))
    return any(
        step.opname in KEEPING and before.argval != "g" and step.argval not in SETTINGS
        for before, step in zip(steps, steps[1:])
    )


def opened_in(function: FunctionType, found: Found) -> list[str]:
    """The databases that a function opens anew at each call, as far as its code tells."""
    name = opener(function)
    if not name or function in found.cached or not is_own_file(function.__code__.co_filename):
        return []
    given = [
        opened_by(code, name, function.__globals__)
        for code in all_codes(function)
        if not keeps(code)
    ]
    return [os.fspath(each) for each in given if isinstance(each, (str, os.PathLike))]


def look_at_calls(found: Found, names: Names) -> list[EngineReport]:
    """A report for each database that functions open anew at each call."""
    reports: dict[str, EngineReport] = {}
    for function in found.functions:
        for database in opened_in(function, found):
            if database not in reports:
                reports[database] = report_on(database, name_of(function), names)
    return list(reports.values())


def report_on(database: str, path: str, names: Names) -> EngineReport:
    """What it means to open a database anew at each call."""
    sqlite = Sqlite(database, True)
    report = EngineReport(path, "sqlite3.connect", "a connection for each call", where(sqlite))
    report.kind = "calls" if not sqlite.in_memory else "memory"
    if sqlite.in_memory and not sqlite.shared:
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
            report.notes.append("the file is not there yet" if missing else content["problem"])
