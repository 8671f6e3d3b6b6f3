"""The tables that models name, and those that are in the file: what is missing, and where it is."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from .process import Contents
from .report import Tables

ENDINGS = ("*.db", "*.db3", "*.sqlite", "*.sqlite3")
FEW = 20  # files beside the app that are looked at


def compare(named: list[str], content: dict[str, Any]) -> Tables:
    """The tables named and there."""
    if content["problem"]:
        return Tables(named)
    there = sorted(content["tables"])
    known = {name.lower() for name in there}
    return Tables(named, there, [name for name in named if name.lower() not in known])


def columns_missing(
    tables: dict[str, sa.Table], engine: Engine, content: dict[str, Any]
) -> dict[str, dict[str, str]]:
    """By table, the columns that a model names and the file has not, with their types."""
    there = {name.lower(): columns for name, columns in content["tables"].items()}
    missing = {}
    for name, table in tables.items():
        known = {each.lower() for each in there.get(name.lower(), [])}
        lost = [each for each in table.columns if known and each.name.lower() not in known]
        if lost:
            missing[name] = {each.name: kind_of(each, engine) for each in lost}
    return missing


def kind_of(column: sa.Column[Any], engine: Engine) -> str:
    """The type of a column, as SQL."""
    return str(column.type.compile(dialect=engine.dialect))


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


def elsewhere(tables: Tables, mine: str, contents: Contents) -> dict[str, list[str]]:
    """The other files that have missing tables, with those tables."""
    found = {}
    for path, content in contents.items():
        there = set(content.get("tables", ()))
        have = [name for name in tables.missing if name in there]
        if have and path != mine and os.path.realpath(path) != os.path.realpath(mine):
            found[path] = have
    return found
