"""The guide has what its run sheets speak of, or says where it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from run_sheets import NOTEBOOKS

from helpers.publish.chapter import read_chapter
from helpers.publish.files import read_notebooks
from helpers.publish.papers import Lesson, guide, read_lesson

ROOT = Path(__file__).parents[2]
ITALICS = re.compile(r"(?<!\*)\*([A-Z][^*\n]+?)\*(?!\*)")
NO_SECTIONS = {"02": {"Flask", "SQLAlchemy"}}  # boxes of its board


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """The lesson, as it is stored."""
    return read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))


@pytest.fixture(scope="module")
def chapters(lesson: Lesson) -> dict[str, Any]:
    """What the guide says of each notebook, by its number."""
    page = soup(guide(lesson, "A4"))
    return {str(head["id"])[1:]: head.find_parent("section") for head in page(id=re.compile("^c"))}


def soup(html: str) -> BeautifulSoup:
    """HTML to look into."""
    return BeautifulSoup(html, "html.parser")


def headings(path: Path) -> list[str]:
    """Those of a notebook below its title."""
    cells = nbformat.read(path, as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return re.findall(r"^##+ (.+)$", "\n".join(texts), re.MULTILINE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_run_sheet_names_sections_as_they_are_called(path: Path) -> None:
    """In its minutes, and in what it lets go: whoever teaches looks for them while they speak."""
    number = path.name[:2]
    sheet = (path.parent / "instructor" / f"{number}.md").read_text(encoding="utf-8")
    lines = [line for line in sheet.splitlines() if re.match(r"\| \d+ \||\*\*Late\?", line)]
    named = set(ITALICS.findall("\n".join(lines)))

    assert named - NO_SECTIONS.get(number, set()) - {*headings(path)} == set()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_section_is_in_the_guide_or_named_there(path: Path, chapters: dict[str, Any]) -> None:
    """With its heading, or among what is in the notebook alone; so is each picture."""
    number = path.name[:2]
    printed = chapters[number]
    [told] = [p for p in printed("p") if p.get_text().startswith("Not in this guide")] or [None]
    there = {each.get_text() for each in printed(["h3", "h4", "figcaption"])}
    elsewhere = {each.get_text() for each in told("em")} if told else set()
    sections = {each.replace("`", "") for each in headings(path)}
    pictures = {
        caption.get_text()
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", ())
        for caption in soup(output.get("data", {}).get("text/html", ""))("figcaption")
    }

    lacking = sections - there - elsewhere - {"Clean up", "Key points"}
    assert lacking - ({"The files"} if number == "17" else set()) == set()
    assert {each.rstrip(".") for each in pictures - there} - elsewhere == set()
    assert there & elsewhere == set()


def test_a_section_that_is_not_printed_is_named(chapters: dict[str, Any]) -> None:
    """Once its cells are no longer tagged."""
    path = NOTEBOOKS[1]
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.tags = [t for t in cell.metadata.get("tags", []) if t != "handout"]

    found = read_chapter(path.name, notebook).elsewhere

    assert "<em>The front desk</em>" in found
    assert "the picture <em>Three guests at the same desk</em>" in found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_board_is_below_the_minutes_that_ask_for_it(path: Path, chapters: dict[str, Any]) -> None:
    """In one block, which stays on one page."""
    head = chapters[path.name[:2]].find(class_="head")

    assert head.find("table") and head.find("pre", class_="board")
    assert "Board sketch." in head.get_text()
