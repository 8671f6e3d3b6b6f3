"""What the two documents say, what the learner's must not say, and how they look on paper."""

from __future__ import annotations

import ctypes
import logging.handlers
import os
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pypdfium2
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import all_cells, fenced_python, headings, tagged, tags

from helpers.publish.chapter import read_chapter
from helpers.publish.files import read_notebooks
from helpers.publish.frame import Problem
from helpers.publish.handout import document, main, make
from helpers.publish.page import markdown
from helpers.publish.pdf import NoPdf, pdf

ROOT = Path(__file__).parents[2]
REMARKS = ROOT / "notebooks" / "instructor"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_document = pytest.mark.parametrize("answers", [False, True], ids=["learner", "instructor"])


@pytest.fixture(scope="module")
def notebooks() -> dict[str, Any]:
    """The lesson, as it is stored."""
    return read_notebooks(ROOT / "notebooks", anew=False)


@pytest.fixture(scope="module")
def pdf_can_be_made() -> None:
    """Skip what needs a PDF where a library for it is missing."""
    try:
        pdf("<p>Hello")
    except NoPdf as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def learner(notebooks: dict[str, Any]) -> str:
    """The learner handout as HTML."""
    return document(ROOT, notebooks, "A4", answers=False)


@pytest.fixture(scope="module")
def instructor(notebooks: dict[str, Any]) -> str:
    """The instructor copy as HTML."""
    return document(ROOT, notebooks, "A4", answers=True)


def words(html: str) -> str:
    """What HTML says, without its tags and its style."""
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def squeezed(text: str) -> str:
    """Text without white space, which is another one on paper."""
    return re.sub(r"\s", "", text)


# Who is told what


def sentences(text: str) -> list[str]:
    """The sentences of markdown that are long enough to be nobody else's, squeezed."""
    text = re.sub(r"^```.*?^```|<[^>]*>", "", text, flags=re.MULTILINE | re.DOTALL)
    told = unescape(re.sub(r"<[^>]*>", "", markdown(text)))
    return [squeezed(s) for s in re.split(r"(?<=[.:?])\s|\n", told) if len(s.split()) > 3]


def secrets(notebook: Any) -> list[str]:
    """What learners are not told of a notebook: lines of solutions, and sentences of answers."""
    given = [cell.source for _, cell in tagged(notebook, "exercise")]
    found = []
    for _, cell in all_cells(notebook):
        if tags(cell) & {"solution", "answer"} and "notebook-only" not in tags(cell):
            lines = "\n".join(fenced_python(cell)).splitlines()
            found += [squeezed(line) for line in lines if line.strip() not in "\n".join(given)]
            found += sentences(cell.source)
    return [secret for secret in found if len(secret) > 3]


@each_notebook
def test_no_answer_reaches_the_learner(path: Path, learner: str) -> None:
    """Neither a line of a solution nor a sentence of an answer."""
    told = squeezed(words(learner))

    assert [secret for secret in secrets(nbformat.read(path, 4)) if secret in told] == []


@each_notebook
def test_every_answer_reaches_the_instructor(path: Path, instructor: str) -> None:
    """The same lines and sentences, and the letter that was measured."""
    notebook = nbformat.read(path, 4)
    told = squeezed(words(instructor))

    assert [secret for secret in secrets(notebook) if secret not in told] == []
    assert read_chapter(path.name, notebook, answers=True).measured in set("abcd")


def test_an_answer_in_the_wrong_place_is_found() -> None:
    """A printed cell that repeats the solution gives it away, as the tests above see it."""
    [(name, notebook)] = small(RESULT).items()
    notebook.cells.append(new_code_cell("answer = 40 + 2", metadata={"tags": ["handout-code"]}))
    told = squeezed(words(" ".join(read_chapter(name, notebook, answers=False).findings)))

    assert [secret for secret in secrets(notebook) if secret in told] == ["answer=40+2"]


def test_predictions_are_for_learners_to_make(learner: str, instructor: str) -> None:
    """One has lines to write on, the other what was measured, once a notebook."""
    for word in ("Measured:", "compare(prediction", "Not yet:"):
        assert word not in words(learner)
    assert words(learner).count("Your prediction:") == len(NOTEBOOKS)
    assert words(instructor).count("Measured:") == len(NOTEBOOKS)


@pytest.mark.parametrize("path", sorted(REMARKS.glob("*.md")), ids=lambda path: path.stem)
def test_no_remark_reaches_the_learner(path: Path, learner: str, instructor: str) -> None:
    """Every sentence of the remarks and the plans is for the instructor alone."""
    remarks = sentences(path.read_text(encoding="utf-8").partition("\n")[2])

    assert remarks
    assert [remark for remark in remarks if remark in squeezed(words(learner))] == []
    assert [remark for remark in remarks if remark not in squeezed(words(instructor))] == []


# Which cells are printed


def small(*outputs: Any) -> dict[str, Any]:
    """A notebook in the frame of the lesson, with a cell for each tag.

    :param outputs: what every code cell has stored.
    """

    def code(source: str, *tags: str) -> Any:
        return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})

    def text(source: str, *tags: str) -> Any:
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    solution = "```python\nanswer = 40 + 2\n```\n\nIt always is."
    cells = [
        text("# A `small` lesson\n\n**5 minutes.** Needs.\n\n1. Which one?\n2. And why?"),
        text("## Predict\n\nWhich?\n\n- **a** one\n- **b** two\n\nPut a letter in."),
        code('prediction = ""', "prediction"),
        text("## Run: before\n\nThe next cell asks."),
        code("asked = 1"),
        code("shown = 2", "handout"),
        code("source = 3", "handout-code"),
        text("### Told\n\nExplained.\n\n- in a list\n\nNow to something else.", "handout"),
        text("<!-- Only on paper. -->", "handout-only"),
        text("For the end.", "handout-last"),
        text("For the one who teaches.", "answer"),
        code('print(compare(prediction, "b"))'),
        text("## Your turn\n\nRepair it."),
        text("Not on paper.", "notebook-only"),
        code("answer = None", "exercise"),
        code("print(check())", "check"),
        text(f"<details>\n<summary>Solution</summary>\n\n{solution}\n\n</details>", "solution"),
        text("## Clean up\n\nClose."),
        text("## Key points\n\n1. **Which?** That.\n\nPrevious: [00](00_x.ipynb)"),
    ]
    return {"01_small.ipynb": new_notebook(cells=cells)}


RESULT = new_output("execute_result", {"text/plain": "a result"}, execution_count=1)


def places(answers: bool) -> dict[str, str]:
    """What is printed of the small notebook, and where."""
    [(name, notebook)] = small(RESULT).items()
    chapter = vars(read_chapter(name, notebook, answers))
    return {place: words(" ".join(c)) for place, c in chapter.items() if isinstance(c, list)}


def test_what_is_printed_for_a_learner() -> None:
    """The frame by itself, and of the rest what has a tag, up to its second paragraph."""
    assert places(answers=False) == {
        "predict": "Predict Which? a one b two",
        "findings": "a result source = 3 Told Explained. in a list Only on paper.",
        "exercise": "Your turn Repair it. answer = None",
        "points": "Key points Which? That.",
        "last": "For the end.",
    }


def test_what_is_printed_for_an_instructor() -> None:
    """The same, and the answers."""
    found = places(answers=True)

    assert found == places(answers=False) | {
        "findings": places(answers=False)["findings"] + " For the one who teaches.",
        "exercise": "Your turn Repair it. answer = None Solution answer = 40 + 2 It always is.",
    }


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        (new_output("stream", text="told\n"), "told"),
        (new_output("error", ename="KeyError", evalue="'no'"), "KeyError: 'no'"),
        (new_output("display_data", {"text/html": "<b>rich</b>", "text/plain": "x"}), "rich"),
        (
            new_output(
                "display_data", {"image/png": "AA"}, metadata={"image/png": {"alt": "A dot"}}
            ),
            '<img alt="A dot" src="data:image/png;base64,AA">',
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.output_type,
)
def test_each_kind_of_output_can_be_printed(output: Any, printed: str) -> None:
    """Streams, errors, tables and plots; the words for a plot come with it."""
    [(name, notebook)] = small(output).items()
    [first, *_] = read_chapter(name, notebook, answers=False).findings

    assert printed in (first if "<" in printed else words(first))


@each_notebook
def test_the_tags_of_a_notebook_suit_its_cells(path: Path) -> None:
    """A source is one of code, a comment is one of markdown, and something is printed."""
    notebook = nbformat.read(path, 4)
    for name, cell in all_cells(notebook):
        if "handout-code" in tags(cell):
            assert cell.cell_type == "code", name
        if "handout-only" in tags(cell):
            assert re.fullmatch(r"<!--.*-->\s*", cell.source, re.DOTALL), name
    assert read_chapter(path.name, notebook, answers=False).findings


# The remarks and the plans


@each_notebook
def test_the_remarks_name_the_section_that_resolves_each_mistake(path: Path) -> None:
    """And their minutes, part by part, are those of the notebook."""
    notebook = nbformat.read(path, 4)
    remarks = (REMARKS / f"{path.name[:2]}.md").read_text(encoding="utf-8")
    titles = {title for _, title in headings(notebook)}
    _, _, mistakes = remarks.partition("## What learners get wrong\n")
    minutes = re.search(r"^\*\*Minutes:\*\* (.*)", remarks, re.MULTILINE)

    assert mistakes
    for mistake in re.findall(r"^- .*", mistakes, re.MULTILINE):
        assert set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", mistake)) & titles, mistake
    assert minutes
    total = sum(int(part.split()[0]) for part in minutes[1].split(" · "))
    assert f"**{total} minutes" in notebook.cells[0].source


@pytest.mark.parametrize(
    ("title", "minutes"), {"45 minutes": 45, "Half a day": 210, "A day": 420}.items()
)
def test_the_minutes_of_a_plan_add_up(title: str, minutes: int, notebooks: dict[str, Any]) -> None:
    """And a whole notebook takes what its first cell says."""
    plans = (REMARKS / "plans.md").read_text(encoding="utf-8")
    plan = plans.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", plan, re.MULTILINE)
    stated = {n[:2]: read_chapter(n, notebook, False).minutes for n, notebook in notebooks.items()}

    assert sum(int(number) for number, _ in rows) == minutes
    assert [row for row in rows if stated.get(row[1], row[0]) != row[0]] == []


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
def test_a_page_needs_no_other_file(answers: bool, learner: str, instructor: str) -> None:
    """No script, no style and no picture from elsewhere; every link inside has a target."""
    page = Outline(html := instructor if answers else learner)
    links = [link for link in page.values("href") if not link.startswith("https://")]

    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "base"} == set()
    assert [source[:30] for source in page.values("src") if not source.startswith("data:")] == []
    assert not re.search(r"url\(|@import", html)
    assert sorted(set(page.values("id"))) == sorted(page.values("id"))
    assert {link.removeprefix("#") for link in links} <= set(page.values("id"))


@each_document
def test_a_page_can_be_listened_to(answers: bool, learner: str, instructor: str) -> None:
    """One first heading and no level left out; a language; words for each picture."""
    page = Outline(instructor if answers else learner)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")


# On paper


class Printed:
    """A document as it is laid out."""

    def __init__(self, html: str, file: pypdfium2.PdfDocument) -> None:
        self.html = html
        self.file = file
        self.pages = [page.get_textpage().get_text_bounded() for page in file]


@pytest.fixture(
    scope="module",
    params=[(answers, paper) for answers in (False, True) for paper in ("A4", "Letter")],
    ids=lambda param: f"{'instructor' if param[0] else 'learner'}-{param[1]}",
)
def printed(
    request: pytest.FixtureRequest, notebooks: dict[str, Any], pdf_can_be_made: None
) -> Iterator[Printed]:
    """Each document on each paper; WeasyPrint finds nothing wrong with it."""
    answers, paper = request.param
    html = document(ROOT, notebooks, paper, answers)
    complaints = logging.handlers.BufferingHandler(1000)
    logging.getLogger("weasyprint").addHandler(complaints)
    content = pdf(html)
    logging.getLogger("weasyprint").removeHandler(complaints)
    assert [record.getMessage() for record in complaints.buffer] == []
    with pypdfium2.PdfDocument(content) as file:
        yield Printed(html, file)


def test_the_learner_can_carry_it(printed: Printed) -> None:
    """At most 20 pages, so at most one and a half for a notebook."""
    if "Learner handout" in printed.html:
        assert len(printed.pages) <= min(20, 2 + 1.45 * len(NOTEBOOKS))


def test_no_table_and_no_code_is_cut(printed: Printed) -> None:
    """All the text of a table, its caption too, is on one page; so is that of a block of code."""
    blocks = re.findall(r"<table.*?</table>|<pre.*?</pre>", printed.html, re.DOTALL)
    pages = [squeezed(page) for page in printed.pages]

    assert len(blocks) > 2 * len(NOTEBOOKS)
    for block in blocks:
        text = squeezed(words(block))
        assert any(text in page for page in pages), block


def test_nothing_runs_into_the_margin(printed: Printed) -> None:
    """Ten millimeters on the left and on the right, and five above and below, are white."""
    for number, page in enumerate(printed.file, start=1):
        picture = page.render(scale=1, grayscale=True).to_numpy()  # a dot is 1/72 inch
        side, edge = int(10 * 72 / 25.4), int(5 * 72 / 25.4)
        for strip in (picture[:, :side], picture[:, -side:], picture[:edge], picture[-edge:]):
            assert strip.min() == 255, f"page {number}"


def test_the_contents_and_the_foot_of_each_page_say_the_page(printed: Printed) -> None:
    """The number beside a title in the contents is that of the page with the heading."""
    total = len(printed.pages)
    found = {mark.get_title(): mark.get_dest().get_index() + 1 for mark in printed.file.get_toc()}
    chapters = [title for title in found if re.match(r"\d\d (?!minutes)", title)]

    assert [n for n, page in enumerate(printed.pages, 1) if f"{n} / {total}" not in page] == []
    assert len(chapters) == len(NOTEBOOKS)
    for title in chapters:  # the last of two headings: the first one is in the worksheet
        line = re.search(rf"{re.escape(title)}\s*\.+\s*(\d+)", printed.pages[0])
        assert line and int(line[1]) == found[title], title


def test_a_screen_reader_gets_tags_a_language_and_words_for_pictures(printed: Printed) -> None:
    """The PDF is tagged, and each picture has its alternative text."""
    length = pypdfium2.raw.FPDFCatalog_GetLanguage(printed.file, None, 0)
    language = (ctypes.c_ushort * (length // 2))()
    pypdfium2.raw.FPDFCatalog_GetLanguage(printed.file, language, length)
    described = [text for page in printed.file for text in alternative_texts(page)]

    assert pypdfium2.raw.FPDFCatalog_IsTagged(printed.file)
    assert bytes(language).decode("utf-16-le") == "en\0"
    assert printed.file.get_metadata_value("Title").startswith("Why SQLite says")
    assert described == [unescape(alt) for alt in re.findall(r'<img alt="([^"]*)"', printed.html)]


def alternative_texts(page: pypdfium2.PdfPage) -> Iterator[str]:
    """The alternative texts of the elements of a page."""
    raw = pypdfium2.raw
    tree = raw.FPDF_StructTree_GetForPage(page)
    count = raw.FPDF_StructTree_CountChildren(tree)
    elements = [raw.FPDF_StructTree_GetChildAtIndex(tree, n) for n in range(count)]
    while elements:
        element = elements.pop(0)
        count = raw.FPDF_StructElement_CountChildren(element)
        children = [raw.FPDF_StructElement_GetChildAtIndex(element, n) for n in range(count)]
        elements = [child for child in children if child] + elements
        if length := raw.FPDF_StructElement_GetAltText(element, None, 0):
            text = ctypes.create_string_buffer(length)
            raw.FPDF_StructElement_GetAltText(element, text, length)
            yield text.raw.decode("utf-16-le").rstrip("\0")
    raw.FPDF_StructTree_Close(tree)


def dots(html: str) -> Any:
    """What the first page of a document looks like: a dot is 1/144 inch, black is 0."""
    with pypdfium2.PdfDocument(pdf(html)) as file:
        return file[0].render(scale=2, grayscale=True).to_numpy().copy()


@pytest.mark.usefixtures("pdf_can_be_made")
def test_the_letters_of_a_picture_are_to_be_seen(notebooks: dict[str, Any]) -> None:
    """WeasyPrint knows no paint-order: it would put the white edge of a letter over it."""
    outputs = [o for n in notebooks.values() for c in n.cells for o in c.get("outputs", [])]
    html = [output.get("data", {}).get("text/html", "") for output in outputs]
    [figure, *_] = [each for each in html if "<figure>" in each]
    [picture] = re.findall(r"base64,([\w+/=]+)", figure)
    bare = re.sub(r"<text.*?</text>", "", b64decode(picture).decode())
    wordless = figure.replace(picture, b64encode(bare.encode()).decode())

    assert ((dots(wordless) < 128) != (dots(figure) < 128)).sum() > 2000


@pytest.mark.usefixtures("pdf_can_be_made")
def test_a_long_line_of_code_is_wrapped(notebooks: dict[str, Any]) -> None:
    """In an exercise, beside which there is room to write, and in any other place."""
    [notebook] = small(RESULT).values()
    for cell in notebook.cells:
        cell.source = cell.source.replace("None", "one" * 200).replace("3", "three" * 100)
    html = document(ROOT, {"01_small.ipynb": notebook}, "A4", answers=False)
    with pypdfium2.PdfDocument(pdf(html)) as file:
        text = squeezed("".join(page.get_textpage().get_text_bounded() for page in file))
        worksheet = file[0].get_textpage()
        found = worksheet.search("oneone")
        ends = []
        while place := found.get_next():
            ends.append(worksheet.get_charbox(sum(place) - 1)[2])
        halfway = file[0].get_width() / 2

    assert "one" * 200 in text
    assert "three" * 100 in text
    assert 100 < max(ends) < halfway


# What can go wrong


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A lesson of one small notebook."""
    (tmp_path / "notebooks" / "instructor").mkdir(parents=True)
    (tmp_path / "notebooks" / "instructor" / "plans.md").write_text("# Plans\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("# A lesson\n", encoding="utf-8")
    save(tmp_path, *small(RESULT).values())
    return tmp_path


def save(lesson: Path, notebook: Any) -> None:
    """Make a notebook the one of the lesson."""
    file = lesson / "notebooks" / "01_small.ipynb"
    file.write_text(nbformat.writes(notebook), encoding="utf-8")


def one_cell(source: str) -> Any:
    """A notebook with one cell that is printed, and that was not run."""
    [notebook] = small().values()
    cell = new_code_cell(source, metadata={"tags": ["handout"]})
    return new_notebook(cells=[notebook.cells[0], cell])


@pytest.mark.usefixtures("pdf_can_be_made")
def test_four_files_are_made(lesson: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """None beside them; and no bar is drawn where there is no terminal."""
    make(lesson, lesson / "new" / "out", "A4", anew=False)

    names = ["instructor.html", "instructor.pdf", "learner.html", "learner.pdf"]
    assert sorted(path.name for path in (lesson / "new" / "out").iterdir()) == names
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("pdf_can_be_made")
def test_a_bar_is_drawn_on_a_terminal(
    lesson: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what is being done, and is wiped away at the end."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    make(lesson, lesson / "out", "A4", anew=False)

    drawn = capsys.readouterr().err
    assert "[.] 01_small.ipynb" in drawn
    assert "[#.] instructor.pdf" in drawn
    assert drawn.endswith("\r\033[K")


@pytest.mark.usefixtures("pdf_can_be_made")
def test_notebooks_can_be_executed_first(lesson: Path) -> None:
    """What they show now is printed, and their files stay as they are."""
    save(lesson, one_cell("6 * 7"))
    before = (lesson / "notebooks" / "01_small.ipynb").read_bytes()

    make(lesson, lesson / "out", "A4", anew=True)

    assert ">42<" in (lesson / "out" / "learner.html").read_text(encoding="utf-8")
    assert (lesson / "notebooks" / "01_small.ipynb").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "anew", "sentence"),
    [
        (
            one_cell("6 * 7"),
            False,
            r"no stored output of the cell that begins with '6 \* 7': store",
        ),
        (one_cell("1 / 0"), True, r"cell that begins with '1 / 0' failed \(ZeroDiv.*: mend it"),
        (one_cell("import os; os._exit(1)"), True, "was not printed: Kernel died.* Try again"),
        (new_notebook(), False, "does not begin with a cell of a title"),
        ({}, False, "01_small.ipynb is not a notebook"),
    ],
    ids=["no output", "a failing cell", "a dying kernel", "no cell", "no notebook"],
)
def test_a_notebook_that_cannot_be_printed(
    content: Any, anew: bool, sentence: str, lesson: Path
) -> None:
    """One sentence names it, and what was made before is left alone."""
    (lesson / "out").mkdir()
    (lesson / "out" / "learner.pdf").write_bytes(b"old")
    save(lesson, content) if content else (lesson / "notebooks" / "01_small.ipynb").write_text("{}")

    with pytest.raises(Problem, match=sentence) as problem:
        make(lesson, lesson / "out", "A4", anew)

    assert "\n" not in str(problem.value)
    assert [path.name for path in (lesson / "out").iterdir()] == ["learner.pdf"]
    assert (lesson / "out" / "learner.pdf").read_bytes() == b"old"


def test_a_problem_is_told_where_the_bar_was(
    lesson: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal the sentence stands alone in its line."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("helpers.publish.handout.ROOT", lesson)
    (lesson / "notebooks" / "01_small.ipynb").write_text("{}")

    assert main(["--output", str(lesson / "out")]) == 1

    assert re.search(r"\r\033\[K01_small.ipynb is not .*\.\n$", capsys.readouterr().err)


def test_a_paper_that_is_not_known(lesson: Path) -> None:
    """The sentence names those that are, and nothing is made."""
    with pytest.raises(Problem, match=r"^A5 is not a paper .*: name one of A4, Letter\.$"):
        make(lesson, lesson / "out", "A5", anew=False)

    assert not (lesson / "out").exists()


def test_a_folder_without_notebooks(tmp_path: Path) -> None:
    """One sentence says what is expected there."""
    with pytest.raises(Problem, match="has no notebook such as 00_start_here.ipynb"):
        read_notebooks(tmp_path, anew=False)


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before any work, in one sentence that names it."""
    (tmp_path / "file").write_bytes(b"")

    assert main(["--output", str(tmp_path / "file" / "out")]) == 1
    assert re.fullmatch(r".*file/out cannot be written to .*--output\.\n", capsys.readouterr().err)


def test_no_half_written_file_is_left(lesson: Path) -> None:
    """When the second of two files cannot be written, the first one is as it was."""
    out = lesson / "out"
    (out / "instructor.html.part").mkdir(parents=True)
    (out / "learner.html").write_bytes(b"old")

    with pytest.raises(Problem, match="cannot be written to"):
        make(lesson, out, "A4", anew=False)

    assert sorted(path.name for path in out.iterdir()) == ["instructor.html.part", "learner.html"]
    assert (out / "learner.html").read_bytes() == b"old"


def test_without_weasyprint_the_html_is_made(
    lesson: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says what to install."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)  # so that importing it fails
    out = lesson / "out"

    assert main(["--output", str(out)]) == 1

    said = capsys.readouterr().err
    assert "has the two documents as HTML; PDFs cannot be made here" in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in out.iterdir()) == ["instructor.html", "learner.html"]


WITHOUT_PANGO = """
import cffi
real = cffi.FFI.dlopen
def dlopen(self, name, flags=0):
    if "pango" in str(name):
        raise OSError(f"cannot load library {name!r}: no such file")
    return real(self, name, flags)
cffi.FFI.dlopen = dlopen
"""


def made_by_a_fresh_process(out: Path, code: str = "", **environment: str) -> tuple[str, list[str]]:
    """What making the handout says and leaves: WeasyPrint looks for libraries and fonts once."""
    code += "import sys\nfrom helpers.publish.handout import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, f"--output={out}"],
        env={**os.environ, **environment},
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    return done.stdout, sorted(path.name for path in out.iterdir())


def test_without_pango_there_is_a_sentence_and_no_page_of_advice(tmp_path: Path) -> None:
    """It says what to install, and the HTML is made."""
    said, files = made_by_a_fresh_process(tmp_path / "out", WITHOUT_PANGO)

    assert re.fullmatch(r".* HTML; PDFs cannot be made here \(cannot load .*libpango.*\.\n", said)
    assert files == ["instructor.html", "learner.html"]


def test_without_a_font_there_is_a_sentence_and_no_crash(tmp_path: Path) -> None:
    """WeasyPrint warns, and then ends the process; here the HTML is made."""
    config = tmp_path / "fonts.conf"
    config.write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>", encoding="utf-8")
    said, files = made_by_a_fresh_process(tmp_path / "out", FONTCONFIG_FILE=str(config))

    assert re.fullmatch(r".* HTML; PDFs cannot be made here \(No fonts.*dejavu-core.*\.\n", said)
    assert files == ["instructor.html", "learner.html"]


@pytest.mark.usefixtures("pdf_can_be_made")
@pytest.mark.parametrize("source", ["https://example.org/a.svg", "{folder}/a.svg", "a.svg"])
def test_nothing_is_fetched_for_a_pdf(source: str, tmp_path: Path) -> None:
    """A picture from elsewhere is refused, and named, also when it can be had."""
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")

    with pytest.raises(NoPdf, match=r'Error fetching ".*a\.svg": nothing is fetched'):
        pdf(f'<img src="{source.format(folder=tmp_path.as_uri())}" alt="A">')
