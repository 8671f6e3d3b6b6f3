"""Somebody bitten: a row of README's tables, tried as a reader would."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask
import nbformat
import pytest
import sqlalchemy as sa
from nbclient import NotebookClient

from helpers.publish import symptoms

ROOT = Path(__file__).parents[2]
MODULES = {
    "Path": Path,
    "create_engine": sa.create_engine,
    "flask": flask,
    "func": sa.func,
    "inspect": sa.inspect,
    "os": os,
    "select": sa.select,
    "socket": socket,
    "sqlite3": sqlite3,
    "sys": sys,
    "threading": threading,
    "traceback": traceback,
    "update": sa.update,
}


@dataclass
class Row:
    """A cause as README has it, to be tried."""

    symptom: symptoms.Symptom
    cause: symptoms.Cause
    looked: bool = False

    @contextmanager
    def fails(self) -> Iterator[None]:
        """The code within has the message, word for word."""
        with pytest.raises(Exception) as caught:
            yield
        assert self.symptom.message in f"{caught.type.__name__}: {caught.value}"

    def tells(self, **names: Any) -> Any:
        """What the line that tells shows.

        :param names: what the reader's own code calls by a name.
        """
        self.looked = True
        return eval(self.cause.look, MODULES | names)

    def cured_by(self, *code: str) -> None:
        """The cure says this code, word for word."""
        for each in code:
            assert each in self.cause.cure


def row_of(cause: str) -> Row:
    """The row of a cause.

    :param cause: its id.
    """
    [row] = [Row(*each) for each in symptoms.each() if each[1].id == cause]
    return row


def first_look(of: str) -> str:
    """What README says to print first.

    :param of: "SQLAlchemy", "sqlite3", "Django" or "peewee".
    """
    lines = symptoms.read()[0].intro.splitlines()
    [line] = [line for line in lines if re.match(rf"- (\S+ )?`?{of}`?: ", line)]
    return line.partition(": ")[2].strip("`")


def in_thread(action: Callable[[], Any]) -> Any:
    """What an action returns or raises in another thread."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(action())
        except Exception as error:  # noqa: BLE001
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(results[0], Exception):
        raise results[0]
    return results[0]


def run_program(program: str, folder: Path, *arguments: str) -> str:
    """What a program prints, in a process of its own, and what it ends with.

    :param folder: its working directory.
    """
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip() or done.stderr


# Nothing of the run around it: no plugin, and no option such as another -q.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}


def run_tests(folder: Path, tests: str, *options: str) -> str:
    """What pytest says of some tests, in a process of its own, with no plugin but those named.

    :param folder: where it puts the file with the tests.
    :param options: for pytest, such as ``-n 2``.
    """
    (folder / "test_shop.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_shop.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), **ALONE},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def run_cells(*cells: str) -> str:
    """What the last of some cells shows in a notebook: its output and its error."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    shown = [output.get("text", "") for output in notebook.cells[-1].outputs]
    for output in notebook.cells[-1].outputs:
        if output.output_type == "error":
            shown.append(f"{output.ename}: {output.evalue}")
    return "".join(shown)
