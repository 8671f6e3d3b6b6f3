"""The tables that models name, and those that are in the file: what is missing, and where it is."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from .find import Found, Place
from .process import Contents
from .report import Tables

ENDINGS = ("*.db", "*.db3", "*.sqlite", "*.sqlite3")
FEW = 20  # files beside the app that are looked at
There = Callable[[Engine], "set[str] | None"]  # the tables in a database; None: not known
NOT_THERE: set[str] = set()  # of a file that is not there yet


def metadata_of(place: Place, found: Found, there: There) -> list[Place]:
    """What declares the tables of an engine: by the bind, or by what is in its database."""
    plain = [each for each in found.metadata if not of_extension(each)]
    engines = [each for each in found.engines if each.extension != "flask_sqlalchemy"]
    if place in engines:
        if len(engines) == 1:
            return plain
        mine = by_content(place, plain, engines, there)
        lost = [each for each in in_none(plain, found, engines, there) if each not in mine]
        return (lost if may_miss(place, plain, engines, there) else []) + mine
    mine = [
        each
        for each in found.metadata
        if of_extension(each) and (place.key or None) in map(bind_of, each.value.tables.values())
    ]
    return mine + (plain if not (place.key or engines) else [])


def by_content(
    place: Place, metadata: list[Place], engines: list[Place], there: There
) -> list[Place]:
    """What may belong to one of several engines.

    What has a table in its database does. To an empty one belongs what no other engine has; and
    where the others have all of it, a file that is there and empty is a mistake for theirs.
    """
    known = {id(each.value): there(each.value) for each in engines}
    here, unknown = known[id(place.value)], None in known.values()
    if here or unknown or place.owner is not None:  # a library's has tables of its own
        return [each for each in metadata if names_of(each) & (here or set())]
    others = [known[id(each.value)] or set() for each in engines if each is not place]
    free = [each for each in metadata if not any(names_of(each) <= other for other in others)]
    return free if here is NOT_THERE else free or metadata


def in_none(metadata: list[Place], found: Found, engines: list[Place], there: There) -> list[Place]:
    """What no engine's database has: it is known only where all of them could be read."""
    known = [(each, there(each.value)) for each in found.engines]
    if any(tables is None for _, tables in known):
        return []
    everywhere = set().union(*(tables or set() for _, tables in known))
    taken = set().union(*(tables or set() for each, tables in known if each in engines))
    free = [each for each in metadata if not names_of(each) & taken]
    return [each for each in free if names_of(each) - everywhere]


def may_miss(place: Place, metadata: list[Place], engines: list[Place], there: There) -> bool:
    """Whether it may be the engine of models that are in no database.

    It is one without models of its own or, where each has some, any of the reader's.
    """
    readers = [each for each in engines if each.owner is None]
    names = set().union(*map(names_of, metadata))
    without = [each for each in readers if not names & (there(each.value) or set())]
    return place in (without or readers)


def names_of(metadata: Place) -> set[str]:
    """The tables that are declared, in the case in which SQLite compares them."""
    return {table.name.lower() for table in metadata.value.tables.values()}


def of_extension(metadata: Place) -> bool:
    """Whether Flask-SQLAlchemy made it, however it was reached."""
    return bool(metadata.extension) or "bind_key" in metadata.value.info


def tables_of(place: Place, metadata: list[Place]) -> dict[str, sa.Table]:
    """The tables that the models of an engine name, in this database and not in another schema."""
    key = place.key if place.extension == "flask_sqlalchemy" else None
    tables = [table for each in metadata for table in each.value.tables.values()]
    mine = [each for each in tables if not each.schema and bind_of(each) in (key or None, None)]
    return {table.name: table for table in mine}


def bind_of(table: sa.Table) -> Any:
    """The bind of Flask-SQLAlchemy that a table belongs to."""
    return table.info.get("bind_key") or table.metadata.info.get("bind_key")


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
