"""Whose models: which of several engines the tables that an app's models name belong to.

The code may tell, where it hands an engine to a session or to ``create_all``; it is read, not
run. Else the databases may tell, by the tables in them. Where neither does, that is said.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from .find import Found, Place
from .readers import called, own_trees

SESSIONS = {"Session", "sessionmaker", "AsyncSession", "async_sessionmaker", "configure"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
There = Callable[[Engine], "set[str] | None"]  # the tables in a database; None: not known
Tie = tuple[object, Any]  # what is tied, by a session or by ``create_all``, and to which engine
NOT_THERE: set[str] = set()  # of a file that is not there yet


def models_of(place: Place, found: Found, there: There) -> tuple[list[sa.Table], set[str]]:
    """The tables of an engine's models, and the names of those that may be another engine's."""
    plain: list[sa.Table] = []
    of_all: list[sa.Table] = []
    for each in found.metadata:  # of tables in another schema nothing is known
        tables = [table for table in each.value.tables.values() if not table.schema]
        (of_all if of_extension(each) else plain).extend(tables)
    engines = [each for each in found.engines if each.extension != "flask_sqlalchemy"]
    if place not in engines:
        mine = [each for each in of_all if bind_of(each) == (place.key or None)]
        return mine + (plain if not (place.key or engines) else []), set()
    if len(engines) == 1:
        return plain, set()
    whose = Whose(engines, found, there)
    says = [(each, whose.belongs(each, place)) for each in plain]
    mine = [each for each, belongs in says if belongs is not False]
    return mine, {each.name for each, belongs in says if belongs is None}


def of_extension(metadata: Place) -> bool:
    """Whether Flask-SQLAlchemy made it, however it was reached."""
    return bool(metadata.extension) or "bind_key" in metadata.value.info


def bind_of(table: sa.Table) -> Any:
    """The bind of Flask-SQLAlchemy that a table belongs to."""
    return table.info.get("bind_key") or table.metadata.info.get("bind_key") or None


class Whose:
    """What the code and the databases of several engines say of the models."""

    def __init__(self, engines: list[Place], found: Found, there: There) -> None:
        known = [(each, there(each.value)) for each in found.engines]
        self.all_known = all(tables is not None for _, tables in known)
        self.everywhere = set().union(*(tables or set() for _, tables in known))
        self.there = {id(each): tables or set() for each, tables in known}
        self.not_there = [each for each, tables in known if tables is NOT_THERE]
        self.engines = engines
        self.metadata = [each.value for each in found.metadata if not of_extension(each)]
        self.ties = [*by_objects(found), *by_code()]
        readers = [each for each in engines if each.owner is None]  # a library's has its own tables
        # One beside those with a session is for SQL by hand.
        self.readers = [each for each in readers if each in self.tied(None)] or readers

    def tied(self, what: object) -> list[Place]:
        """The engines that the code ties something to."""
        pools = [engine.pool for each, engine in self.ties if each is what]
        return [each for each in self.engines if each.value.pool in pools]

    def owners(self, metadata: sa.MetaData) -> list[Place]:
        """The engines that have some of the tables, or for which the code makes them."""
        names, made = names_of(metadata), self.tied(metadata)
        return [each for each in self.engines if each in made or names & self.there[id(each)]]

    def belongs(self, table: sa.Table, place: Place) -> bool | None:
        """Whether a table is an engine's; ``None`` where it may also be another one's."""
        metadata, name, here = table.metadata, table.name.lower(), self.there[id(place)]
        if bound := self.tied(table):
            return place in bound
        owners, made = self.owners(metadata), self.tied(metadata)
        if place in made or (place in owners and (name in here or len(owners) == 1)):
            return True
        if place in owners:  # it may be split between them
            return False if any(name in self.there[id(each)] for each in owners) else None
        if not self.all_known or not names_of(metadata) - (set() if owners else self.everywhere):
            return False
        if owners:  # a file that is there and empty, while others have all that there is
            alone = all(self.owners(each) for each in self.metadata)
            empty = alone and not here and place in self.readers and place not in self.not_there
            whole = any(names_of(metadata) <= self.there[id(each)] for each in owners)
            return None if empty and whole else False
        busy = [owner for each in self.metadata for owner in self.owners(each)]
        free = [each for each in self.readers if each not in busy] or self.readers
        return (len(free) == 1 or None) if place in free else False


def names_of(metadata: sa.MetaData) -> set[str]:
    """The tables that are declared, in the case in which SQLite compares them."""
    return {table.name.lower() for table in metadata.tables.values()}


def by_objects(found: Found) -> Iterator[Tie]:
    """What the app's session makers say: an engine for any model, or one for some of them."""
    for options in found.sessions:
        if options.get("bind") is not None:
            yield None, engine_of(options["bind"])
        for model, engine in (options.get("binds") or {}).items():
            table = getattr(model, "__table__", model)
            tables = getattr(model, "metadata", sa.MetaData()).tables.values()
            for each in [table] if isinstance(table, sa.Table) else tables:
                yield each, engine_of(engine)


def by_code() -> Iterator[Tie]:
    """What the reader's modules say: ``create_all`` for an engine, a session on one."""
    for tree, variables in own_trees("create_all", "ession"):
        yield from ties_in(tree, variables)


def ties_in(tree: ast.AST, variables: dict[str, Any]) -> Iterator[Tie]:
    """What a piece of code says, with the variables that are known there."""
    for node in ast.iter_child_nodes(tree):
        known = variables
        if isinstance(node, FUNCTIONS):
            local = {x.arg for x in ast.walk(node) if isinstance(x, ast.arg)}
            stores = [x for x in ast.walk(node) if isinstance(getattr(x, "ctx", None), ast.Store)]
            local |= {x.id for x in stores if isinstance(x, ast.Name)}
            known = {key: each for key, each in variables.items() if key not in local}
        elif isinstance(node, (ast.With, ast.AsyncWith)):  # ``with engine.begin() as connection``
            for item in node.items:
                opened = getattr(item.context_expr, "func", None)
                if isinstance(item.optional_vars, ast.Name) and isinstance(opened, ast.Attribute):
                    known = {**known, item.optional_vars.id: value_of(opened.value, known)}
        elif isinstance(node, ast.Call):
            yield from ties_of(node, known)
        yield from ties_in(node, known)


def ties_of(call: ast.Call, known: dict[str, Any]) -> Iterator[Tie]:
    """What a call says."""
    function: Any = call.func
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "bind")]
    if called(call) == "run_sync" and given:  # ``run_sync(metadata.create_all)``
        function, given = given[0], [function.value]
    name = getattr(function, "attr", getattr(function, "id", ""))
    engines = [engine for each in given if (engine := engine_of(value_of(each, known)))]
    if name == "create_all" and not any(each.arg == "tables" for each in call.keywords):
        yield from ((value_of(function.value, known), each) for each in engines)
    elif name in SESSIONS:
        yield from ((None, each) for each in engines)


def value_of(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name with dots stands for, without a property being run; ``None`` if not told."""
    if isinstance(node, ast.Attribute):
        return inspect.getattr_static(value_of(node.value, known), node.attr, None)
    return known.get(node.id) if isinstance(node, ast.Name) else None


def engine_of(value: Any) -> Engine | None:
    """The engine of what SQLAlchemy connects with: a connection, or an asynchronous engine."""
    of_sqlalchemy = type(value).__module__.startswith("sqlalchemy.")
    engine = getattr(value, "engine", None) if of_sqlalchemy else None
    return engine if isinstance(engine, Engine) else None
