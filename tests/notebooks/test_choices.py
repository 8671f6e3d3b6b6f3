"""No looks of a choice tell whether it is right: its length, its letter, its reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from choices import RIGHT, Question, keys, questions, right_too_often, unlike_choices
from notebook_rules import tags

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
KEYS = keys()
COMPARED = re.compile(
    r'^compare\("(\w+)", lambda: \(\w+, (.+?)\)(?:, rows=\(([\d, ]+)\))?', re.MULTILINE
)
ASKED = [each for path in NOTEBOOKS for each in questions(nbformat.read(path, as_version=4))]


def test_each_question_has_its_right_letter() -> None:
    """And no letter is kept for a question that is gone."""
    assert [each.key for each in ASKED] == list(RIGHT)
    assert all(RIGHT[each.key] in each.choices for each in ASKED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_run_sheet_has_the_looks_of_the_stored_table(path: Path) -> None:
    """Database and outcome of each look that is predicted; and no key is lacking."""
    notebook = nbformat.read(path, as_version=4)
    compared = [c.source for c in notebook.cells if "compare" in tags(c)]
    asked = [match for source in compared if (match := COMPARED.search(source))]

    assert [match[1] for match in asked] == [key for key in KEYS if key[:2] == path.name[:2]]
    for key, shown, rows in [match.groups() for match in asked if match[3]]:
        assert KEYS[key] == ", ".join(looks_of(notebook, shown, rows.split(", "))), key


def looks_of(notebook: Any, shown: str, rows: list[str]) -> list[str]:
    """Some looks of the table that a cell shows, as the run sheets write them."""
    made = re.compile(rf"^(process_)?table\({shown}\b", re.MULTILINE)
    [cell] = [cell for cell in notebook.cells if made.search(cell.source)]
    [html] = [o.data["text/html"] for o in cell.outputs if "text/html" in o.get("data", {})]
    heads, *lines = [
        [c.text for c in row(["th", "td"])] for row in BeautifulSoup(html, "html.parser")("tr")
    ]
    looks = [dict(zip(heads, line, strict=True)) for line in lines]
    return [
        f"look {number} {look['database']} {'fails' if '✗' in look['result'] else 'works'}"
        for number, look in enumerate(looks, start=1)
        if str(number) in rows
    ]


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question.key)
def test_choices_are_alike(question: Question) -> None:
    """All have a reason or none has, and none is twice as long as another."""
    assert list(unlike_choices(question)) == []


def test_neither_length_nor_letter_is_right_too_often() -> None:
    """Over the lesson."""
    assert list(right_too_often(ASKED, RIGHT)) == []


# That these tests can fail

EVEN = {"a": "yes: it is", "b": "no: it's not"}


@pytest.mark.parametrize(
    ("choices", "wrong"),
    [
        (EVEN, None),
        ({"a": "yes", "b": "no"}, None),
        ({"a": "yes", "b": "no: it isn't"}, "a reason for ['b'] alone"),
        ({"a": "yes", "b": "no, because it's not"}, "a reason for ['b'] alone"),
        ({"a": "yes", "b": "no, it's not there"}, "choices of 3 to 18"),
    ],
)
def test_unlike_choices_are_found(choices: dict[str, str], wrong: str | None) -> None:
    """By their reasons, and by their lengths."""
    found = list(unlike_choices(Question("01a", choices)))

    assert (wrong in found[0]) if wrong else (found == [])


def test_what_is_right_too_often_is_found() -> None:
    """A letter, the shortest, and the longest."""
    choices = {"a": "much longer than that", "b": "short", "c": "middle of it", "d": "middle as it"}
    asked = [Question(f"0{number}a", choices) for number in range(1, 5)]

    def found(letters: str) -> list[str]:
        right = {each.key: letter for each, letter in zip(asked, letters, strict=True)}
        return [each.partition(" is right")[0] for each in right_too_often(asked, right)]

    assert found("abcd") == []
    assert found("bbac") == ["the shortest", "b", "d"]
    assert found("aabc") == ["the longest", "a", "d"]
    assert found("cdcd") == ["the shortest", "the longest", "a", "b", "c", "d"]
