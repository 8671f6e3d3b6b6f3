"""An instructor who is late skips what the run sheet says, and the rest runs as before."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from copy import deepcopy
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_rules import tags

from helpers.publish.execute import run, sanitized

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def skipped(path: Path) -> list[str]:
    """The sections that the run sheet of a notebook lets go when it is late."""
    sheet = path.parent / "instructor" / f"{path.name[:2]}.md"
    [late] = re.findall(r"^\*\*Late\?\*\* (.+)$", sheet.read_text(encoding="utf-8"), re.MULTILINE)
    return re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", late)


def without(notebook: Any, headings: list[str]) -> Any:
    """A copy without some sections, each up to the next heading that is not below its own.

    :raises LookupError: when there is no such section.
    """
    left, level, found = list[Any](), 0, set[str]()
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.match(r"(#+) (.+)", cell.source)):
            if level and len(heading[1]) <= level:
                level = 0
            if heading[2] in headings:
                level = len(heading[1])
                found.add(heading[2])
        if not level:
            left.append(cell)
    if missing := set(headings) - found:
        raise LookupError(f"there is no section {', '.join(sorted(missing))}")
    shorter = deepcopy(notebook)
    shorter.cells = deepcopy(left)
    return shorter


def other_outputs(stored: Any, folder: Path) -> Iterator[str]:
    """The cells that show something else when the notebook is run as it is."""
    done = run(stored, folder)
    shown = {cell.id: cell for cell in done.cells}
    for was in stored.cells:
        if was.cell_type == "code" and "compare" not in tags(was):
            is_now = shown[was.id]
            pairs = zip_longest(sanitized(was.outputs), sanitized(is_now.outputs))
            if any(one != other for one, other in pairs):
                yield f"{was.source}\nshows {is_now.outputs}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_who_is_late_can_skip_what_the_sheet_says(path: Path, tmp_path: Path) -> None:
    """Each section that it names is there, and nothing below hangs on it."""
    shutil.copytree(path.parent, tmp_path / "notebooks")
    shorter = without(nbformat.read(path, as_version=4), skipped(path))

    assert skipped(path)
    assert list(other_outputs(shorter, tmp_path / "notebooks")) == []


def test_a_section_that_is_needed_is_found(tmp_path: Path) -> None:
    """The cell that needs it fails, or shows something else; a wrong name is told."""
    cells = [
        new_markdown_cell("## Needed"),
        new_code_cell("number = 6"),
        new_markdown_cell("### And below"),
        new_code_cell("number = 7"),
        new_markdown_cell("## Next"),
        new_code_cell("globals().get('number')"),
    ]
    stored = run(new_notebook(cells=cells), tmp_path)

    assert [*other_outputs(without(stored, []), tmp_path)] == []
    for heading in ("Needed", "And below"):
        [found] = other_outputs(without(stored, [heading]), tmp_path)
        assert found.startswith("globals()")
    with pytest.raises(LookupError, match="there is no section Nothing"):
        without(stored, ["Nothing"])
