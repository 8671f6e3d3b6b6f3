"""A lesson of one notebook, and what a learner does to the copy of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers.tasks.workbook import Workbook

NAME = "04_a_notebook.ipynb"


def cell(source: str, *tags: str, kind: str = "code") -> dict[str, Any]:
    """A cell as the lesson stores it, with an output."""
    made: dict[str, Any] = {"cell_type": kind, "id": source[:8] or "empty", "source": source}
    made["metadata"] = {"tags": list(tags)} if tags else {}
    if kind == "code":
        output = {"output_type": "stream", "name": "stdout", "text": "an answer\n"}
        made |= {"outputs": [output], "execution_count": 3}
    return made


def lesson(project: Path, *cells: dict[str, Any], name: str = NAME) -> None:
    """Write a notebook of the lesson."""
    (project / "notebooks").mkdir(exist_ok=True)
    notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project / "notebooks" / name).write_text(json.dumps(notebook), encoding="utf-8")


def cells(project: Path, name: str = NAME) -> list[dict[str, Any]]:
    """The cells of a learner's copy."""
    text = (project / "workbook" / name).read_text(encoding="utf-8")
    return list(json.loads(text)["cells"])


def sources(project: Path, name: str = NAME) -> list[str]:
    """What stands in the cells of a learner's copy."""
    return [each["source"] for each in cells(project, name)]


def work(project: Path, *, typed: str = "", ran: bool = False, extra: str | None = None) -> None:
    """What a learner does in JupyterLab: type into the first cell, run it, add a cell; save."""
    path = project / "workbook" / NAME
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = notebook["cells"][0]
    if typed:
        first["source"] = typed
    if ran:
        first |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": "mine\n"}]}
        first["execution_count"] = 1
        first["metadata"]["trusted"] = True
        notebook["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    if extra is not None:
        notebook["cells"].append(cell(extra))
    path.write_text(json.dumps(notebook, indent=2), encoding="utf-8")


def update(project: Path) -> list[str]:
    """What ``make lesson`` does to the workbook, and what it says."""
    return list(Workbook(project).update())
