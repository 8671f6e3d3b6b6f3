"""What a cell shows of itself while it runs, in a real kernel: in the workbook, and elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from helpers.show import WORKBOOK, one_by_one, waiting

THREE = """
from helpers.show import one_by_one

for item in one_by_one(["a", "b", "c"], "pytest runs"):
    pass
"""
FAILS = """
from helpers.show import waiting

with waiting("A <shop> runs"):
    1 / 0
"""


FAILS_IN_A_LOOP = """
from helpers.show import one_by_one

[1 / 0 for item in one_by_one(["a", "b"], "pytest runs")]
"""


class Watched(NotebookClient):
    """Remembers, in order, what a cell has shown."""

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Note what is displayed, also what replaces it later."""
        if msg["msg_type"] in ("display_data", "update_display_data"):
            data = msg["content"]["data"]
            shown.append((data["text/plain"], data.get("text/html", "")))
        return super().process_message(msg, cell, cell_index)


shown: list[tuple[str, str]] = []


def seen_while(cell: str, folder: Path) -> tuple[list[tuple[str, str]], str]:
    """What a cell shows while it runs, and the text that is left of that in the end."""
    shown.clear()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    where = {"metadata": {"path": str(folder)}}
    Watched(notebook, kernel_name="python3", resources=where, allow_errors=True).execute()
    left = [each["data"] for each in notebook.cells[0].outputs if each.output_type != "error"]
    return list(shown), "".join(text for data in left for text in data.values())


def test_in_the_workbook_each_step_is_shown_and_nothing_is_left(tmp_path: Path) -> None:
    """A bar, with words for those who cannot see it."""
    (tmp_path / WORKBOOK).write_text("{}")
    seen, left = seen_while(THREE, tmp_path)

    assert [text for text, _ in seen if text] == [
        "pytest runs (1 of 3).",
        "pytest runs (2 of 3).",
        "pytest runs (3 of 3).",
    ]
    assert '<progress value="1" max="3"></progress> pytest runs (2 of 3).' in seen[2][1]
    assert left == ""


def test_the_bar_of_a_cell_that_fails_is_gone(tmp_path: Path) -> None:
    """Of a single step nobody knows how long it takes, so the bar only moves."""
    (tmp_path / WORKBOOK).write_text("{}")
    seen, left = seen_while(FAILS, tmp_path)

    assert seen[1] == ("A <shop> runs.", "<progress></progress> A &lt;shop&gt; runs.")
    assert left == ""


def test_the_bar_of_a_loop_that_fails_is_gone(tmp_path: Path) -> None:
    """Although the error that is shown keeps what the loop goes through."""
    (tmp_path / WORKBOOK).write_text("{}")
    seen, left = seen_while(FAILS_IN_A_LOOP, tmp_path)

    assert (seen[1][0], left) == ("pytest runs (1 of 2).", "")


def test_elsewhere_nothing_is_shown(tmp_path: Path) -> None:
    """Neither in the notebooks that are read on the web, nor without a notebook."""
    assert seen_while(THREE, tmp_path) == ([], "")
    assert list(one_by_one("ab", "pytest runs")) == ["a", "b"]
    with waiting("A shop runs", "It ends") as step:
        assert step() is None
