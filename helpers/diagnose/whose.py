"""Whose models: which of several engines the tables that an app's models name belong to.

The code may tell, where it hands an engine to a session or to ``create_all``; it is read, not
run. Else the databases may tell, by the tables in them. Where neither does, that is said.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from .app import NOT_THERE, App
from .find import Place


def models_of(place: Place, app: App) -> tuple[list[sa.Table], set[str]]:
    """The tables of an engine's models, and the names of those that may be another engine's."""
    plain: list[sa.Table] = []
    of_all: list[sa.Table] = []
    for each in app.found.metadata:  # of tables in another schema nothing is known
        tables = [table for table in each.value.tables.values() if not table.schema]
        (of_all if of_extension(each) else plain).extend(tables)
    engines = [each for each in app.found.engines if each.extension != "flask_sqlalchemy"]
    if place not in engines:
        mine = [each for each in of_all if bind_of(each) == (place.key or None)]
        return mine + (plain if not (place.key or engines) else []), set()
    if len(engines) == 1:
        return plain, set()
    whose = Whose(engines, app)
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

    def __init__(self, engines: list[Place], app: App) -> None:
        known = [(each, app.there(each.value)) for each in app.found.engines]
        self.all_known = all(tables is not None for _, tables in known)
        self.everywhere = set().union(*(tables or set() for _, tables in known))
        self.there = {id(each): tables or set() for each, tables in known}
        self.not_there = [each for each, tables in known if tables is NOT_THERE]
        self.engines = engines
        self.metadata = [each.value for each in app.found.metadata if not of_extension(each)]
        self.ties = app.ties
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
