"""A notebook as a learner works through it: with every solution, every guess, and looks twice."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from nbformat.v4 import new_code_cell
from notebook_rules import fenced_python, stored_text, tagged, tags

# Stands in for compare: a learner who tries every choice, or fills in wrong and right rows.
TRIES = """
def _try_all(key, ask, choices=None, rows=()):
    import json
    from helpers.learn import compare
    guess, looks = ask()
    if choices:
        guesses = {letter: letter for letter in choices}
    else:
        right = {
            n: (looks[n - 1]["database"], "fails" if looks[n - 1]["failed"] else "works")
            for n in guess
        }
        guesses = {"right": right, "wrong": {n: ("D99", "works") for n in guess}}
    told = {g: compare(key, lambda: (guesses[g], looks), choices, rows).lines for g in guesses}
    print(json.dumps(told))
"""


# What every table of looks shows, and every picture of them.
LOOKS = re.compile(r"thread\s+connection\s+database\s|through C\d+ in database D\d+")


def looked_twice(notebook: Any) -> Any:
    """A copy in which each cell that shows looks is there twice, as when it is run again."""
    twice = deepcopy(notebook)
    twice.cells = [
        deepcopy(cell)
        for cell in notebook.cells
        for _ in range(1 + (cell.cell_type == "code" and bool(LOOKS.search(stored_text(cell)))))
    ]
    return twice


def worked_through(notebook: Any) -> Any:
    """A copy in which each solution is tried, and each prediction in every way.

    The cell of an exercise and that of its check are there once for each solution, and each cell
    that shows looks is there twice.
    """
    done = looked_twice(notebook)
    for _, cell in tagged(done, "compare"):
        cell.source = cell.source.replace("compare(", "_try_all(")
    solutions = iter([fenced_python(cell) for _, cell in tagged(done, "solution")])
    cells, exercise = [new_code_cell(TRIES)], None
    for cell in done.cells:
        if "exercise" in tags(cell):
            exercise = cell
        elif "check" in tags(cell):
            for solution in next(solutions):
                cells += [new_code_cell(solution), deepcopy(cell)]
        else:
            cells.append(cell)
    assert exercise, "There is no exercise."
    done.cells = cells
    return done
