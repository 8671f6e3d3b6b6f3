"""Each cell alone, after Clean up: it works, or one sentence says what to run again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.publish.execute import code_cells, run

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
LINES = 12  # of an error that is no wall


def cells_of_clean_up(notebook: Any) -> list[Any]:
    """The code of the section Clean up."""
    starts = [n for n, cell in enumerate(notebook.cells) if cell.source.startswith("## Clean up")]
    return code_cells(nbformat.from_dict({"cells": notebook.cells[starts[-1] :]}))


def once_more(notebook: Any) -> Any:
    """A copy with each cell a second time at its end, each followed by Clean up."""
    longer = deepcopy(notebook)
    clean = cells_of_clean_up(notebook)
    for cell in code_cells(notebook)[: -len(clean)]:
        again = deepcopy(cell)
        again.metadata["tags"] = ["raises-exception"]
        longer.cells += [again, *deepcopy(clean)]
    return longer


def complaints(notebook: Any, done: Any) -> Iterator[str]:
    """The new errors that do not say what to run again, or say it at length.

    :param notebook: as it is stored.
    :param done: what came out of ``once_more``.
    """
    clean, cells = len(cells_of_clean_up(notebook)), code_cells(done)
    first = len(code_cells(notebook))
    for number, again in enumerate(cells[first :: 1 + clean]):
        before = {each.get("ename") for each in cells[number].outputs}
        for error in again.outputs:
            if error.output_type != "error" or error.ename in before:
                continue
            lines = "\n".join(error.traceback).splitlines()
            if "again" not in "\n".join(lines[-4:]) or len(lines) > LINES:
                yield f"{again.source.splitlines()[0]!r} says {lines}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_after_clean_up(path: Path, tmp_path: Path) -> None:
    """A learner who goes back to one cell is not left with a path that nobody knows."""
    shutil.copytree(path.parent, tmp_path / "notebooks")
    notebook = nbformat.read(path, as_version=4)

    assert list(complaints(notebook, run(once_more(notebook), tmp_path / "notebooks"))) == []


@pytest.mark.parametrize(
    ("message", "found"), [("Run it again.", 0), ("[Errno 2]", 1)], ids=["told", "bare"]
)
def test_what_is_not_told_is_found(message: str, found: int, tmp_path: Path) -> None:
    """A cell that fails after Clean up only."""
    cells = [
        new_code_cell("there = True"),
        new_code_cell(f"if not there:\n    raise OSError({message!r})"),
        new_markdown_cell("## Clean up"),
        new_code_cell("there = False"),
    ]
    notebook = new_notebook(cells=[new_code_cell("import helpers"), *cells])

    assert len(list(complaints(notebook, run(once_more(notebook), tmp_path)))) == found
