"""Which cells of a notebook are printed, and where."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from small_lesson import RESULT, small

from helpers.publish.changes import changes
from helpers.publish.chapter import read_chapter
from helpers.publish.frame import Problem


def words(html: str) -> str:
    """What HTML says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def places(*outputs: Any) -> dict[str, list[str]]:
    """What is printed of the small notebook, by the place on the papers."""
    [(name, notebook)] = small(*outputs).items()
    chapter = vars(read_chapter(name, notebook))
    return {
        place: [*map(words, parts)]
        for place, parts in chapter.items()
        if place not in ("frame", "has_files")
    }


def test_each_cell_has_its_place() -> None:
    """By its section, and by its tags."""
    assert places(RESULT) == {
        "evidence": ["a result"],
        "predictions": [
            "Predict the number Which? a one b two",
            "Predict the looks Which database? look 3 in a request look 4 database works or fails?",
        ],
        "findings": ["Run: before a result Told. in a list And why. source = 3 a result"],
        "story": [
            "a result",
            "Predict the number Which? a one b two",
            "Predict the looks Which database?",
            "Run: before a result Told. in a list And why. source = 3 a result",
        ],
        "elsewhere": [],
        "exercise": ["Repair it.", "def given(): ... answer = given()"],
        "answers": ["For the one who teaches."],
        "solutions": ["Solution answer = 40 + 2 It always is."],
        "repairs": ["It always is."],
        "points": ["Key points Which? That."],
        "desk": ["a result"],
    }


def test_what_answers_a_prediction_comes_before_the_next_one() -> None:
    """As in the notebook."""
    [(name, notebook)] = small(RESULT).items()
    notebook.cells.insert(
        3, new_code_cell("early", outputs=[RESULT], metadata={"tags": ["handout"]})
    )

    story = [words(each) for each in read_chapter(name, notebook).story]

    assert [each.partition("?")[0] for each in story[1:4]] == [
        "Predict the number Which",
        "a result",
        "Predict the looks Which database",
    ]


def test_evidence_and_explanation_stay_together() -> None:
    """They are one block, which is not broken over two pages; the next table is another."""
    table = new_output("display_data", {"text/html": "<table></table>", "text/plain": "table"})
    [(name, notebook)] = small(table).items()

    first, second = read_chapter(name, notebook).findings

    assert first.startswith('<div class="together">')
    assert "Told" in first
    assert second.startswith('<div class="together">')


def test_a_section_is_named_once() -> None:
    """Its heading stands above the first that it shows; that of a prediction above its question."""
    [(name, notebook)] = small(RESULT).items()

    story = read_chapter(name, notebook).story

    assert [words(each).count("Run: before") for each in story] == [0, 0, 0, 1]
    assert [words(each).count("Predict the looks") for each in story] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        (new_output("stream", text="told\n"), "told"),
        (new_output("error", ename="KeyError", evalue="'no'"), "KeyError: 'no'"),
        (new_output("display_data", {"text/html": "<b>rich</b>", "text/plain": "x"}), "rich"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.output_type,
)
def test_each_kind_of_output_can_be_printed(output: Any, printed: str) -> None:
    """Streams, errors, and what a notebook shows as HTML."""
    assert places(output)["desk"] == [printed]


def test_an_output_that_is_not_stored() -> None:
    """One sentence names the cell, and what to do."""
    with pytest.raises(Problem, match="no stored output of the cell that begins with 'found = 0'"):
        places()


def test_what_an_exercise_needs_comes_before_its_code() -> None:
    """Also where the notebook makes it earlier; all else keeps the order of the notebook."""
    [(name, notebook)] = small(RESULT).items()
    places = [n for n, cell in enumerate(notebook.cells) if "worksheet" in cell.metadata.tags]
    notebook.cells.insert(1, notebook.cells.pop(places[0]))

    exercise = [words(each) for each in read_chapter(name, notebook).exercise]

    assert exercise == ["Repair it.", "def given(): ... answer = given()"]


def test_files_that_a_repair_writes_are_a_diff() -> None:
    """Before and after, file by file, with two lines around; any other code stays as it is."""
    before = {"a.py": "one\ntwo\nthree\nfour\nfive\n", "b.py": "same\n"}
    after = {**before, "a.py": before["a.py"].replace("four", "FOUR")}
    code = f"repaired = {after!r}"

    assert changes(f"Try:\n\n```python\n{code}\n```\n", before) == (
        "Try:\n\n```diff\na.py\n  …\n two\n three\n-four\n+FOUR\n five\n```\n"
    )
    for other in ('x = {"c.py": "1"}', 'x = {"a.py": 1}', "x = 1"):
        fenced = f"```python\n{other}\n```\n"
        assert changes(fenced, before) == fenced


def test_a_repair_is_a_diff_where_that_is_shorter() -> None:
    """Of the code that is to be repaired; blank lines don't count. Else it is the code."""
    given = "import one\n\ndef ask():\n    return 1\n\n\ndef answer():\n    return ask()\n"

    def printed(code: str) -> str:
        return changes(f"```python\n{code}```\n", {}, given)

    assert printed(given.replace("1", "2").replace("one\n\n", "one\n\n\n")) == (
        "```diff\n  …\n\n def ask():\n-    return 1\n+    return 2\n\n def answer():\n```\n"
    )
    assert printed("def answer():\n    return 2\n") == (
        "```python\ndef answer():\n    return 2\n```\n"
    )


def test_a_story_stands_below_its_headings() -> None:
    """Each unit below the heading that it has in the notebook, which is told once."""
    [(name, notebook)] = small(RESULT).items()
    notebook.cells.insert(9, new_markdown_cell("### And then"))
    story = [words(each) for each in read_chapter(name, notebook).story]

    assert story[3] == "And then a result Told. in a list And why. source = 3 a result"
