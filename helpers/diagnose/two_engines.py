"""Two engines in memory: the tables are made on one, and looked for on the other."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType
from typing import Any

from . import migrations
from .app import App
from .database import Sqlite
from .find import Place
from .readers import called, line_of, own_trees, tree_of
from .report import Cure, EngineReport, Finding
from .settings import AT_FAULT, IN_MEMORY, MEMDB_IS_KNOWN, Setting, in_one_file, in_one_memory
from .ties import MAKERS, InCall, engine_of
from .whose import of_extension
from .words import some

PRIVATE = re.compile(r"sqlite(\+\w+)?:(//)?(/(:memory:)?)?")
GUARDS = (ast.If, ast.IfExp, ast.BoolOp, ast.ExceptHandler)


@dataclass
class Other:
    """The other engine: its name in a sentence, how it is made, and the tables that it gets."""

    name: str
    tables: str
    setting: Setting | None = None
    place: Place | None = None


def other_engine(place: Place, app: App, elsewhere: dict[str, list[str]]) -> Other | None:
    """The engine in memory that gets the tables instead of this one, if any."""
    for each in app.found.engines:
        if each.path in elsewhere:
            return Other(each.path, some(elsewhere[each.path]), app.setting(each), each)
    there, sqlite = app.there(place.value), app.databases[id(place.value)]
    if there:
        return None
    if isinstance(sqlite, Sqlite) and not sqlite.in_memory:  # a file that a session may fill yet
        other = None if there is None else by_ties(place, app)
        return other if other and other.place else None
    return by_ties(place, app) or by_migrations(app)


def by_ties(place: Place, app: App) -> Other | None:
    """What the code says: it makes tables on one engine alone, and has its sessions on another."""
    mine, sessions = place.value.pool, [engine.pool for what, engine in app.ties if what is None]
    for each in app.found.metadata:
        made = {engine for what, engine in app.ties if what is each.value}
        if of_extension(each) or place.extension or len(made) != 1:
            continue
        [engine], names = made, some(sorted(each.value.tables))
        if isinstance(engine, InCall):
            if PRIVATE.fullmatch(engine.url) and len(app.found.engines) == 1:
                name, driver = f"{engine.name}(){engine.place}", engine.url.partition(":")[0]
                setting = Setting("", f"{engine.maker}(", driver, name=name)
                return Other(f"the one of {name}", names, setting)
            continue
        other = next((x for x in app.found.engines if x.value.pool is engine.pool), place)
        sqlite, here = app.databases[id(other.value)], app.databases[id(place.value)]
        keys = [each.key for each in (sqlite, here) if isinstance(each, Sqlite)]
        apart = len(keys) == 2 and (not keys[0] or keys[0] != keys[1])
        if apart and mine in sessions and engine.pool not in [mine, *sessions]:
            return Other(other.path, names, app.setting(other), other)
    return None


def by_migrations(app: App) -> Other | None:
    """What ``alembic.ini`` says: migrations make an engine of their own, in memory."""
    (url, _), code = migrations.ini(), "".join(migrations.texts("env.py"))
    if len(app.found.engines) > 1 or not PRIVATE.fullmatch(url):
        return None
    by_hand = any(what is not None for what, _ in app.ties)
    given = re.search(r"\battributes\b|set_main_option", code)  # by the app
    unknown = by_hand or given or not code
    return None if unknown else Other("the one of alembic.ini", "what migrations make")


def for_both(place: Place, app: App, other: Other) -> list[Cure]:
    """One file, or one name in memory, for both engines."""
    settings = [each for each in (app.setting(place), other.setting) if each]
    here = app.databases[id(place.value)]
    sqlite = app.databases[id(other.place.value)] if other.place else None
    if isinstance(sqlite, Sqlite) and sqlite.key:  # it is shared already
        url = sqlite.url.replace("sqlite:", f"{settings[0].driver}:", 1).replace("\\", "/")
        where = f"{settings[0].place}, the URL of {other.name}"
        return [Cure(where, settings[0].lines(f'"{url}"', AT_FAULT))]
    if isinstance(here, Sqlite) and not here.in_memory:
        return [handed_over(place, app, other)]
    owner, modules = other.place or place, {place.path.rpartition(".")[0]}
    name = app.names.new(owner.key if owner.extension else None, owner)
    same = other.place and {other.place.path.rpartition(".")[0]} == modules
    folder = "" if same else os.getcwd()
    lines = in_one_file(settings, name, folder)
    where = f"One file for both, {place.path} and {other.name}"
    if not other.setting:
        path = Path(folder, f"{name}.db").as_posix().replace("%", "%%")
        url = f"sqlalchemy.url = sqlite:///{path}"
        return [Cure(where, [f"# {place.path}", *lines, "# alembic.ini", url])]
    stay = IN_MEMORY.replace("Stay", "Both stay")
    memory = [Cure(stay, in_one_memory(settings, name, app.names.keeper(name)))] * MEMDB_IS_KNOWN
    return [Cure(where, lines), *memory]


def handed_over(place: Place, app: App, other: Other) -> Cure:
    """What lets the sessions of an engine use another one, as a test does."""
    bound = {id(engine_of(each.value.kw.get("bind"))): each for each in app.found.makers}
    if maker := bound.get(id(place.value)):
        module, _, name = maker.path.replace(":", ".").rpartition(".")
        lines = [f"from {module} import {name}"]
        lines += [f"{name}.configure(bind={other.name.rpartition('.')[2]})"]
        return Cure(f"Below {other.name}, so that the app's sessions use it", lines)
    where = f"Let the app's sessions use {other.name}, as by app.dependency_overrides of FastAPI"
    return Cure(where, [])


def each_call(engine: EngineReport, place: Place, name: str, function: Any, app: App) -> None:
    """Let the finding be that a function makes another engine, with other memory, each time."""
    table, sqlite = "".join(engine.tables.named[:1]) or "item", app.databases[id(place.value)]
    if isinstance(sqlite, Sqlite) and sqlite.shared:
        words = {"database": sqlite.database, "keeper": app.names.keeper(sqlite.path.strip("/"))}
        error = f"OperationalError: no such table: {table}"
        engine.findings = [Finding.of("no-keeper", error=error, **words)]
        return
    code = getattr(function, "__code__", each_call.__code__)
    maker = next((each for each in code.co_names if each in MAKERS), "create_engine")
    where = f"In {name}{line_of(function)}"
    setting = replace(app.setting(place), place=where, start=f"{maker}(", variable="")
    file = app.names.new(None, function)  # one for all its engines
    stay = f"Stay in memory: the keeper at the top of the module; in {name} the engine"
    lines = in_one_memory([replace(setting, place="")], file, app.names.keeper(file))
    cures = [setting.file(file), *[Cure(stay, lines)] * MEMDB_IS_KNOWN]
    engine.findings = [Finding.of("engine-each-call", cures, function=name, table=table)]


def makes_another(function: FunctionType) -> bool:
    """Whether each call of a function makes an engine, which it returns or stores."""
    tree = tree_of(function) if MAKERS & {*function.__code__.co_names} else None
    nodes: list[Any] = list(ast.walk(tree)) if tree else []
    returned = [each.value for each in nodes if isinstance(each, ast.Return)]
    if any(called(each) in MAKERS for each in returned):
        return True
    made = [x.targets[0] for x in nodes if isinstance(x, ast.Assign) and called(x.value) in MAKERS]
    guards = [getattr(each, "test", each) for each in nodes if isinstance(each, GUARDS)]
    guarded = {name for guard in guards for name in map(name_of, ast.walk(guard))}
    kept = {each for node in nodes if isinstance(node, ast.Global) for each in node.names}
    kept |= {name_of(each) for each in returned}
    kept |= {each.attr for each in made if isinstance(each, ast.Attribute)}
    return bool({*map(name_of, made)} & kept - guarded - {""})


def name_of(node: Any) -> str:
    """The name that a node is, or the last part of it; also as the text for ``hasattr``."""
    return str(getattr(node, "id", getattr(node, "attr", getattr(node, "value", ""))))


def calls_of(path: str) -> int:
    """In how many places the reader's code calls a function or a class, as its name tells."""
    name = re.split("[:.]", path.replace(".__init__", ""))[-1]
    return sum(called(node) == name for tree, _ in own_trees(name) for node in ast.walk(tree))
