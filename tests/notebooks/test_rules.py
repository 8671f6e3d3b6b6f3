"""Every notebook of the lesson keeps the rules, and README.md quotes what they show."""

from __future__ import annotations

from pathlib import Path

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

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@each_notebook
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_notebook_keeps_the_rule(path: Path, rule: Rule) -> None:
    """Each rule, for each notebook."""
    assert list(rule(nbformat.read(path, as_version=4))) == []


@each_notebook
@pytest.mark.parametrize("rule", FRAME_RULES, ids=lambda rule: rule.__name__)
def test_a_notebook_keeps_the_frame(path: Path, rule: FrameRule) -> None:
    """Each rule of the frame, for each notebook."""
    assert list(rule(path.name, nbformat.read(path, as_version=4))) == []


@each_notebook
def test_every_link_leads_somewhere(path: Path) -> None:
    """The target is there."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")

    assert list(links_lead_somewhere(text, path.parent)) == []


@each_notebook
def test_the_last_line_leads_to_the_notebooks_before_and_after(path: Path) -> None:
    """A reader can go through the lesson from its first notebook to its last."""
    notebook = nbformat.read(path, as_version=4)

    assert list(neighbors_are_linked(notebook, path.name, LESSON)) == []


def test_the_map_in_00_is_that_of_the_first_cells() -> None:
    """Titles and minutes are said in each first cell, and the map repeats them."""
    notebooks = {path.name: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
    frames = [read_frame(name, notebook) for name, notebook in notebooks.items()]
    start = next(iter(notebooks.values()))

    assert lesson_map(frames, here="00") in "\n".join(cell.source for cell in start.cells)


def test_the_lesson_is_whole() -> None:
    """Notebooks 00 to 17 are there."""
    assert [name[:3] for name in LESSON] == [f"{number:02}_" for number in range(18)]


# Between two tries to copy a file while a stranger's program writes to it, which sends no event.
SLEEPS = ROOT / "helpers" / "diagnose" / "second_process.py"


@pytest.mark.parametrize(
    "path", sorted({*(ROOT / "helpers").rglob("*.py")} - {SLEEPS}), ids=lambda path: path.stem
)
def test_no_helper_sleeps(path: Path) -> None:
    """Order comes from events and barriers."""
    assert not sleeps(path.read_text(encoding="utf-8"))


readme_is_there = pytest.mark.skipif(
    not (ROOT / "README.md").exists(), reason="README.md is not written yet"
)


def test_every_message_is_shown_in_a_notebook_that_its_row_names() -> None:
    """People search for the exact words, so these are the words of a stored output."""
    symptoms = [symptom for group in read() for symptom in group.symptoms]
    for symptom in symptoms:
        if symptom.chance or not symptom.message:
            continue
        numbers = {cause.notebook for cause in symptom.causes if cause.notebook}
        named = [path for path in NOTEBOOKS if path.name[:2] in numbers]
        found = [nbformat.read(path, as_version=4) for path in named]
        assert list(the_message_is_shown(symptom.message, found)) == []


@readme_is_there
def test_every_link_in_the_readme_leads_somewhere() -> None:
    """A notebook that is not written yet is not linked from here."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert list(links_lead_somewhere(text, ROOT)) == []
