"""What a notebook says of itself is read in one place."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.publish.frame import Problem, read_frame, tags, units

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
TOP = new_markdown_cell("# Where is it?\n\n**20 minutes, optional.** You need a cup.\n\n1. Who?\n")


def test_a_frame() -> None:
    """Title, minutes, questions and sections."""
    cells = [TOP, new_markdown_cell("## Predict this"), new_code_cell("1 + 1")]

    frame = read_frame("04_where_is_it.ipynb", new_notebook(cells=cells))

    assert (frame.number, frame.title, frame.minutes, frame.optional) == (
        "04", "Where is it?", 20, True,
    )  # fmt: skip
    assert frame.questions == ("Who?",)
    assert [section.heading for section in frame.sections] == ["", "Predict this"]
    assert frame.section("Predict") == tuple(cells[1:])
    assert frame.section("Your turn") == ()


@pytest.mark.parametrize("top", ["# A title alone", "**20 minutes.** No title."])
def test_a_notebook_without_a_frame(top: str) -> None:
    """One sentence says what to add."""
    with pytest.raises(Problem, match="^04_x.ipynb does not begin with a cell of a title"):
        read_frame("04_x.ipynb", new_notebook(cells=[new_markdown_cell(top)]))


def test_evidence_and_its_explanation_are_one_unit() -> None:
    """What is shown without the tag ends it, and so does a heading; other code does not."""
    tagged = {"tags": ["handout"]}
    output, text = new_code_cell("1", metadata=tagged), new_markdown_cell("One.", metadata=tagged)
    other, heading = new_code_cell("2"), new_markdown_cell("### Two", metadata=tagged)
    seen = new_code_cell("3", outputs=[new_output("stream", text="3")])

    found = units((output, text, seen, output, heading, text, other, text), "handout")

    assert found == [[output, text], [output], [heading, text, text]]
    assert tags(other) == set()


@pytest.mark.parametrize(("said", "parts"), [("One.", 2), ("And then?", 1), ("So it is:", 1)])
def test_a_table_begins_a_unit(said: str, parts: int) -> None:
    """Unless the text above it leads on to it: evidence stands with what is said of it."""
    tagged = {"tags": ["handout"]}
    data = {"text/html": "<table></table>", "text/plain": "table"}
    table = new_code_cell("1", outputs=[new_output("display_data", data)], metadata=tagged)
    text = new_markdown_cell(said, metadata=tagged)

    assert len(units((table, text, table, text), "handout")) == parts


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_has_a_frame(path: Path) -> None:
    """And questions in it."""
    assert read_frame(path.name, nbformat.read(path, as_version=4)).questions
