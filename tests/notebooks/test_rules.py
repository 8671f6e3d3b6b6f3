"""Every notebook of the lesson keeps the rules, and README.md quotes what they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from frame_rules import FRAME_RULES, FrameRule
from notebook_rules import (
    RULES,
    Rule,
    links_lead_somewhere,
    neighbors_are_linked,
    sleeps,
    the_message_is_shown,
)

from helpers.publish.frame import lesson_map, read_frame
from helpers.publish.symptoms import read

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

LESSON = [path.name for path in NOTEBOOKS]


@pytest.fixture(scope="module")
def notebooks() -> dict[str, Any]:
    """Every notebook by its name, read once."""
    return {path.name: nbformat.read(path, as_version=4) for path in NOTEBOOKS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_notebook_keeps_the_rule(notebooks: dict[str, Any], rule: Rule) -> None:
    """What breaks it, by the name of the notebook."""
    broken = {name: list(rule(notebook)) for name, notebook in notebooks.items()}

    assert {name: wrong for name, wrong in broken.items() if wrong} == {}


@pytest.mark.parametrize("rule", FRAME_RULES, ids=lambda rule: rule.__name__)
def test_every_notebook_keeps_the_frame(notebooks: dict[str, Any], rule: FrameRule) -> None:
    """What breaks it, by the name of the notebook."""
    broken = {name: list(rule(name, notebook)) for name, notebook in notebooks.items()}

    assert {name: wrong for name, wrong in broken.items() if wrong} == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(path: Path, notebooks: dict[str, Any]) -> None:
    """The target is there."""
    cells = notebooks[path.name].cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")

    assert list(links_lead_somewhere(text, path.parent)) == []


@pytest.mark.parametrize("name", LESSON)
def test_the_last_line_leads_to_the_notebooks_before_and_after(
    name: str, notebooks: dict[str, Any]
) -> None:
    """A reader can go through the lesson from its first notebook to its last."""
    assert list(neighbors_are_linked(notebooks[name], name, LESSON)) == []


def test_the_map_in_00_is_that_of_the_first_cells(notebooks: dict[str, Any]) -> None:
    """Titles and minutes are said in each first cell, and the map repeats them."""
    frames = [read_frame(name, notebook) for name, notebook in notebooks.items()]
    start = next(iter(notebooks.values()))

    assert lesson_map(frames, here="00") in "\n".join(cell.source for cell in start.cells)


def test_the_lesson_is_whole() -> None:
    """Notebooks 00 to 17 are there."""
    assert [name[:3] for name in LESSON] == [f"{number:02}_" for number in range(18)]


# Between two tries to copy a file while a stranger's program writes to it, which sends no event.
SLEEPS = ROOT / "helpers" / "diagnose" / "second_process.py"


def test_no_helper_sleeps() -> None:
    """Order comes from events and barriers."""
    files = {*(ROOT / "helpers").rglob("*.py")} - {SLEEPS}

    assert [path for path in files if sleeps(path.read_text(encoding="utf-8"))] == []


def test_every_message_is_shown_in_a_notebook_that_its_row_names(
    notebooks: dict[str, Any],
) -> None:
    """People search for the exact words, so these are the words of a stored output."""
    symptoms = [symptom for group in read() for symptom in group.symptoms]
    for symptom in symptoms:
        if symptom.chance or not symptom.message:
            continue
        numbers = {cause.notebook for cause in symptom.causes if cause.notebook}
        found = [notebook for name, notebook in notebooks.items() if name[:2] in numbers]
        assert list(the_message_is_shown(symptom.message, found)) == []


def test_every_link_in_the_readme_leads_somewhere() -> None:
    """A notebook that is not written yet is not linked from here."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert list(links_lead_somewhere(text, ROOT)) == []
