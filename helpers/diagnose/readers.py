"""What is the reader's own code, and what it says: it is read, and not run."""

from __future__ import annotations

import ast
import dis
import inspect
import os
import re
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

STDLIB = sysconfig.get_path("stdlib")
HERE = str(Path(__file__).parent)
INSTALLED = re.compile(r"[\\/](site|dist)-packages[\\/]")


def is_own(module: str, root: object) -> bool:
    """Whether a module is the reader's: neither Python's nor installed, or the app's own."""
    home = getattr(root, "__name__" if type(root) is ModuleType else "import_name", "__main__")
    top = module.split(".")[0]
    file = getattr(sys.modules.get(module), "__file__", None) or STDLIB
    return top in ("__main__", str(home).split(".")[0]) or is_own_file(file)


@lru_cache(None)
def is_own_file(file: str) -> bool:
    """Whether a file holds code of the reader's, wherever packages are installed."""
    if file.startswith((STDLIB, "<", HERE)) or INSTALLED.search(file):
        return False
    folder, name = os.path.split(file)
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
    name = name.partition(".")[0].replace("_", "[-_.]")  # as in Flask_SQLAlchemy-3.1.dist-info
    pattern = f"(?i){name}-[^-]+\\.(dist|egg)-info"
    return not any(re.fullmatch(pattern, each) for each in names_in(folder))


@lru_cache(None)
def names_in(folder: str) -> list[str]:
    """The names in a folder, if there is one."""
    return os.listdir(folder) if os.path.isdir(folder) else []


def all_codes(function: FunctionType) -> list[CodeType]:
    """The code of a function and of the functions in it."""
    codes = [function.__code__]
    for code in codes:  # grows while it is read
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return codes


def used_globals(function: FunctionType, root: object) -> Iterator[tuple[Any, str]]:
    """The global variables that a function of the reader's uses, also in other modules."""
    codes = all_codes(function)
    steps = [step for code in codes for step in dis.get_instructions(code)]
    used = {step.argval for step in steps if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    names = {name for code in codes for name in code.co_names}
    modules = [(function.__globals__, used)]
    for variables, wanted in modules:  # grows while it is read
        module = variables.get("__name__", "")
        for name in sorted(wanted & variables.keys()) if is_own(module, root) else ():
            value = variables[name]
            if type(value) is not ModuleType:
                yield value, f"{module}.{name}"
            elif all(vars(value) is not seen for seen, _ in modules):
                modules.append((vars(value), names))


def line_of(function: object) -> str:
    """The place of a function, as a reader finds it: `` (shop.py:8)``; empty if it has no code."""
    code = getattr(function, "__code__", None)
    return f" ({os.path.basename(code.co_filename)}:{code.co_firstlineno})" if code else ""


def tree_of(function: FunctionType) -> ast.AST | None:
    """The code of a function, where there is its source."""
    with suppress(Exception):  # ``inspect`` asks each module, and some are none
        return ast.parse(textwrap.dedent(inspect.getsource(function.__code__)))
    return None


def own_trees(*words: str) -> Iterator[tuple[ast.AST, dict[str, Any]]]:
    """The code of each module of the reader's that has one of these words, with its variables."""
    for module in list(sys.modules.values()):
        file = vars(module).get("__file__") if issubclass(type(module), ModuleType) else None
        if file and is_own_file(file):
            with suppress(Exception):  # no source, or none of Python's
                text = inspect.getsource(module)
                if any(word in text for word in words):
                    yield ast.parse(text), vars(module)


def called(node: object) -> str:
    """The last part of the name that a call has in the code; empty for what is no call."""
    function = getattr(node, "func", None)
    return str(getattr(function, "attr", getattr(function, "id", "")))
