"""One look from start to end: find what the app holds, read its files, look at each engine."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

from sqlalchemy.engine import Engine

from .app import App
from .calls import compare_files, look_at_calls, makers, name_of, report_on
from .connections import database_of, holds, is_open, look_at_connection
from .database import Sqlite
from .engine import look_at_engine
from .find import NO_VARIABLE, Found, Place
from .named import is_database, named_by_flask, typed_engine
from .readers import is_own
from .report import EngineReport, Report
from .settings import Names
from .tables import no_tables
from .target import FACTORIES, Target, call, call_again, is_flask, left_by, load
from .two_engines import calls_of, each_call, makes_another
from .unreached import nothing_found
from .watch import Watch
from .words import Problem


def look_at_text(text: str, report: Report, folder: str) -> None:
    """Look at what a text names, in a process that has nothing but the app."""
    found = Found()
    if text and is_database(text):
        found.follow(typed_engine(text), "URL" if "://" in text else "file", None)
        app = look_at_all(found, None, report, folder, {})
        [engine] = report.engines
        if engine.tables.there == [] and engine.kind == "file":
            engine.findings.append(no_tables(app.contents[engine.opens], "item"))
        return
    watch = Watch()
    report.target = text if text not in ("", ".", "./") else named_by_flask()
    target = Target(None, "")
    try:
        target = load(report.target, report.ran)
    except Problem as problem:
        if not problem.__cause__:
            raise
        report.problem = str(problem)
        left = list(left_by(problem.__cause__))
        target.value = next((value for _, value in left if is_flask(value)), None)
        for name, value in left:
            found.follow(value, name, target.value)
    finally:
        report.did = watch.stop()
    if not look_at_factory(target, report, watch.opened):
        find_from(target, found)
        if not (found.complete and found.engines):
            found.add_the_rest()
        app = look_at_all(found, target.app, report, folder, watch.opened)
        look_at_other_engines(target, app, report)


def look_at_factory(target: Target, report: Report, opened: dict[int, str]) -> bool:
    """Look at a function that returns a connection, if one was named and each call opens one."""
    if not (target.factory and isinstance(target.value, sqlite3.Connection)):
        return False
    first, path = target.value, target.path
    call_again(target)
    if target.value is first:
        return False
    database = opened.get(id(first)) or database_of(first) or ":memory:"
    report.engines = [report_on(database, path, Names(target.app, path.partition(":")[0]))]
    if f"made {report.engines[0].opens}" not in report.did:  # by this call
        compare_files(report.engines, Found())
    first.close()
    target.value.close()
    return True


def look_at_other_engines(target: Target, app: App, report: Report) -> None:
    """Find a function that makes another engine at each call, with other memory."""
    private = [each for each in report.engines if each.opens == "memory without a name"]
    private = [each for each in private if not each.tables.there]
    private += [each for each in report.engines if ends_with_a_call(each, target, app)]
    if not private:
        return
    functions = [each for each in app.found.functions if each not in app.found.cached]
    makers: dict[str, Any] = {name_of(each): each for each in functions if makes_another(each)}
    first = getattr(target.value, "sync_engine", target.value)
    if target.factory and isinstance(first, Engine):
        call_again(target)
        same = getattr(target.value, "sync_engine", target.value) is first
        makers = {} if same else {target.path: target.factory.func}
        if makers and calls_of(target.path) < 2:
            private[0].notes.append("each call makes another engine, with memory of its own")
    for name in [each for each in makers if calls_of(each) > 1][:1]:
        for engine in private:
            place = next(each for each in app.found.engines if each.path == engine.name)
            each_call(engine, place, name, makers[name], app)


def ends_with_a_call(engine: EngineReport, target: Target, app: App) -> bool:
    """Whether a name in memory has no keeper, and an engine that only a call has had."""
    place = next((each for each in app.found.engines if each.path == engine.name), None)
    sqlite = app.databases[id(place.value)] if place else None
    if not (place and isinstance(sqlite, Sqlite) and sqlite.in_memory and sqlite.shared):
        return False
    alone = target.factory or place.path == NO_VARIABLE
    return bool(alone) and not engine.findings and not holds(sqlite, app.found, app.opened)[0]


def look_at_object(value: object, report: Report) -> None:
    """Look at an object of this process, in which others may be at work."""
    path = "app" if hasattr(value, "extensions") else type(value).__name__.lower()
    if isinstance(value, ModuleType):
        path = value.__name__
    target = Target(value, path, value if isinstance(value, ModuleType) else None, report.ran)
    if isinstance(value, FACTORIES):
        target.path = getattr(value, "__qualname__", path)
        call(target, [], {})
    found = Found()
    found.follow(target.value, target.path, target.value)
    found.shared = [each for each in found.shared if each.value is not value]  # nobody shares it
    ask_for_engines(target, found)
    look_at_all(found, target.app, report, None, {})


def find_from(target: Target, found: Found) -> None:
    """Find what the target leads to; then its module; then the reader's other modules.

    Where an engine or a session is named, only that one is looked at: what the modules hold tells
    its tables, its keeper and how it is written down.
    """
    found.follow(target.value, target.path, target.value)
    whole = is_flask(target.value) or target.value is target.module
    found.named = [] if whole else [place.value.pool for place in found.engines]
    root = target.app or target.module
    if target.module:
        found.follow(target.module, target.module.__name__, root)
    ask_for_engines(target, found)
    for name, module in sorted(sys.modules.items()):
        if (
            name != "__main__"
            and issubclass(type(module), ModuleType)
            and is_own(name, target.module)
        ):
            found.follow(module, name, root)


def ask_for_engines(target: Target, found: Found) -> None:
    """Ask for engines that are made when they are used: only where nothing is stored."""
    app: Any = target.app
    if app and not found.engines:  # release 2 of Flask-SQLAlchemy makes them late
        with suppress(Exception), app.app_context():  # another extension, or a broken setup
            db = app.extensions["sqlalchemy"].db
            for bind in (None, *(app.config.get("SQLALCHEMY_BINDS") or {})):
                path = f"{target.path}.extensions['sqlalchemy']" + (f"[{bind!r}]" if bind else "")
                engine = db.get_engine(app, bind=bind)
                found.add_engine(Place(engine, path, bind, "flask_sqlalchemy"))
    if not (found.engines or found.connections):
        with suppress(Exception):  # it is the app's code
            found.follow(target.value.engine, f"{target.path}.engine", target.value)
            target.ran.append(f"{target.path} was asked for its engine")


def look_at_all(
    found: Found, flask: object, report: Report, folder: str | None, opened: dict[int, str]
) -> App:
    """Look at each engine and connection, and say what could not be reached."""
    app = App(found, flask, folder, opened)
    named = [each for each in found.engines if each.value.pool in found.named] or found.engines
    report.engines = [look_at_engine(place, app) for place in named]
    plain = [each for each in found.connections if not found.named and is_open(each.value)]
    for place in [each for each in plain if not app.keeps(each)]:  # those keep memory
        looked = look_at_connection(place, opened.get(id(place.value)), app.names)
        report.engines.append(looked)
        if looked.findings:
            compare_files([looked], found)
    if not (report.problem or report.engines):  # else the app has failed
        report.engines = look_at_calls(found, app.names, app.config)
        made = makers(found, app.config)
        if made or not report.engines:
            report.problem = str(nothing_found(made, found))
    elif not (report.problem or found.complete):
        report.problem = str(Problem.of("too-much"))
    return app
