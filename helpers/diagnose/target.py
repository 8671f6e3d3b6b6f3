"""What a reader names: a module, an app or a factory in it, found as ``flask`` does; or a URL."""

from __future__ import annotations

import ast
import importlib
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

from .named import modules_in, near, prepare, split
from .readers import is_own_file
from .words import Problem

FACTORIES = (FunctionType, MethodType, partial, type(lru_cache(len)))
APPS = ("app", "application")
MAKERS = ("create_app", "make_app")


@dataclass
class Target:
    """What a name led to: the value, its path, the module; and what ran on the way."""

    value: Any
    path: str
    module: ModuleType | None = None
    ran: list[str] = field(default_factory=list)
    factory: Any = None  # what made the value

    @property
    def app(self) -> Any:
        """The app of Flask that was named, or the only one in the module."""
        if is_flask(self.value):
            return self.value
        apps = [each for each in vars(self.module or Target).values() if is_flask(each)]
        return apps[0] if len(apps) == 1 else None


def load(text: str, ran: list[str]) -> Target:
    """Import the module that a text names, which runs it, and get what is named in it."""
    path, name = split(text)
    module = prepare(path)
    print(f"diagnose: importing {module} runs it", file=sys.stderr, flush=True)
    ran.append(f"importing {module} ran it")
    target = Target(None, module, ran=ran)
    target.value = attempt(partial(importlib.import_module, module), f"Importing {module}")
    if isinstance(target.value, ModuleType):  # else it has put something else in its place
        target.module = target.value
    if name:
        get_named(target, name)
    elif target.module:
        get_app(target)
    if isinstance(target.value, FACTORIES):
        call(target, [], {})
    return target


def get_app(target: Target) -> None:
    """Take the app or the factory of a module that is named alone, as ``flask`` does."""
    names = vars(target.module)
    flasks = [name for name, value in names.items() if is_flask(value)]
    chosen = [name for name in APPS if name in flasks] or (flasks if len(flasks) == 1 else [])
    if not flasks:
        chosen = [name for name in MAKERS if isinstance(names.get(name), FACTORIES)]
    for name in chosen[:1]:
        target.value, target.path = names[name], f"{target.path}:{name}"


def is_flask(value: object) -> bool:
    """Whether a value is an app of Flask's, or of Quart's."""
    return any(kind.__name__ in ("Flask", "Quart") for kind in type(value).__mro__)


def get_named(target: Target, name: str) -> None:
    """Get a name with dots from a module, or call a factory with the arguments that are written."""
    try:
        expression, dotted = ast.parse(name, mode="eval").body, name
        if isinstance(expression, ast.Call):
            arguments = [ast.literal_eval(each) for each in expression.args]
            keywords = {str(each.arg): ast.literal_eval(each.value) for each in expression.keywords}
            dotted = ast.unparse(expression.func)
        if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", dotted):
            raise ValueError
    except (SyntaxError, ValueError):
        raise Problem.of("no-expression", name=name) from None
    target.path = f"{target.path}:{dotted}"
    for attribute in dotted.split("."):
        target.value = get(target, target.value, attribute)
    if isinstance(expression, ast.Call):
        call(target, arguments, keywords)


def get(target: Target, value: Any, attribute: str) -> Any:
    """An attribute; where it needs an app's context, in that of the module's app."""
    try:
        return getattr(value, attribute)
    except AttributeError:
        names = [each for each in getattr(value, "__dict__", ()) if not each.startswith("_")]
        place = target.path.partition(":")[0]
        raise Problem(f"There is no {attribute} in {place}: {near(attribute, names)}.") from None
    except RuntimeError:
        with context_of(target):
            return attempt(partial(getattr, value, attribute), f"Reading {attribute}")


def context_of(target: Target) -> Any:
    """The context of the app in a module, of its factory's app, or none."""
    app = Target(target.module, target.path.partition(":")[0], target.module)
    get_app(app)
    if isinstance(app.value, FACTORIES):
        call(app, [], {})
        target.ran += app.ran
    return app.value.app_context() if is_flask(app.value) else nullcontext()


def call(target: Target, arguments: list[Any], keywords: dict[str, Any]) -> None:
    """Call a factory, and go on with what it returns."""
    target.factory = partial(target.value, *arguments, **keywords)
    target.ran.append(f"{target.path} was called")
    target.value = attempt(target.factory, f"Calling {target.path}")


def call_again(target: Target) -> None:
    """Call a factory once more, in the same way."""
    target.ran[-1] += " twice"
    target.value = attempt(target.factory, f"Calling {target.path} twice")


def attempt(action: Callable[[], Any], doing: str) -> Any:
    """Run code of the app; what it raises causes a Problem, with the app's last line on the way."""
    try:
        return action()
    except (Exception, SystemExit) as error:
        text = f"{doing} in {os.getcwd()} failed: {reason(error, doing)}"
        raise Problem(text) from error


def left_by(error: BaseException) -> Iterator[tuple[str, Any]]:
    """What the app had in its variables when it failed, with their names."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if is_own_file(frame.f_code.co_filename):
            module = frame.f_globals.get("__name__", "")
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                yield f"{module}.{name}", value


def reason(error: BaseException, doing: str) -> str:
    """An error in one line, with the app's last line on the way and what to do."""
    steps = traceback.extract_tb(error.__traceback__)
    frames = [each for each in steps if is_own_file(each.filename)]
    lines = [f"{Path(each.filename).name}:{each.lineno} " for each in frames]
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    text = f"{''.join(lines[-1:])}{type(error).__name__}: {said}"
    called = doing.startswith("Calling ") and not lines  # else it is an error in the factory
    if isinstance(error, TypeError) and "argument" in text and called:
        return f"{text}; write them as in \"myapp:create_app('testing')\""
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if not missing:
        return text
    if doing.endswith(" " + missing) or doing.split()[-1].startswith(missing + "."):
        return f"{text}; {near(missing.split('.')[0], modules_in(Path.cwd()))}"
    folder = Path(frames[-1].filename if frames else "").parent
    if missing in modules_in(folder):
        return f"{text}; {missing} lies in {folder}: run this there, or name a path in it"
    return f"{text}; install it for this Python ({sys.executable}), or use the app's own"
