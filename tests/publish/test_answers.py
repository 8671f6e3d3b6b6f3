"""The findings have the answers, each with its reason, and all the places that they speak of."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from helpers.publish.answers import answers_in, keys_of, read_answers
from helpers.publish.files import read_notebooks
from helpers.publish.frame import Section
from helpers.publish.papers import Lesson, findings, findings_optional, read_lesson, worksheet

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """The lesson, as it is stored."""
    return read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))


@pytest.fixture(scope="module")
def told(lesson: Lesson) -> str:
    """All findings."""
    return findings(lesson, "A4") + findings_optional(lesson, "A4")


@each_notebook
def test_each_prediction_is_answered(path: Path, lesson: Lesson, told: str) -> None:
    """What the run sheet calls right begins a text of the findings, and no other paper says it."""
    keys = [key for cell in nbformat.read(path, 4).cells for key in keys_of(cell)]
    right = dict(read_answers(lesson.remarks[path.name[:2]]))

    assert keys
    assert list(right) == keys
    for key, answer in right.items():
        before, found, reason = told.partition(f"<strong>{key}: {answer}.</strong> ")
        assert found
        assert before.endswith(("<p>", "</strong> "))
        assert reason[0] != "<" or reason.startswith(("<strong>", "<code>", "<em>", "</p>\n<ul>"))
        assert found not in worksheet(lesson, "A4")


@each_notebook
def test_each_exercise_is_answered(path: Path, lesson: Lesson, told: str) -> None:
    """In the words of its solutions; the code is in the notebook."""
    [chapter] = [each for each in lesson.chapters if each.frame.name == path.name]

    assert chapter.repairs
    assert "<pre" not in "".join(chapter.repairs)
    assert f"<strong>Your turn.</strong> {' '.join(chapter.repairs)}" in told


TEXT = {"tags": ["handout"]}
COMPARED = new_code_cell('compare("01a", ...)', metadata={"tags": ["compare"]})


@pytest.mark.parametrize(
    ("below", "place"),
    [
        (["So it is."], "So it is."),
        (["## Next", "So it is."], "Above."),
        ([], "Above."),
    ],
)
def test_where_an_answer_stands(below: list[str], place: str) -> None:
    """At the text below the comparison, or above it where that is the end of the section."""
    texts = [new_markdown_cell(text, metadata=TEXT) for text in ["Above.", *below]]
    section = Section("Run", (texts[0], COMPARED, *texts[1:]))
    [(found, answer)] = answers_in(section, {"01a": "b"}).items()

    assert [text.source for text in texts if text.id == found] == [place]
    assert answer == "<strong>01a: b.</strong> "


def headings(cells: list[Any]) -> set[str]:
    """The headings of the sections in cells."""
    texts = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {found.replace("`", "") for found in re.findall(r"^###? (.+)$", texts, re.MULTILINE)}


def places(html: str) -> tuple[set[str], set[str]]:
    """The sections that a paper names in italics, and those that it prints."""
    plain = [
        {unescape(re.sub(r"<[^>]*>", "", each)) for each in re.findall(pattern, html, re.DOTALL)}
        for pattern in (r"<em>(.*?)</em>", r"<h\d[^>]*>(.*?)</h\d>")
    ]
    return plain[0], {re.sub(r"^\d\d ", "", heading) for heading in plain[1]}


def test_a_section_that_is_spoken_of_is_printed(lesson: Lesson) -> None:
    """Whoever reads "as in *Started elsewhere*" finds it on the same paper."""
    known = set[str]().union(*(headings(nbformat.read(path, 4).cells) for path in NOTEBOOKS))
    for paper in (findings, findings_optional, worksheet):
        named, there = places(paper(lesson, "A4"))
        assert sorted((named & known) - there) == [], paper.__name__


@each_notebook
def test_key_points_speak_of_nothing_that_is_elsewhere(path: Path) -> None:
    """Of no cell, no map and no label: they stand alone."""
    cells = nbformat.read(path, 4).cells
    points = [c.source for c in cells if c.cell_type == "markdown" and "## Key points" in c.source]
    elsewhere = re.compile(r"\b[TCDP]\d\b|\bthe map\b|\bcells? (?:above|below)\b|\blooks? \d")

    assert points
    assert [found for text in points for found in elsewhere.findall(text)] == []


def test_a_place_that_is_not_printed_is_found() -> None:
    """A heading in italics, and one that is there."""
    named, there = places("<h3>Before</h3><p>As in <em>Started elsewhere</em>, <em>Before</em>.")

    assert named - there == {"Started elsewhere"}
