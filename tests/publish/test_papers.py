"""What the papers say, what the learners' must not say, and what each holds by itself."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from notebook_rules import all_cells, fenced_python, tagged, tags
from small_lesson import small

from helpers.publish.answers import RIGHT
from helpers.publish.desk import desk_sheet
from helpers.publish.files import read_notebooks
from helpers.publish.frame import read_frame
from helpers.publish.page import markdown, shown
from helpers.publish.papers import (
    Lesson,
    case_files,
    findings,
    findings_optional,
    guide,
    read_lesson,
    worksheet,
)
from helpers.publish.present import present
from helpers.publish.screens import Screen, screens

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
CASE = case_files(ROOT / "helpers" / "case" / "project")
REMARKS = sorted((ROOT / "notebooks" / "instructor").glob("*.md"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """The lesson, as it is stored."""
    return read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))


@pytest.fixture(scope="module")
def pages(lesson: Lesson) -> dict[str, str]:
    """Each document as HTML."""
    return {
        "worksheet": worksheet(lesson, "A4"),
        "findings": findings(lesson, "A4"),
        "findings-optional": findings_optional(lesson, "A4"),
        "desk-sheet": desk_sheet(lesson, "A4"),
        "guide": guide(lesson, "A4"),
        "present": present(lesson),
    }


each_document = pytest.mark.parametrize(
    "name", ["worksheet", "findings", "findings-optional", "desk-sheet", "guide", "present"]
)


def words(html: str) -> str:
    """What HTML says, without its tags, its style and its script."""
    html = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def squeezed(text: str) -> str:
    """Text without white space, which is another one on paper, as is where code is broken."""
    return re.sub(r"\s|↪", "", text)


# Who is told what


def sentences(text: str, words: int = 3) -> list[str]:
    """The sentences of markdown that are long enough to be nobody else's, squeezed."""
    text = re.sub(r"^```.*?^```|<[^>]*>", "", text, flags=re.MULTILINE | re.DOTALL)
    told = unescape(re.sub(r"<[^>]*>", "", markdown(text)))
    return [squeezed(s) for s in re.split(r"(?<=[.:?])\s|\n", told) if len(s.split()) > words]


def repair(code: str) -> str:
    """The code of a solution, or the files that it writes."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "repaired":
            return "\n".join(ast.literal_eval(node.value).values())
    return code


def secrets(notebook: Any) -> list[str]:
    """What learners are not told of a notebook: lines of solutions, and sentences of answers."""
    given = [c.source for _, c in all_cells(notebook) if tags(c) & {"exercise", "worksheet"}]
    given += CASE.values()
    found = []
    for _, cell in all_cells(notebook):
        if tags(cell) & {"solution", "answer"}:
            lines = "\n".join(map(repair, fenced_python(cell))).splitlines()
            lines = [line for line in lines if not re.match(r"\s*(from|import) ", line)]
            found += [squeezed(line) for line in lines if line.strip() not in "\n".join(given)]
            found += sentences(cell.source)
    return [secret for secret in found if len(secret) > 3]


def sheet_of(path: Path, lesson: Lesson) -> str:
    """The worksheet of one notebook alone, squeezed."""
    [chapter] = [each for each in lesson.chapters if each.frame.name == path.name]
    return squeezed(words(worksheet(replace(lesson, chapters=(chapter,)), "A4")))


@each_notebook
def test_no_answer_reaches_a_learner(path: Path, lesson: Lesson) -> None:
    """The worksheet has neither a line of a solution nor a sentence of an answer."""
    told = sheet_of(path, lesson)

    assert [secret for secret in secrets(nbformat.read(path, 4)) if secret in told] == []


def test_an_answer_on_the_worksheet_is_found() -> None:
    """A line of a repair, and a sentence of what only the instructor is told."""
    [notebook] = small().values()

    assert "answer=40+2" in secrets(notebook)
    assert "Fortheonewhoteaches." in secrets(notebook)


@each_notebook
def test_no_finding_is_on_the_worksheet(path: Path, lesson: Lesson) -> None:
    """What a notebook shows is on another paper, handed out later."""
    cells = nbformat.read(path, 4).cells
    shown = [c.source for c in cells if "handout" in tags(c) and c.cell_type == "markdown"]
    told = sheet_of(path, lesson)

    assert [s for text in shown for s in sentences(text) if s in told] == []


@each_notebook
def test_an_exercise_comes_behind_the_predictions(
    path: Path, pages: dict[str, str], lesson: Lesson
) -> None:
    """What a visitor saw answers a prediction: it is told when that is filled in."""
    number = path.name[:2]
    before, after = pages["worksheet"].split(f"<h3>{number} Your turn</h3>")
    earlier = [each for each in lesson.chapters if each.frame.number <= number]
    predicted = squeezed(words("".join(part for each in earlier for part in each.predictions)))
    cells = read_frame(path.name, nbformat.read(path, 4)).section("Your turn")
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    asked = [cell.source for cell in texts if not tags(cell) & {"solution", "notebook-only"}]
    told = [s for text in asked for s in [*sentences(text), *logs(text)]]

    assert told
    assert [each for each in told if each in predicted] == []
    assert [each.frame.name for each in earlier if each.predictions[-1] not in before] == []
    assert "Predict" not in words(after.partition("<h2")[0])


def logs(text: str) -> list[str]:
    """The lines of the logs in markdown, squeezed."""
    blocks = re.findall(r"^```(?:text)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [squeezed(line) for block in blocks for line in block.splitlines() if line]


@each_notebook
def test_every_answer_reaches_the_instructor(path: Path, pages: dict[str, str]) -> None:
    """The same lines and sentences."""
    told = squeezed(words(pages["guide"]))

    assert [secret for secret in secrets(nbformat.read(path, 4)) if secret not in told] == []


@pytest.mark.parametrize("path", REMARKS, ids=lambda path: path.stem)
def test_the_remarks_are_for_the_instructor(
    path: Path, pages: dict[str, str], lesson: Lesson
) -> None:
    """Every sentence of the run sheets and the plans is in the guide, and nowhere else.

    But for the answers, which the findings have as well.
    """
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    text = "\n".join(line for line in lines if not line.startswith(RIGHT))
    headings = {squeezed(s.heading) for c in lesson.chapters for s in c.frame.sections}
    titles = [f"{chapter.frame.number} {chapter.frame.title}" for chapter in lesson.chapters]
    headings |= {part for title in titles for part in sentences(title, words=0)}
    told = sentences(text, words=6)
    remarks = [sentence for sentence in told if sentence not in headings]
    others = squeezed(" ".join(words(page) for name, page in pages.items() if name != "guide"))

    assert remarks
    assert [remark for remark in remarks if remark in others] == []
    assert [remark for remark in remarks if remark not in squeezed(words(pages["guide"]))] == []


def test_each_prediction_is_on_the_worksheet(pages: dict[str, str]) -> None:
    """With a line for the reason, and one for what was seen."""
    notebooks = [nbformat.read(path, 4) for path in NOTEBOOKS]
    asked = [cell for notebook in notebooks for _, cell in tagged(notebook, "prediction")]
    forms = len([cell for cell in asked if "notebook-only" not in tags(cell)])

    assert words(pages["worksheet"]).count("Because I saw so") == forms > len(NOTEBOOKS) / 2


def test_a_prediction_is_answered_before_the_next_one(
    lesson: Lesson, pages: dict[str, str]
) -> None:
    """Who teaches from the guide goes through it as through the notebook."""
    for chapter in lesson.chapters:
        at = pages["guide"].index(f'id="c{chapter.frame.number}"')
        for part in chapter.story:
            at = pages["guide"].find(part, at)
            assert at >= 0, f"{part} of {chapter.frame.name} is missing, or comes too early"


# On the projector


def on_screens(path: Path, lesson: Lesson) -> list[Screen]:
    """The screens of one notebook."""
    [chapter] = [each for each in lesson.chapters if each.frame.name == path.name]
    return [*screens(chapter, lesson.files)]


@each_notebook
def test_the_screens_show_what_the_notebook_shows(path: Path, lesson: Lesson) -> None:
    """Each text and each output, in the order of the notebook, and each under its heading."""
    cells = nbformat.read(path, 4).cells[1:]
    hidden = {"compare", "check", "solution", "answer"}
    places, seen, section = [], on_screens(path, lesson), ""
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            section = cell.source.splitlines()[0].removeprefix("## ").replace("`", "")
        if tags(cell) & hidden or section == "Clean up":
            continue
        parts = map(shown, cell.outputs) if cell.cell_type == "code" else [text_of(cell.source)]
        for part in filter(None, parts):
            places.append(place_of(part, section, seen))

    assert places
    assert places == sorted(places)


def text_of(source: str) -> str:
    """The HTML of a text below its heading."""
    return markdown(re.sub(r"^###? .*", "", source), below=2, flat=True).strip()


def place_of(part: str, section: str, seen: list[Screen]) -> int:
    """The number of the screen that has a part, and names the section."""
    there = [n for n, s in enumerate(seen) if part in s.inside and s.section == section]
    [place, *_] = there or [-1]
    assert place >= 0, part
    assert seen[place].heading.startswith(f"{seen[place].chapter} {section}")
    return place


def test_the_opening_scenes_are_on_screens(lesson: Lesson) -> None:
    """With the code that leads to them; of the case the mail, the log, and each file, once."""
    inside = {number: words(present(only(lesson, number))) for number in ("00", "01", "17")}

    assert "tested, served (200, 500)" in inside["00"]
    assert 'CREATE TABLE item (name TEXT)"' in inside["00"]
    assert "class Item(Base)" in inside["01"]
    assert "POST /orders" in inside["17"]
    case = "".join(inside["17"].split())
    assert {name: case.count("".join(text.split())) for name, text in lesson.files.items()} == (
        dict.fromkeys(lesson.files, 1)
    )


def only(lesson: Lesson, number: str) -> Lesson:
    """The lesson with one notebook."""
    return replace(lesson, chapters=tuple(c for c in lesson.chapters if c.frame.number == number))


def test_no_screen_asks_and_answers(lesson: Lesson) -> None:
    """What a prediction asks stands alone; what comes out is one step further."""
    for chapter in lesson.chapters:
        for screen in screens(chapter, lesson.files):
            asked = [part for part in chapter.predictions if part in screen.inside]
            found = [part for part in chapter.findings if part in screen.inside]
            assert not (asked and found), screen.heading


def test_no_screen_shows_the_marks_of_markdown(lesson: Lesson) -> None:
    """The questions of a notebook speak of code, which is set as such."""
    seen = [screen for chapter in lesson.chapters for screen in screens(chapter, lesson.files)]
    questions = [screen for screen in seen if not screen.section]

    assert len(questions) == len(lesson.chapters)
    assert [each for each in questions if "`" in words(each.inside)] == []
    assert [each.heading for each in seen if "`" in each.heading] == []


# The HTML


class Outline(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect each tag."""
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        """What an attribute is, wherever it is set."""
        return [str(each[attribute]) for _, each in self.tags if attribute in each]


@each_document
def test_a_page_needs_no_other_file(name: str, pages: dict[str, str]) -> None:
    """No style and no picture from elsewhere; every link inside has a target."""
    page = Outline(html := pages[name])
    links = [link for link in page.values("href") if not link.startswith("https://")]

    assert {tag for tag, _ in page.tags} & {"link", "iframe", "object", "base"} == set()
    assert [source[:30] for source in page.values("src") if not source.startswith("data:")] == []
    styles = re.findall(r"<style>.*?</style>|<[^>]* style=.*?>", html, re.DOTALL)
    assert not re.search(r"url\(|@import", "".join(styles))
    assert sorted(set(page.values("id"))) == sorted(page.values("id"))
    assert {link.removeprefix("#") for link in links} - {""} <= set(page.values("id"))


@each_document
def test_a_page_can_be_listened_to(name: str, pages: dict[str, str]) -> None:
    """One first heading and no level left out; a language; words for each picture."""
    page = Outline(pages[name])
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")


@each_document
def test_a_paper_says_which_version_it_is(name: str, pages: dict[str, str], lesson: Lesson) -> None:
    """The last entry of the change log, never the day of printing."""
    assert "Version {}, {}".format(*lesson.release) in words(pages[name])


@each_document
def test_a_link_to_elsewhere_shows_its_address(name: str, pages: dict[str, str]) -> None:
    """On paper nobody can follow it otherwise: the credit writes it out."""
    if name != "present":
        assert "gehrcke.de/2015/05/in-memory-sqlite-database-and-flask" in words(pages[name])
