"""Builds the environment of a stack: a virtual environment with exactly its packages."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from helpers.spawn import Process
from helpers.years.interpreters import interpreter
from helpers.years.serve import Hindrance, end_of
from helpers.years.stacks import Stack

PATIENCE = 900.0  # seconds for one command: an old package may have to be compiled
# The last that makes environments for Python 2.7: https://virtualenv.pypa.io/en/latest/changelog.html
VIRTUALENV = "virtualenv<20.22"
STAMP = "made-of.json"
TOOL = threading.Lock()  # several stacks may need it at the same time


def environment(stack: Stack, cache: Path) -> str:
    """The Python of a stack's environment, which is built unless it is there.

    :param stack: what goes into it.
    :param cache: the folder that holds the environments.
    :raises Hindrance: when there is no such Python, or a package cannot be installed.
    """
    base = interpreter(stack.python)
    if base is None:
        raise Hindrance(f"there is no Python {stack.python} on this machine")
    folder = cache / stack.name
    made_of = json.dumps([base, *stack.pins, *stack.build])
    stamp = folder / STAMP
    whole = stamp.is_file() and Path(python_in(folder)).is_file()
    if not whole or stamp.read_text(encoding="utf-8") != made_of:
        shutil.rmtree(folder, ignore_errors=True)
        build(stack, base, folder)
        stamp.write_text(made_of, encoding="utf-8")
    return python_in(folder)


def build(stack: Stack, base: str, folder: Path) -> None:
    """Make a virtual environment and install a stack into it.

    :param stack: what goes into it.
    :param base: the path of its Python.
    :param folder: where it goes.
    :raises Hindrance: when a step fails.
    """
    if stack.python == "2.7" and not str(folder).isascii():
        raise Hindrance(
            "the tools of Python 2.7 fail in a folder with letters beyond ASCII: name another"
            " one with --cache"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    if stack.python == "2.7":  # which has no venv
        tool = virtualenv_in(folder.parent)
        _run([tool, "-m", "virtualenv", "--python", base, str(folder)])
    else:
        _run([base, "-m", "venv", str(folder)])
    if stack.build:
        _install(python_in(folder), stack.build)
    options = ["--no-build-isolation"] if stack.build else []
    _install(python_in(folder), [*options, "--no-deps", *stack.pins])


def virtualenv_in(cache: Path) -> str:
    """A Python that has virtualenv, which is installed unless it is there.

    :param cache: the folder that holds the environments.
    :raises Hindrance: when it cannot be installed.
    """
    tool = cache / "virtualenv"
    with TOOL:
        if not (tool / STAMP).is_file():
            _run([sys.executable, "-m", "venv", "--clear", str(tool)])
            _install(python_in(tool), [VIRTUALENV])
            (tool / STAMP).touch()
    return python_in(tool)


def python_in(folder: Path) -> str:
    """The Python of a virtual environment."""
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _install(python: str, what: Sequence[str]) -> None:
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what])


def _run(command: Sequence[str]) -> None:
    """Run a command to its end; it ends with this process, and Ctrl+C does not reach it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with Process(command, env=env) as process:
        try:
            code = process.wait(PATIENCE)
        except TimeoutError as error:
            raise Hindrance(str(error)) from None
    if code != 0:
        raise Hindrance(f"it cannot be installed: {end_of(process)}")
