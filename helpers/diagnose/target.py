"""What the reader names: an object, a module with a name in it, a URL, a file."""

from __future__ import annotations

import importlib
import os
import re
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from .database import what_it_opens
from .find import FACTORIES, Place, find_engines, is_own_file
from .report import Problem, Report


def resolve(target: object, report: Report) -> tuple[list[Place], bool]:
    """The engines that a target leads to, and whether it leads to a connection."""
    value: Any = target
    path, module = "app" if hasattr(target, "extensions") else type(target).__name__.lower(), None
    if isinstance(target, str):
        if "://" in target or is_file(target):
            return [typed_engine(target)], False
        module, value = load(target)
        path = target if ":" in target else module.__name__
        report.ran.append(f"Importing {module.__name__} ran it")
    if isinstance(value, FACTORIES):
        value = attempt(value, f"Calling {path}")
        report.ran.append(f"{path} was called")
    places, keeper = find_engines(value, path)
    if not places:
        with suppress(Exception):  # computed, so only asked for where nothing is stored
            places, _ = find_engines(value.engine, path)
            report.ran.append(f"{path} was asked for its engine")
    if module:
        others, kept = find_engines(module, module.__name__)
        places, keeper = places or others, keeper or kept
    if not places:
        raise Problem(
            f"No SQLAlchemy engine was found in {path}: name the engine, a session, or the"
            " factory that makes it, as in myapp:engine or myapp:create_app."
        )
    return places, keeper


def is_file(target: str) -> bool:
    """Whether a text is the path of a database, and not a module with or without a name."""
    if re.match(r"[\w./]+:(?![\\/])|.*\.py$", target):
        return False
    return os.path.isfile(target) or bool(re.search(r"[\\/]|\.(db|db3|sqlite|sqlite3)$", target))


def typed_engine(target: str) -> Place:
    """An engine for a URL, or for the path of a SQLite file, which has to be there."""
    try:
        url = sa.make_url(target) if "://" in target else sa.URL.create("sqlite", database=target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is looked at here
            engine = sa.create_engine(url)
    except ImportError as error:
        raise Problem(f"The driver for {target.split(':')[0]} is missing: {error}.") from None
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise Problem(f"This URL makes no engine: {str(error).splitlines()[0]}") from None
    sqlite = what_it_opens(engine)
    if sqlite and not (sqlite.in_memory or os.path.exists(sqlite.path)):
        raise Problem(f"There is no file {sqlite.path}: correct the path, or name your app.")
    return Place(engine, "create_engine" if "://" in target else "file")


def load(target: str) -> tuple[ModuleType, object]:
    """Import a module, which runs it, and get the object that is named in it."""
    name, _, attributes = target.removesuffix("()").partition(":")  # as for flask --app
    name = name.removesuffix(".py").replace("/", ".")
    module = attempt(partial(importlib.import_module, name), f"Importing {name}")
    value: Any = module
    for attribute in filter(None, attributes.split(".")):
        if not hasattr(value, attribute):
            raise Problem(f"There is no {attributes} in {name}: correct the name after the colon.")
        value = getattr(value, attribute)
    return module, value


def attempt(action: Callable[[], Any], doing: str) -> Any:
    """Run code of the app; what it raises is a Problem, with the app's last line on the way."""
    try:
        return action()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the app's code
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f"{Path(x.filename).name}:{x.lineno} " for x in frames if is_own_file(x.filename)]
        reason = f"{''.join(lines[-1:])}{type(error).__name__}: {' '.join(str(error).split())}"
        if isinstance(error, ModuleNotFoundError) and not lines:  # not an import of the app's
            reason += "; run this in the folder of your app, with the Python of your app"
        raise Problem(f"{doing} in {os.getcwd()} failed: {reason}") from None
