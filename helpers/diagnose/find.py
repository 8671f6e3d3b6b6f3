"""Finding what an app holds: references are followed, and no code is called.

It finds engines, connections, the tables that models name, and functions that make an engine.
"""

from __future__ import annotations

import gc
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from .private import is_checked_out
from .readers import is_own, used_globals

LEAVES = (str, bytes, int, float, type(None), CodeType, FrameType, logging.Logger)
CACHED = type(lru_cache(None)(len))
LIMIT = 500_000  # objects to look at: the app's data may be large
NO_VARIABLE = "an engine that no variable leads to"
PATIENCE = 30  # seconds to look at them


@dataclass
class Place:
    """A value and where it was found: its path, the last key on it, and what keeps it."""

    value: Any
    path: str
    key: object = None
    extension: str = ""  # the extension of Flask that made it
    owner: Any = None  # the object of an installed library that it is an attribute of
    per_thread: bool = False  # in a ``threading.local`` or a ``scoped_session``


@dataclass
class Found:
    """What an app leads to, the nearest first; ``complete`` is false when it was too much."""

    engines: list[Place] = field(default_factory=list)
    named: list[Any] = field(default_factory=list)  # the pools of those to look at, if not all
    connections: list[Place] = field(default_factory=list)  # of sqlite3
    keepers: list[Any] = field(default_factory=list)  # connections that an engine gave out
    metadata: list[Place] = field(default_factory=list)
    makers: list[Place] = field(default_factory=list)  # of sessions
    shared: list[Place] = field(default_factory=list)  # sessions, or makers with one transaction
    functions: list[FunctionType] = field(default_factory=list)  # the reader's
    cached: list[Any] = field(default_factory=list)  # those under ``lru_cache``
    complete: bool = True
    end: float = field(default_factory=lambda: time.monotonic() + PATIENCE)
    seen: dict[int, object] = field(default_factory=dict)  # holds them, so that no id comes twice

    def add(self, place: Place) -> bool:
        """Keep a value that counts; whether to follow what it refers to."""
        value, kind = place.value, type(place.value)
        if issubclass(kind, Engine):
            self.add_engine(place)
            return False
        if issubclass(kind, sa.MetaData):
            self.metadata.append(place)
            return False
        if is_checked_out(value):
            self.keepers.append(value)
            return False
        if issubclass(kind, sqlite3.Connection) and not place.per_thread:
            self.connections.append(place)
        elif kind is FunctionType:
            self.functions.append(value)
        elif kind.__name__ in ("sessionmaker", "async_sessionmaker"):
            self.makers.append(place)
            self.shared += [place] * is_checked_out(value.kw.get("bind"))
        elif is_session(kind) and not (place.per_thread or place.owner):
            self.shared.append(place)
        elif kind is CACHED:
            self.cached.append(value.__wrapped__)
        return True

    def add_engine(self, place: Place) -> None:
        """Keep an engine once: where an extension has it, or as the reader's own variable."""
        for index, known in enumerate(self.engines):
            if known.value.pool is place.value.pool:
                of_session = known.path.endswith(".bind")  # and not the reader's variable
                shorter = ("[" in known.path or of_session) and "[" not in place.path
                if place.extension > known.extension or (shorter and not known.extension):
                    self.engines[index] = place
                return
        self.engines.append(place)

    def attributes_of(self, method: FunctionType) -> dict[str, Any]:
        """What a method's ``self`` stores, if only one object has this method."""

        def has_it(value: object) -> bool:  # a value in its class may refuse ``==``
            return any(each is method for each in vars(type(value)).values())

        objects = [each for each in self.seen.values() if has_it(each)]
        stored = getattr(objects[0], "__dict__", {}) if len(objects) == 1 else {}
        name = "".join(method.__code__.co_varnames[:1])
        return {f"{name}.{key}": each for key, each in stored.items()}

    def follow(self, value: object, path: str, root: object) -> None:
        """Add what an object leads to; the root is the app or module that it is looked at for."""
        todo = [Place(value, path)]
        for place in todo:  # grows while it is read
            value, kind = place.value, type(place.value)
            if not issubclass(kind, Engine) and id(value) in self.seen:
                continue
            if len(self.seen) == LIMIT or time.monotonic() > self.end:
                self.complete = False
                break
            self.seen[id(value)] = value
            if not self.add(place):
                continue
            if kind.__module__.startswith("flask_sqlalchemy"):
                place.extension = kind.__module__.split(".")[0]
            for child in referents(place, root):
                if not issubclass(type(child.value), LEAVES):
                    child.extension = place.extension
                    child.per_thread = place.per_thread or is_per_thread(kind)
                    todo.append(child)

    def add_the_rest(self) -> None:
        """Add the engines of this process to which nothing led: where all of it is the app's."""
        for each in gc.get_objects():
            if issubclass(type(each), Engine) and each.url.get_backend_name():
                self.add_engine(Place(each, NO_VARIABLE))
        self.complete = True


def is_session(kind: type) -> bool:
    """Whether a class is a session's; the app may do without SQLAlchemy's ORM."""
    orm: Any = sys.modules.get("sqlalchemy.orm")
    return orm is not None and issubclass(kind, orm.Session)


def is_per_thread(kind: type) -> bool:
    """Whether what an object holds is for one thread or request, as in a ``scoped_session``."""
    return issubclass(kind, threading.local) or kind.__name__ == "ScopedRegistry"


def referents(place: Place, root: object) -> Iterator[Place]:
    """What a value refers to; of code, only what is the reader's."""
    value, kind, path = place.value, type(place.value), place.path
    if issubclass(kind, WeakKeyDictionary):  # what an extension keeps for each app
        mine = [each for app, each in list(value.items()) if app is root]
        yield from (Place(each, path) for each in mine or list(value.values()))
    elif kind is FunctionType:
        kept = (value.__closure__, value.__defaults__, value.__kwdefaults__, vars(value))
        yield from (Place(each, path) for each in kept)
        yield from (Place(*each) for each in used_globals(value, root))
    elif kind is ModuleType or issubclass(kind, type):
        if is_own(value.__name__ if kind is ModuleType else value.__module__, root):
            path = value.__name__ if kind is ModuleType else path  # however it was reached
            yield from (Place(each, f"{path}.{name}") for name, each in list(vars(value).items()))
    elif issubclass(kind, dict):
        for key, each in list(dict.items(value)):
            child_path = f"{path}[{key!r}]" if isinstance(key, str) else path
            yield Place(each, child_path, key, owner=place.owner)
    else:
        yield from attributes(place, root)


def attributes(place: Place, root: object) -> Iterator[Place]:
    """What an object stores: nothing is computed."""
    value, path = place.value, place.path
    stored: Any = {}
    with suppress(AttributeError):
        stored = object.__getattribute__(value, "__dict__")
    module = type(value).__module__
    owner = None if module.startswith("sqlalchemy.") or is_own(module, root) else value
    for name, each in list(stored.items()):
        child_path = path if name.startswith("_") else f"{path}.{name}"
        yield Place(each, child_path, place.key, owner=owner)
    others = gc.get_referents(value)
    yield from (Place(each, path, place.key) for each in others if each is not stored)
