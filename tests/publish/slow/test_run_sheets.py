"""An instructor who is late skips what the run sheet says, and the rest runs as before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_rules import tags
from run_sheets import NOTEBOOKS, skipped, without

from helpers.publish.execute import run, sanitized


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
    """Nothing below the sections that it names hangs on them."""
    shutil.copytree(path.parent, tmp_path / "notebooks")
    shorter = without(nbformat.read(path, as_version=4), skipped(path))

    assert list(other_outputs(shorter, tmp_path / "notebooks")) == []


def test_a_section_that_is_needed_is_found(tmp_path: Path) -> None:
    """The cell that needs it fails, or shows something else."""
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
