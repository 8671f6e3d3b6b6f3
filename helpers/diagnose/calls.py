"""Functions of the reader's that open a ``sqlite3`` connection or make an engine when called.

They are read, not called: where the database stands in the code, it is known what they open.
"""

from __future__ import annotations

import ast
import os
import re
import sqlite3
from types import FunctionType
from typing import Any

from .cures import for_folder, for_sqlite3
from .database import Sqlite
from .find import Found
from .readers import all_codes, is_own_file, line_of, tree_of
from .report import EngineReport, Finding, Tables
from .settings import Names
from .tables import in_files, no_tables
from .ties import MAKERS

LOCAL = {"sqlite3": sqlite3, "connect": sqlite3.connect}  # where a function imports them itself
STATEMENT = re.compile(r"\s*(select|insert|update|delete|SELECT|INSERT|UPDATE|DELETE)\s")
TABLE = re.compile(r"\b(?:from|into|update|FROM|INTO|UPDATE)\s+[\"'`\[]?([A-Za-z_]\w*)")


def makers(found: Found, config: Any) -> list[FunctionType]:
    """The functions that make an engine or a connection when called, and are not read yet."""
    made = []
    for function in sorted(found.functions, key=line_of):
        opens = names_in(function) & MAKERS or opened_in(function, found, config) is None
        if opens and is_own_file(function.__code__.co_filename):
            made.append(function)
    return made


def names_in(function: FunctionType) -> set[str]:
    """The names in a function that are not local."""
    return {name for code in all_codes(function) for name in code.co_names}


def name_of(function: FunctionType) -> str:
    """A function as a target."""
    return f"{function.__module__}:{function.__qualname__}"


def opened_in(function: FunctionType, found: Found, config: Any) -> list[str] | None:
    """The databases that a function opens anew at each call; ``None`` if its code does not tell.

    A constant, a global variable, or Flask's configuration tells; but not where the connection is
    stored for the next call.
    """
    used = names_in(function)
    ids = {id(function.__globals__.get(name)) for name in used}  # a value may refuse ``==``
    sqlite = ids & {id(sqlite3), id(sqlite3.connect)}
    if not (sqlite or "sqlite3" in used) or not is_own_file(function.__code__.co_filename):
        return []
    if not (tree := tree_of(function)):
        return None
    nodes = list(ast.walk(tree))
    local = {name for code in all_codes(function) for name in code.co_varnames}
    variables = {key: each for key, each in function.__globals__.items() if key not in local}
    variables = {**LOCAL, **variables}
    kept = {id(each) for node in nodes for each in stored(node, local)}
    calls = [each for each in nodes if is_connect(each, variables)]
    once = assigned_once(nodes)
    own = found.attributes_of(function)
    opened = [given(each, variables, config, once, own) for each in calls if id(each) not in kept]
    known = [os.fspath(each) for each in opened if isinstance(each, (str, os.PathLike))]
    return None if len(known) < len(calls) or (calls and function in found.cached) else known


def stored(node: ast.AST, local: set[str]) -> list[ast.AST]:
    """What an assignment stores, other than locally or in Flask's ``g``."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) or not node.value:
        return []
    if isinstance(node.value, ast.Lambda):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [ast.unparse(target) for target in targets]
    lasting = [name for name in names if name not in local and not re.match(r"(flask\.)?g\W", name)]
    return list(ast.walk(node.value)) if lasting else []


def is_connect(node: ast.AST, variables: dict[str, Any]) -> bool:
    """Whether a node is a call of ``sqlite3.connect``, by whatever name."""
    name = node.func if isinstance(node, ast.Call) else None
    if isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name):
        return name.attr == "connect" and variables.get(name.value.id) is sqlite3
    return isinstance(name, ast.Name) and variables.get(name.id) is sqlite3.connect


def assigned_once(nodes: list[ast.AST]) -> dict[str, ast.AST]:
    """The local variables that get one value, and no other one, with the code of that."""
    stores = [x.id for x in nodes if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)]
    values = [each for each in nodes if isinstance(each, ast.Assign)]
    plain = {x.targets[0].id: x.value for x in values if isinstance(x.targets[0], ast.Name)}
    return {name: value for name, value in plain.items() if stores.count(name) == 1}


def given(
    call: Any, variables: dict[str, Any], config: Any, once: dict[str, ast.AST], own: dict[str, Any]
) -> Any:
    """The database that a call of ``connect`` is given, where the code or its object tells it."""
    named = [each.value for each in call.keywords if each.arg == "database"]
    database = [*call.args, *named, None][0]
    database = once.get(getattr(database, "id", ""), database)
    if isinstance(database, ast.Name):
        return variables.get(database.id)
    if isinstance(database, ast.Attribute):
        return own.get(ast.unparse(database))
    if isinstance(database, ast.Subscript) and ast.unparse(database.value).endswith("config"):
        return config.get(getattr(database.slice, "value", None))
    return getattr(database, "value", None)  # a constant


def look_at_calls(found: Found, names: Names, config: Any) -> list[EngineReport]:
    """A report for each database that functions open anew at each call."""
    reports: dict[str, EngineReport] = {}
    for function in sorted(found.functions, key=line_of):
        for database in opened_in(function, found, config) or []:
            if database not in reports:
                reports[database] = report_on(database, name_of(function), names)
    compare_files(list(reports.values()), found)
    return list(reports.values())


def report_on(database: str, path: str, names: Names) -> EngineReport:
    """What it means to open a database anew at each call."""
    sqlite = Sqlite(database, True)
    report = EngineReport(path, "sqlite3.connect", "a connection for each call", sqlite.where)
    report.kind = "calls" if not sqlite.in_memory else "memory"
    if missing := sqlite.missing_folder():
        report.findings.append(Finding.of("no-folder", for_folder(sqlite.path), reason=missing))
    elif sqlite.in_memory and not sqlite.shared:
        words = {"function": path, "error": "OperationalError: no such table: item"}
        cures = for_sqlite3("In the function, open a file", [], "connection = ", names)
        report.findings.append(Finding.of("sqlite3-own-memory", cures, **words))
    return report


def compare_files(reports: list[EngineReport], found: Found) -> None:
    """Add what is in the files of plain connections; the reader's SQL names a table."""
    files = [each for each in reports if os.path.isabs(each.opens)]
    contents = in_files([each.opens for each in files])
    for report in files:
        if problem := contents[report.opens]["problem"]:
            report.notes.append("not there yet" if problem == "missing" else problem)
            continue
        report.tables = Tables(there=sorted(contents[report.opens]["tables"]))
        if not report.tables.there:
            report.findings.append(no_tables(contents[report.opens], table_in(found)))


def table_in(found: Found) -> str:
    """A table that the reader's SQL names."""
    codes = [code for function in found.functions for code in all_codes(function)]
    own = [code for code in codes if is_own_file(code.co_filename)]
    texts = [each for code in own for each in code.co_consts if isinstance(each, str)]
    tables = [TABLE.search(each) for each in texts if STATEMENT.match(each)]
    return next((each[1] for each in tables if each), "item")
