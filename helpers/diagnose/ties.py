"""What the reader's code ties to an engine: models, by ``create_all``, and sessions; it is read."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from .find import Found
from .readers import called, own_trees

MAKERS = {"create_engine", "create_async_engine", "engine_from_config", "async_engine_from_config"}
SESSIONS = {"Session", "sessionmaker", "AsyncSession", "async_sessionmaker", "configure"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Tie = tuple[object, Any]  # what is tied (``None``: any model), and to which engine


@dataclass(frozen=True)
class InCall:
    """An engine that a function makes when it is called; with no name, any other one."""

    name: str = ""  # of the function
    place: str = ""  # `` (conftest.py:8)``
    maker: str = ""  # what it calls
    url: str = ""  # where the code tells it
    pool: None = None  # nobody has it yet


def by_objects(found: Found) -> Iterator[Tie]:
    """What the app's session makers say: an engine for any model, or one for some of them."""
    for options in (each.value.kw for each in found.makers):
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
        functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
        fixtures = [x for x in functions if "fixture" in "".join(map(ast.dump, x.decorator_list))]
        made = {x.name: each for x in fixtures for each in made_in(x, variables).values()}
        yield from ties_in(tree, {**variables, **made})


def ties_in(tree: ast.AST, variables: dict[str, Any]) -> Iterator[Tie]:
    """What a piece of code says, with the variables that are known there."""
    for node in ast.iter_child_nodes(tree):
        known = variables
        if maker := maker_of(node, known):  # it may have another engine since
            bound = engine_of(maker.kw.get("bind"))
            yield from [(None, bound)] if bound else []
            continue
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            local = local_in(node)
            known = {key: each for key, each in variables.items() if key not in local}
            given = {x.arg for x in ast.walk(node) if isinstance(x, ast.arg)}  # by a fixture
            known |= {key: variables[key] for key in given if type(variables.get(key)) is InCall}
            known |= made_in(node, variables)
        elif isinstance(node, (ast.With, ast.AsyncWith)):  # ``with engine.begin() as connection``
            for item in node.items:
                opened = getattr(item.context_expr, "func", None)
                if isinstance(item.optional_vars, ast.Name) and isinstance(opened, ast.Attribute):
                    known = {**known, item.optional_vars.id: value_of(opened.value, known)}
        elif isinstance(node, ast.Call):
            yield from ties_of(node, known)
        yield from ties_in(node, known)


def maker_of(node: ast.AST, known: dict[str, Any]) -> Any:
    """The maker of sessions that an assignment has made, as it is now; else nothing."""
    names = [getattr(each, "id", "") for each in getattr(node, "targets", [])]
    value = known.get(names[0]) if names and called(getattr(node, "value", None)) in SESSIONS else 0
    return value if type(value).__name__ in ("sessionmaker", "async_sessionmaker") else None


def local_in(function: ast.AST) -> set[str]:
    """The names of a function's parameters and local variables."""
    nodes = list(ast.walk(function))
    others = {name for x in nodes if isinstance(x, ast.Global) for name in x.names}
    stores = [x for x in nodes if isinstance(getattr(x, "ctx", None), ast.Store)]
    names = {x.id for x in stores if isinstance(x, ast.Name)} - others
    return names | {x.arg for x in nodes if isinstance(x, ast.arg)}


def made_in(function: ast.AST, variables: dict[str, Any]) -> dict[str, InCall]:
    """The engines that a function makes, by their names in it; ``""`` without one."""
    file, made = os.path.basename(str(variables.get("__file__"))), {}
    for node in ast.walk(function):
        call: Any = getattr(node, "value", None)  # of an assignment, a return, a yield
        if called(call) in MAKERS:
            name = getattr([*getattr(node, "targets", []), None][0], "id", "")
            place, url = f" ({file}:{call.lineno})", url_of(call, variables)
            made[name] = InCall(getattr(function, "name", ""), place, called(call), url)
    return made


def url_of(call: Any, variables: dict[str, Any]) -> str:
    """The URL that a call is given, where the code tells it."""
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "url")]
    constants = [each.value for each in given if isinstance(each, ast.Constant)]
    texts = constants or [value_of(each, variables) for each in given]
    return next((each for each in texts if isinstance(each, str)), "")


def ties_of(call: ast.Call, known: dict[str, Any]) -> Iterator[Tie]:
    """What a call says."""
    function: Any = call.func
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "bind")]
    if called(call) == "run_sync" and given:  # ``run_sync(metadata.create_all)``
        function, given = given[0], [function.value]
    name = getattr(function, "attr", getattr(function, "id", ""))
    engines = [engine_of(value_of(each, known)) for each in given]
    if name == "create_all" and not any(each.arg == "tables" for each in call.keywords):
        yield from ((value_of(function.value, known), each or InCall()) for each in engines)
    elif name in SESSIONS:
        yield from ((None, each) for each in engines if each)


def value_of(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name with dots stands for, without a property being run; ``None`` if not told."""
    if isinstance(node, ast.Attribute):
        return inspect.getattr_static(value_of(node.value, known), node.attr, None)
    return known.get(node.id) if isinstance(node, ast.Name) else None


def engine_of(value: Any) -> Engine | InCall | None:
    """The engine of what SQLAlchemy connects with: a connection, or an asynchronous engine."""
    if type(value) is InCall:
        return value
    of_sqlalchemy = type(value).__module__.startswith("sqlalchemy.")
    engine = getattr(value, "engine", None) if of_sqlalchemy else None
    return engine if isinstance(engine, Engine) else None
