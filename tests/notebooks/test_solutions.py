"""The exercise of each notebook can be solved, and no prediction stops a notebook."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_rules import code_cells, fenced_python, stored_text, tagged

from helpers.publish.execute import run, sanitized

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def solve(notebook: Any) -> Any:
    """Put the code of each solution in place of its exercise.

    :param notebook: is changed, and returned.
    """
    exercises = [cell for _, cell in tagged(notebook, "exercise")]
    solutions = [cell for _, cell in tagged(notebook, "solution")]
    for exercise, solution in zip(exercises, solutions, strict=True):
        [exercise.source] = fenced_python(solution)
    return notebook


def predict(notebook: Any, prediction: object) -> Any:
    """Make a prediction.

    :param notebook: is changed, and returned.
    """
    for _, cell in tagged(notebook, "prediction"):
        cell.source = f"prediction = {prediction!r}"
    return notebook


def answers(notebook: Any) -> list[str]:
    """What each check says."""
    return [stored_text(cell) for _, cell in tagged(notebook, "check")]


def told(notebook: Any) -> str:
    """What the cells that compare the prediction say."""
    compared = (cell for _, cell in code_cells(notebook) if "compare(prediction" in cell.source)
    return "".join(stored_text(cell) for cell in compared)


def others(notebook: Any) -> list[list[dict[str, Any]]]:
    """What all other cells show, as nbval compares it."""
    cells = (cell for _, cell in code_cells(notebook) if "compare(prediction" not in cell.source)
    return [sanitized(cell.outputs) for cell in cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_solution_is_right_and_nonsense_as_a_prediction_is_answered(path: Path) -> None:
    """The exercise as stored is not right yet; with its solution the check says Right."""
    notebook = nbformat.read(path, as_version=4)
    assert all(answer.startswith("Not yet:") for answer in answers(notebook))

    done = run(predict(solve(notebook), 7), path.parent)

    assert set(answers(done)) == {"Right.\n"}
    assert "Your prediction is 7: put one letter in quotes" in told(done)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_prediction_changes_nothing_but_its_own_answer(path: Path) -> None:
    """A reader who predicts and does not solve the exercise gets through as well."""
    stored = nbformat.read(path, as_version=4)

    done = run(predict(deepcopy(stored), "c"), path.parent)

    assert "You predicted c; " in told(done)
    assert others(done) == others(stored)


# That these tests can fail


def small(solution: str, compare: str = "print(compare(prediction, 'b'))") -> Any:
    """A notebook of one prediction and one exercise."""
    cells = [
        new_code_cell("from helpers.learn import check, compare"),
        new_code_cell('prediction = ""', metadata={"tags": ["prediction"]}),
        new_code_cell(compare),
        new_code_cell("answer = None", metadata={"tags": ["exercise"]}),
        new_code_cell(
            "print(check((lambda: answer == 'B', 'look again.')))", metadata={"tags": ["check"]}
        ),
        new_markdown_cell(f"```python\n{solution}\n```\n", metadata={"tags": ["solution"]}),
    ]
    return new_notebook(cells=cells)


def test_a_wrong_solution_is_found(tmp_path: Path) -> None:
    """The code of the solution is what runs in place of the exercise."""
    assert answers(run(solve(small("answer = 'B'")), tmp_path)) == ["Right.\n"]
    assert answers(run(solve(small("answer = 'A'")), tmp_path)) == ["Not yet: look again.\n"]


def test_a_cell_that_needs_the_right_prediction_is_found(tmp_path: Path) -> None:
    """The run stops there."""
    notebook = predict(small("answer = 'B'", "assert prediction in ('', 'b')"), "c")

    with pytest.raises(CellExecutionError, match="AssertionError"):
        run(notebook, tmp_path)
