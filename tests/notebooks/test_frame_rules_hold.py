"""The rules of the frame: a good notebook keeps them all, and each finds what breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import frame_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NAME = "02_small.ipynb"
TOP = "# A small notebook\n\n**2 minutes.** You need nothing.\n\n1. What is one?\n2. What is two?"
SOLUTION = "<details>\n<summary>Solution</summary>\n\n```python\nanswer = 1\n```\n\n</details>"
BOTTOM = "## Key points\n\n1. **What is one?** One.\n2. **What is two?** Two."
COMPARE = (
    "# Compare your prediction\nfrom helpers import compare\n\n"
    'compare("02a", lambda: (guess, looks), rows=(3,))'
)
CHECK = (
    "# Check your repair\nfrom helpers import check\nfrom helpers.repair import judge\n\n"
    'check("02b", judge, lambda: answer)'
)


def code(source: str, text: str = "", html: str = "", **metadata: Any) -> Any:
    """A code cell with one output."""
    data = {"text/plain": text} | ({"text/html": html} if html else {})
    outputs = [new_output("execute_result", data, execution_count=1)] if text else []
    return new_code_cell(source, outputs=outputs, metadata=metadata)


CELLS = {
    "top": new_markdown_cell(TOP),
    "predict": new_markdown_cell("## Predict: the rows"),
    "prediction": code('guess = {\n    3: ("", ""),\n}', tags=["prediction"]),
    "run": new_markdown_cell("## Run"),
    "table": code("table(looks)", "Looks.", "<table></table>"),
    "compare": code(COMPARE, "No prediction yet. Fill it in.", tags=["compare"]),
    "turn": new_markdown_cell("## Your turn"),
    "exercise": code("answer = 0", tags=["exercise"], minutes=1),
    "check": code(CHECK, "Not yet. Try again.", tags=["check"]),
    "solution": new_markdown_cell(SOLUTION, metadata={"tags": ["solution"]}),
    "clean": new_markdown_cell("## Clean up"),
    "clean up": code("clean_up()"),
    "bottom": new_markdown_cell(BOTTOM),
}


def notebook(name: str = "", change: Callable[[Any], object] = lambda cell: None) -> Any:
    """The good notebook, with one cell changed."""
    cells = copy.deepcopy(CELLS)
    if name:
        change(cells[name])
    return new_notebook(cells=list(cells.values()))


def puts(old: str, new: str) -> Callable[[Any], None]:
    """A change in the source of a cell."""

    def change(cell: Any) -> None:
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def says(text: str) -> Callable[[Any], None]:
    """A change of what a cell shows."""
    return lambda cell: cell.outputs[0].data.update({"text/plain": text})


def tagged(*tags: str) -> Callable[[Any], None]:
    """A change of the tags."""
    return lambda cell: cell.metadata.update(tags=list(tags))


def without_minutes(cell: Any) -> None:
    """A change of the metadata."""
    del cell.metadata["minutes"]


@pytest.mark.parametrize("rule", rules.FRAME_RULES, ids=lambda rule: rule.__name__)
def test_a_good_notebook_keeps_the_rule(rule: rules.FrameRule) -> None:
    """No rule finds fault with the notebook that the other test breaks."""
    assert list(rule(NAME, notebook())) == []


@pytest.mark.parametrize(
    ("rule", "name", "change", "found"),
    [
        (rules.the_first_cell_says_what_is_asked, "top", puts("minutes", "hours"), "N minutes"),
        (rules.the_first_cell_says_what_is_asked, "top", puts("two?", "two."), "asks"),
        (rules.the_first_cell_says_what_is_asked, "bottom", puts("2. ", ""), "1 key points"),
        (rules.the_sections_are_in_order, "clean", puts("Clean up", "Tidy"), "the last sections"),
        (rules.the_sections_are_in_order, "predict", puts("Predict", "Guess"), "begins with Pred"),
        (
            rules.each_prediction_is_blank_and_compared,
            "predict",
            puts("Predict", "Guess"),
            "under the heading 'Guess",
        ),
        (
            rules.each_prediction_is_blank_and_compared,
            "prediction",
            puts('""', '"D1"'),
            "is filled in",
        ),
        (rules.each_prediction_is_blank_and_compared, "prediction", tagged(), "ask and answer"),
        (rules.each_prediction_is_blank_and_compared, "compare", says("b."), "answers the blank"),
        (rules.each_row_is_asked_for, "compare", puts(", rows=(3,)", ""), "the rows (3,)"),
        (rules.each_row_is_asked_for, "compare", puts("(3,)", "(3, 4)"), "the rows (3,)"),
        (rules.each_exercise_can_be_solved, "exercise", without_minutes, "how many minutes"),
        (rules.each_exercise_can_be_solved, "check", says("Right."), "with Not yet"),
        (rules.each_exercise_can_be_solved, "solution", tagged(), "'solution': 0"),
        (rules.each_exercise_can_be_solved, "solution", puts("```python", "```"), "not a folded"),
        (rules.folded_cells_begin_with_their_comment, "check", puts("# C", "# c"), "begin with"),
        (rules.folded_cells_begin_with_their_comment, "compare", puts("# ", "#"), "begin with"),
        (rules.folded_cells_can_be_run_first, "compare", puts("from", "# from"), "imports no comp"),
        (rules.folded_cells_can_be_run_first, "check", puts("from", "# from"), "imports no check"),
        (rules.keys_are_numbered, "check", puts("02b", "02c"), "['02a', '02c'] instead of"),
        (rules.keys_are_numbered, "compare", puts("02a", "01a"), "['01a', '02b'] instead of"),
        (rules.cells_are_short, "table", puts("looks", "looks" + "\n" * 20 + "#"), "21 lines"),
        (rules.no_output_is_a_bare_truth, "table", says("True"), "a truth"),
        (rules.no_output_is_a_bare_truth, "table", says("It waited: True"), "a truth"),
        (rules.the_minutes_are_those_of_the_reckoning, "top", puts("2 min", "4 min"), "says 4"),
    ],
)
def test_a_rule_finds_what_breaks_it(
    rule: rules.FrameRule, name: str, change: Callable[[Any], object], found: str
) -> None:
    """One thing is wrong with the good notebook, and that is said."""
    assert found in " ".join(rule(NAME, notebook(name, change)))


def test_long_cells_in_the_middle_are_found() -> None:
    """The median counts every code cell."""
    long = notebook()
    for cell in long.cells:
        if cell.cell_type == "code":
            cell.source += "\n#" * 12

    assert any("the median cell has" in said for said in rules.cells_are_short(NAME, long))


def test_a_function_of_a_section_that_an_exercise_changes_is_found() -> None:
    """The section would fail when it runs again."""
    whole = notebook()
    table, exercise = (
        cell for cell in whole.cells if cell.source in ("table(looks)", "answer = 0")
    )
    rule = rules.exercises_leave_the_sections_their_functions
    table.source = "def look(engine):\n    return engine"
    exercise.source = "def look(engine):\n    pass"

    assert list(rule(NAME, whole)) == []
    exercise.source = "def look():\n    pass"
    assert "makes look() over a section's look" in " ".join(rule(NAME, whole))


def test_the_reckoning() -> None:
    """Words at 180 a minute, 4 s a line of code, 45 s a table, and the exercise."""
    words = new_markdown_cell("word " * 90)
    solution = new_markdown_cell("word " * 900, metadata={"tags": ["solution"]})
    lines = code("a\nb\nc", "x", "<table></table>")
    exercise = code("d", minutes=2)

    assert rules.minutes(new_notebook(cells=[words, solution, lines, exercise])) == pytest.approx(
        0.5 + (3 * 4 + 45) / 60 + 4 / 60 + 2
    )
