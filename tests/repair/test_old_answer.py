"""Answers to the exercise of notebook 16: every right one passes, and no other."""

from __future__ import annotations

import pytest
from bank import answer_of, there_and_back

from helpers.learn import check
from helpers.repair import the_answer_is_tried
from helpers.years import Row

HEAD = "from helpers.years import pick, expected\n"
ROWS = """[
    row for row in rows
    if row["extension"] == "no" and row["mode"] == "cli"
    and row["threaded"] == "default" and row["bootstrap"] == "handler"
]"""
PICK = 'pick(rows, extension="no", mode="cli", threaded="default", bootstrap="handler")'

ANSWERS = {
    "a comprehension": (
        f"""
def holds(rows):
    tried = {ROWS}
    if not tried:
        return None
    return tried[0]["outcome"] == "rows found"
""",
        "right",
    ),
    "pick and its error": (
        f"""
def holds(rows):
    try:
        tried = {PICK}
    except ValueError:
        return None
    return all(row["outcome"] == "rows found" for row in tried)
""",
        "right",
    ),
    "the error of the row": (
        """
def holds(rows):
    for row in rows:
        case = row["extension"], row["mode"], row["threaded"], row["bootstrap"]
        if case == ("no", "cli", "default", "handler"):
            return row["error"] == ""
""",
        "right",
    ),
    "the rule of the lesson, on what was measured": (
        f"""
def holds(rows):
    for row in {ROWS}:
        return row["same_thread"] == "yes" or row["pool"] == "StaticPool"
""",
        "right",
    ),
    "pandas": (
        f"""
import pandas
def holds(rows):
    tried = pandas.DataFrame({ROWS})
    return None if tried.empty else (tried.outcome == "rows found").all()
""",
        "right",
    ),
    "a NumPy boolean that is wrong": (
        """
import numpy
def holds(rows):
    return numpy.bool_(True)
""",
        "not yet",
    ),
    "by the place of the row": (
        """
def holds(rows):
    return None if len(rows) < 48 else rows[37]["outcome"] == "rows found"
""",
        "not yet",
    ),
    "a loop over outcomes": (
        """
def holds(rows):
    for row in rows:
        case = row["extension"], row["mode"], row["threaded"], row["bootstrap"]
        if case == ("no", "cli", "default", "handler"):
            return row["outcome"] == "rows found"
""",
        "right",
    ),
    "false where there is no flask run": (
        f"""
def holds(rows):
    return any(row["outcome"] == "rows found" for row in {ROWS})
""",
        "right, but",
    ),
    "true where there is no flask run": (
        f"""
def holds(rows):
    return all(row["outcome"] == "rows found" for row in {ROWS})
""",
        "not yet",
    ),
    "as it stands": ("def holds(rows):\n    return None\n", "not yet"),
    "always": ("def holds(rows):\n    return True\n", "not yet"),
    "never": ("def holds(rows):\n    return False\n", "not yet"),
    "by the year": (
        """
def holds(rows):
    if int(rows[0]["year"]) < 2016:
        return None
    return int(rows[0]["year"]) < 2018
""",
        "not yet",
    ),
    "by the rule instead of the rows": (
        f"""
def holds(rows):
    tried = {ROWS}
    return all(expected(row) == "rows found" for row in tried) if tried else None
""",
        "not yet",
    ),
    "with the extension": (
        f"""
def holds(rows):
    tried = {ROWS.replace('"no"', '"yes"')}
    return all(row["outcome"] == "rows found" for row in tried) if tried else None
""",
        "not yet",
    ),
    "with every setting for threads": (
        """
def holds(rows):
    tried = [row for row in rows if (row["extension"], row["mode"], row["bootstrap"]) == (
        "no", "cli", "handler")]
    return all(row["outcome"] == "rows found" for row in tried) if tried else None
""",
        "not yet",
    ),
    "with app.run": (
        f"""
def holds(rows):
    tried = {ROWS.replace("cli", "run")}
    return all(row["outcome"] == "rows found" for row in tried) if tried else None
""",
        "not yet",
    ),
    "another type": ("def holds(rows):\n    return 'yes'\n", "not yet"),
    "no function": ("holds = True\n", "not yet"),
    "it destroys its rows": (
        f"""
def holds(rows):
    tried = {ROWS}
    rows.clear()
    return tried[0].pop("outcome") == "rows found" if tried else None
""",
        "right",
    ),
}
GRADES = {
    grade: {name: source for name, (source, its) in ANSWERS.items() if its == grade}
    for grade in ("right", "right, but", "not yet")
}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one."""
    verdict = the_answer_is_tried(answer_of(HEAD + GRADES[grade][name], "holds"))

    assert verdict.grade == grade, verdict.said


def test_a_miss_is_answered_with_the_row_that_refutes_it() -> None:
    """The learner reads which case says otherwise."""
    said = the_answer_is_tried(answer_of(ANSWERS["always"][0], "holds")).said

    assert said == (
        "On the stack 2013 your function returned True. Its rows have the modes reloader and run,"
        " so nobody could have tried the answer there."
    )


@pytest.mark.parametrize("place", range(3))
def test_a_row_that_was_made_up_does_not_contradict_itself(place: int) -> None:
    """Its thread, its pool and its error go with its outcome, as on every stack."""
    right = answer_of(HEAD + ANSWERS["a comprehension"][0], "holds")
    seen: list[list[Row]] = []

    def holds(rows: list[Row]) -> object:
        if rows[0]["stack"] == "made up":
            seen.append(rows)
        return right(rows)

    assert the_answer_is_tried(holds).grade == "right"

    assert len(seen) == 3
    assert len(seen[place]) == 48
    for row in seen[place]:
        found = row["pool"] == "StaticPool" or row["same_thread"] == "yes"
        assert row["outcome"] == ("rows found" if found else "no such table"), row
        assert ("no such table: item" in row["error"]) == (not found), row


def test_an_answer_that_raises_is_told_so() -> None:
    """As in every repair."""
    holds = answer_of("def holds(rows):\n    return rows[0]['answer']\n", "holds")

    said = repr(check("16c", the_answer_is_tried, lambda: holds))
    assert said == "Not yet. Your code raised KeyError: 'answer'"
