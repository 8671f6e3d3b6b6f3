"""A cell that failed defines nothing, and what an earlier run defined is not judged."""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_code_cell, new_notebook

from helpers.publish.execute import run

START = """
from helpers.learn import Verdict, check, compare

def judge(answer):
    return Verdict("right", answer())
"""


def told(tmp_path: Any, *cells: str) -> str:
    """What the last of these cells shows, in a kernel of its own."""
    tags = {"tags": ["raises-exception"]}
    all_cells = [new_code_cell(START), *(new_code_cell(each, metadata=tags) for each in cells)]
    output = run(new_notebook(cells=all_cells), tmp_path).cells[-1].outputs[0]
    return str(output.data["text/plain"])


CHECK = 'check("01b", judge, lambda: make_app)'
GOOD = "def make_app():\n    return 'a lamp.'"


def test_a_syntax_error_is_told_and_mended(tmp_path: Any) -> None:
    """The function of the earlier run is there, and is not judged; then the cell is mended."""
    assert told(tmp_path, GOOD, "def make_app(:\n    return 1", CHECK) == (
        "Not yet. The cell that makes `make_app` ended with SyntaxError: mend it and run it,"
        " then run this cell again."
    )
    assert told(tmp_path, GOOD, "def make_app(:", GOOD, CHECK) == "Right. a lamp."


def test_a_cell_that_stops_in_the_middle_is_told(tmp_path: Any) -> None:
    """Its last line has not run."""
    cell = "def make_app():\n    return 'half.'\n\nengine = 1 / 0"

    assert "ended with ZeroDivisionError" in told(tmp_path, GOOD, cell, CHECK)


def test_other_cells_that_fail_do_not_matter(tmp_path: Any) -> None:
    """A use is no definition."""
    assert told(tmp_path, GOOD, "make_app() + 1", "x == make_app(:", CHECK) == "Right. a lamp."


def test_a_prediction_that_failed_is_told(tmp_path: Any) -> None:
    """Also one with a type, or of a class."""
    cell = 'compare("01a", lambda: (guess, 1))'

    assert "makes `guess` ended with SyntaxError" in told(tmp_path, "guess: dict = {3: (}", cell)
