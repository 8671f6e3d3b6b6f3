"""Finding the engines: references are followed, and no code is called."""

from __future__ import annotations

import dis
import gc
import logging
import re
import sqlite3
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

LEAVES = (str, bytes, int, float, type(None), CodeType, FrameType, logging.Logger, sa.MetaData)
STDLIB = sysconfig.get_path("stdlib")
FACTORIES = (FunctionType, MethodType, partial, type(lru_cache(len)))
HERE = str(Path(__file__).parent)
LIMIT = 100_000  # objects to look at: the app's data may be large


@dataclass
class Place:
    """A value and where it was found: its path, the last key on it, the extension that made it."""

    value: Any
    path: str
    key: object = None
    extension: str = ""

    def setting(self, rest: str) -> str:
        """The line of configuration that gives the engine here another URL."""
        url = self.value.url.drivername + rest
        if self.extension == "flask_sqlalchemy_lite":
            kind = "ASYNC_ENGINES" if self.value.dialect.is_async else "ENGINES"
            return f'SQLALCHEMY_{kind} = {{"{self.key}": "{url}"}}'
        if self.extension and self.key:
            return f'SQLALCHEMY_BINDS = {{"{self.key}": "{url}"}}'
        return f'SQLALCHEMY_DATABASE_URI = "{url}"' if self.extension else f'create_engine("{url}")'


def find_engines(root: object, path: str) -> tuple[list[Place], bool]:
    """The engines that an object leads to, the nearest first; and if it leads to a connection."""
    todo = [Place(root, path)]
    seen: dict[int, object] = {}  # holds what it saw, so that no id comes twice
    found: dict[int, Place] = {}
    connection = False
    for place in todo:  # grows while it is read
        value, kind = place.value, type(place.value)
        if issubclass(kind, sa.Engine):
            known = found.setdefault(id(value.pool), place)
            if place.extension and not known.extension:  # it knows the line of configuration
                found[id(value.pool)] = place
            continue
        if id(value) in seen or len(seen) == LIMIT:
            continue
        seen[id(value)] = value
        if issubclass(kind, (sqlite3.Connection, sa.Connection)):
            connection |= not getattr(value, "closed", False)
        if kind.__module__.startswith("flask_sqlalchemy"):
            place.extension = kind.__module__.split(".")[0]
        for child, child_path, key in referents(place, root):
            if not issubclass(type(child), LEAVES):
                todo.append(Place(child, child_path, key, place.extension))
    return list(found.values()), connection


def referents(place: Place, root: object) -> Iterator[tuple[Any, str, object]]:
    """What a value refers to, with path and key; of code, only what is the reader's."""
    value, kind, path = place.value, type(place.value), place.path
    if issubclass(kind, WeakKeyDictionary):  # what an extension keeps for each app
        mine = [each for app, each in list(value.items()) if app is root]
        yield from ((each, path, None) for each in mine or list(value.values()))
    elif kind is FunctionType:
        kept = (value.__closure__, value.__defaults__, value.__kwdefaults__, vars(value))
        yield from ((each, path, None) for each in kept)
        yield from used_globals(value, root)
    elif kind is ModuleType or issubclass(kind, type):
        if is_own(value.__name__ if kind is ModuleType else value.__module__, root):
            yield from ((each, f"{path}.{name}", None) for name, each in list(vars(value).items()))
    elif issubclass(kind, dict):
        for key, each in list(dict.items(value)):
            yield each, f"{path}[{key!r}]" if isinstance(key, str) else path, key
    else:
        attributes: Any = {}  # what the object stores: nothing is computed
        with suppress(AttributeError):
            attributes = object.__getattribute__(value, "__dict__")
        for name, each in list(attributes.items()):
            yield each, path if name.startswith("_") else f"{path}.{name}", place.key
        others = gc.get_referents(value)
        yield from ((each, path, place.key) for each in others if each is not attributes)


def used_globals(function: FunctionType, root: object) -> Iterator[tuple[Any, str, object]]:
    """The global variables that a function of the reader's uses, also in other modules."""
    codes = [function.__code__]
    for code in codes:  # grows while it is read: functions in the function
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    steps = [step for code in codes for step in dis.get_instructions(code)]
    used = {step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    names = {name for code in codes for name in code.co_names}
    modules = [(function.__globals__, used)]
    for variables, wanted in modules:  # grows while it is read
        module = variables.get("__name__", "")
        for name in wanted & variables.keys() if is_own(module, root) else ():
            value = variables[name]
            if type(value) is not ModuleType:
                yield value, f"{module}.{name}", None
            elif all(vars(value) is not seen for seen, _ in modules):
                modules.append((vars(value), names))


def is_own(module: str, root: object) -> bool:
    """Whether a module is the reader's: neither Python's nor installed, or the app's own."""
    home = getattr(root, "__name__" if type(root) is ModuleType else "import_name", "__main__")
    file = getattr(sys.modules.get(module), "__file__", None) or STDLIB
    return module.split(".")[0] in ("__main__", str(home).split(".")[0]) or is_own_file(file)


def is_own_file(file: str) -> bool:
    """Whether a file holds code of the reader's."""
    return not (file.startswith((STDLIB, "<", HERE)) or re.search("(site|dist)-packages", file))
