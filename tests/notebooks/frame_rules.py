"""The rules of the frame: what a notebook asks of its learner, and how long that takes.

Each takes a notebook and its name and yields what is wrong with it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median
from typing import Any

from notebook_rules import (
    all_cells,
    code_cells,
    fenced_python,
    html_outputs,
    stored_text,
    tagged,
    tags,
)

from helpers.publish.frame import Problem, read_frame

FrameRule = Callable[[str, Any], Iterator[str]]

LINES, MEDIAN = 20, 10
FOLDED = {"compare": "# Compare your prediction", "check": "# Check your repair"}
LAST = ["Your turn", "Clean up", "Key points"]
WORDS_A_MINUTE, SECONDS_A_LINE, SECONDS_A_TABLE = 180, 4, 45


def the_first_cell_says_what_is_asked(name: str, notebook: Any) -> Iterator[str]:
    """A title that asks or names a scene, the minutes, and two or three questions."""
    try:
        questions = read_frame(name, notebook).questions
    except Problem as problem:
        yield str(problem)
        return
    if not 2 <= len(questions) <= 3 or not all(line.endswith("?") for line in questions):
        yield f"the first cell asks {questions} instead of two or three numbered questions"
    answered = re.findall(r"^\d+\. (.+)$", notebook.cells[-1].source, re.MULTILINE)
    if len(answered) != len(questions):
        yield f"the last cell has {len(answered)} key points for {len(questions)} questions"


def the_sections_are_in_order(name: str, notebook: Any) -> Iterator[str]:
    """At least one prediction, and at the end the repair, the cleaning up and the answers."""
    titles = [each.heading for each in read_frame(name, notebook).sections][1:]
    if titles[-3:] != LAST:
        yield f"the last sections are {titles[-3:]} instead of {LAST}"
    if not any(title.startswith("Predict") for title in titles):
        yield f"none of the sections {titles} begins with Predict"


def each_prediction_is_blank_and_compared(name: str, notebook: Any) -> Iterator[str]:
    """It stands under a heading that begins with Predict, and a folded cell answers it."""
    for section in read_frame(name, notebook).sections:
        for cell in section.cells:
            if "prediction" in tags(cell):
                if not section.heading.startswith("Predict"):
                    yield f"a prediction stands under the heading {section.heading!r}"
                if not _is_blank(cell.source):
                    yield f"the prediction {cell.source!r} is filled in"
    order = [kind for _, cell in all_cells(notebook) for kind in tags(cell) & {*FOLDED, *ASKED}]
    if order != list(_pairs(order)):
        yield f"the cells that ask and answer are {order}"
    for title, cell in tagged(notebook, "compare"):
        if not said(cell).startswith("No prediction yet."):
            yield f"{title} answers the blank form with {said(cell)!r}"


def each_row_is_asked_for(name: str, notebook: Any) -> Iterator[str]:
    """A comparison names the rows of its form, so that one that was taken out is missed."""
    forms: dict[str, tuple[Any, ...]] = {}
    for title, cell in code_cells(notebook):
        if "prediction" in tags(cell):
            forms |= _forms(cell.source)
        form = re.search(r"^compare\(.*lambda: \((\w+),", cell.source, re.MULTILINE)
        rows = form and forms.get(form[1])
        if rows and f"rows={rows}" not in cell.source:
            yield f"{title} does not name the rows {rows}"


def _forms(source: str) -> dict[str, tuple[Any, ...]]:
    """The numbers of the rows by the name of their form; none where a letter is asked for."""
    found: dict[str, tuple[Any, ...]] = {}
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=form)], value=value):
                keys = value.keys if isinstance(value, ast.Dict) else []
                found[form] = tuple(key.value for key in keys if isinstance(key, ast.Constant))
    return found


ASKED = {"prediction", "exercise", "solution"}


def _pairs(order: list[str]) -> Iterator[str]:
    """What follows what: a comparison its prediction, a check and a solution their exercise."""
    for number, kind in enumerate(order):
        before = order[:number]
        open_predictions = before.count("prediction") - before.count("compare")
        last = next((each for each in reversed(before) if each not in FOLDED), "")
        fits = {
            "prediction": True,
            "exercise": True,
            "compare": open_predictions > 0,
            "check": last == "exercise",
            "solution": before[-1:] == ["check"],
        }
        if fits[kind]:
            yield kind


def each_exercise_can_be_solved(name: str, notebook: Any) -> Iterator[str]:
    """It says how many minutes it takes, is not right as it stands, and has a solution."""
    kinds = {kind: list(tagged(notebook, kind)) for kind in ("exercise", "check", "solution")}
    if not len(kinds["exercise"]) == len(kinds["check"]) == len(kinds["solution"]) >= 1:
        found = {kind: len(cells) for kind, cells in kinds.items()}
        yield f"there are {found}: each exercise has a check and a solution"
    for title, cell in kinds["exercise"]:
        if not isinstance(cell.metadata.get("minutes"), int):
            yield f"{title} does not say how many minutes it takes"
    for title, cell in kinds["check"]:
        if not said(cell).startswith("Not yet. "):
            yield f"{title} does not answer the exercise as it stands with Not yet"
    for title, cell in kinds["solution"]:
        if not cell.source.startswith("<details>\n<summary>") or not fenced_python(cell):
            yield f"{title} is not a folded block of Python"


def exercises_leave_the_sections_their_functions(name: str, notebook: Any) -> Iterator[str]:
    """A section runs again after *Your turn*: no exercise gives its function other arguments."""
    made: dict[str, str] = {}
    for title, cell in code_cells(notebook):
        for function, arguments in _functions(cell.source):
            if "exercise" not in tags(cell):
                made[function] = arguments
            elif made.get(function, arguments) != arguments:
                yield f"{title} makes {function}({arguments}) over a section's {function}"


def folded_cells_begin_with_their_comment(name: str, notebook: Any) -> Iterator[str]:
    """JupyterLab shows the first line of a folded cell."""
    for kind, comment in FOLDED.items():
        for title, cell in tagged(notebook, kind):
            if not cell.source.startswith(comment + "\n"):
                yield f"{title} does not begin with {comment}"


def folded_cells_can_be_run_first(name: str, notebook: Any) -> Iterator[str]:
    """After a restart of the kernel, what is missing is told in few lines: helpers are there."""
    for kind in FOLDED:
        for title, cell in tagged(notebook, kind):
            if not re.search(rf"^from helpers import .*\b{kind}\b", cell.source, re.MULTILINE):
                yield f"{title} imports no {kind} of helpers"


def keys_are_numbered(name: str, notebook: Any) -> Iterator[str]:
    """The number of the notebook and a letter, in the order of the cells."""
    found = [key for _, cell in code_cells(notebook) for key in KEY.findall(cell.source)]
    expected = [f"{name[:2]}{chr(ord('a') + number)}" for number in range(len(found))]
    if found != expected:
        yield f"the keys are {found} instead of {expected}"


KEY = re.compile(r'^(?:compare|check)\(\s*"(\w+)"', re.MULTILINE)


def cells_are_short(name: str, notebook: Any) -> Iterator[str]:
    """What has to be read in one go fits on a slide."""
    lengths = {title: len(cell.source.splitlines()) for title, cell in code_cells(notebook)}
    for title, lines in lengths.items():
        if lines > LINES:
            yield f"{title} has {lines} lines"
    if lengths and median(lengths.values()) >= MEDIAN:
        yield f"the median cell has {median(lengths.values()):g} lines"


def no_output_is_a_bare_truth(name: str, notebook: Any) -> Iterator[str]:
    """A fact is told in words."""
    for title, cell in code_cells(notebook):
        if re.search(r"(^|: )(True|False)$", stored_text(cell).strip(), re.MULTILINE):
            yield f"{title} shows a truth that only a test loves"


def the_minutes_are_those_of_the_reckoning(name: str, notebook: Any) -> Iterator[str]:
    """Within a quarter."""
    stated, reckoned = read_frame(name, notebook).minutes, minutes(notebook)
    if abs(stated - reckoned) > reckoned / 4:
        yield f"it says {stated} minutes, and the reckoning is {reckoned:.0f}"


def minutes(notebook: Any) -> float:
    """How long a notebook takes: to read, to look at tables, and to do the exercises."""
    seconds = 0.0
    for _, cell in all_cells(notebook):
        if tags(cell) & {*FOLDED, "solution", "answer", "instructor"}:
            continue
        if cell.cell_type == "markdown":
            seconds += 60 * len(re.findall(r"\w[\w'’./-]*", cell.source)) / WORDS_A_MINUTE
        else:
            seconds += SECONDS_A_LINE * len(cell.source.splitlines())
            seconds += SECONDS_A_TABLE * sum("<table" in html for html in html_outputs(cell))
            seconds += 60 * cell.metadata.get("minutes", 0)
    return seconds / 60


def said(cell: Any) -> str:
    """What a cell that answers says, as text."""
    return "\n".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def _functions(source: str) -> Iterator[tuple[str, str]]:
    """The functions that a cell makes, with their arguments; none of a cell that is no Python."""
    with suppress(SyntaxError):
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                yield node.name, ast.unparse(node.args)


def _is_blank(source: str) -> bool:
    """Whether every text in the values of a form is empty."""
    values = [node.value for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    nodes = [node for value in values for node in ast.walk(value)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return any(text == "" for text in texts) and not any(
        text for text in texts if isinstance(text, str)
    )


FRAME_RULES: list[FrameRule] = [
    the_first_cell_says_what_is_asked,
    the_sections_are_in_order,
    each_prediction_is_blank_and_compared,
    each_row_is_asked_for,
    each_exercise_can_be_solved,
    exercises_leave_the_sections_their_functions,
    folded_cells_begin_with_their_comment,
    folded_cells_can_be_run_first,
    keys_are_numbered,
    cells_are_short,
    no_output_is_a_bare_truth,
    the_minutes_are_those_of_the_reckoning,
]
