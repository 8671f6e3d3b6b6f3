"""Each document on each paper: what is printed, and what PDF/UA-1 (ISO 14289-1) demands.

All of that is in one file, whose tests run in one process, so that each PDF is made once. The
numbers are those of the Matterhorn Protocol 1.1, which lists what a validator checks.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2.raw as raw
import pytest
from printed import Printed
from test_papers import Outline, squeezed, words

from helpers.publish.papers import Lesson

ROOT = Path(__file__).parents[3]
PAINTS = {"Tj", "TJ", "'", '"', "f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "Do", "EI"}
# The worksheet has a page for each notebook, and four for the case.
MOST_PAGES = {
    "findings": 20,
    "findings-optional": 10,
    "desk-sheet": 2,
    "guide": 60,
    "worksheet": len(list((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))) - 1 + 4,
}


# On paper


def test_it_can_be_carried(printed: Printed) -> None:
    """One leaf on the desk; no more pages than a learner reads, and an instructor prepares from."""
    assert len(printed.pages) <= MOST_PAGES[printed.name]


def test_no_table_and_no_code_is_cut(printed: Printed) -> None:
    """All the text of a table, its caption too, is on one page; so is that of a block of code."""
    blocks = re.findall(r"<table.*?</table>|<pre.*?</pre>", printed.html, re.DOTALL)
    pages = [squeezed(page) for page in printed.pages]

    assert blocks
    for block in blocks:
        text = squeezed(words(block))
        assert any(text in page for page in pages), block


def test_no_name_is_broken(printed: Printed) -> None:
    """A line of code that is too long is broken between names, and a mark says that it goes on."""
    code = re.findall(r"<code.*?</code>", printed.html.replace("<wbr/>", ""), re.DOTALL)
    names = Counter(name for each in code for name in re.findall(r"\w+", words(each)))
    there = Counter(name for page in printed.pages for name in re.findall(r"\w+", page))

    assert names
    assert names - there == Counter()


def test_nothing_runs_into_the_margin(printed: Printed) -> None:
    """Ten millimeters on the left and on the right, and five above and below, are white."""
    for number, page in enumerate(printed.file, start=1):
        picture = page.render(scale=1, grayscale=True).to_numpy()  # a dot is 1/72 inch
        side, edge = int(10 * 72 / 25.4), int(5 * 72 / 25.4)
        for strip in (picture[:, :side], picture[:, -side:], picture[:edge], picture[-edge:]):
            assert strip.min() == 255, f"page {number}"


def test_nothing_is_too_small(printed: Printed, document: pikepdf.Pdf) -> None:
    """Text has 10 points; tables, captions, code and the heads of pages 8, pictures 6."""
    paths = {
        (id_of(element.Pg), kid): path
        for path, element in elements(document.Root.StructTreeRoot)
        for kid in element.get("/K", [])
        if isinstance(kid, int)
    }
    found = Counter[str]()
    for number, page in enumerate(printed.file):
        for each in page.get_objects([raw.FPDF_PAGEOBJ_TEXT], max_depth=9):
            mark = raw.FPDFPageObj_GetMarkedContentID(each.raw)
            path = paths.get((id_of(document.pages[number]), mark), ())
            size = ctypes.c_float()
            assert raw.FPDFTextObj_GetFontSize(each.raw, size)
            points = round(size.value * abs(each.get_matrix().d), 2)
            kind = kind_of(path, is_code(each))
            found[kind] += 1
            assert points >= LEAST[kind], f"{kind} of {points} on page {number + 1}"

    assert found["text"] > 10
    assert found["table"] > 50


def test_no_text_lies_upon_another(printed: Printed, document: pikepdf.Pdf) -> None:
    """Outside of pictures, where a white edge is drawn below the letters."""
    pictures = {
        (id_of(element.Pg), kid)
        for path, element in elements(document.Root.StructTreeRoot)
        for kid in element.get("/K", [])
        if isinstance(kid, int) and path[-1] == "/Figure"
    }
    for number, page in enumerate(printed.file):
        place = id_of(document.pages[number])
        texts = page.get_objects([raw.FPDF_PAGEOBJ_TEXT], max_depth=1)
        marks = [(raw.FPDFPageObj_GetMarkedContentID(each.raw), each) for each in texts]
        boxes = [each.get_bounds() for mark, each in marks if (place, mark) not in pictures]
        assert boxes
        for one, other in combinations(boxes, 2):
            width = min(one[2], other[2]) - max(one[0], other[0])
            height = min(one[3], other[3]) - max(one[1], other[1])
            assert min(width, height) < 4, f"page {number + 1}: {one} and {other}"


LEAST = {"text": 10, "table": 8, "code": 8, "head": 8, "picture": 6}


def kind_of(path: tuple[str, ...], has_code: bool) -> str:
    """What a text is a part of, by the elements around it."""
    if "/Figure" in path:
        return "picture"
    if {"/Table", "/Caption"} & set(path):
        return "table"
    if has_code:
        return "code"
    return "text" if path else "head"


def is_code(text: Any) -> bool:
    """Whether the letters of a text are all of one width."""
    name = ctypes.create_string_buffer(100)
    raw.FPDFFont_GetBaseFontName(raw.FPDFTextObj_GetFont(text.raw), name, 100)
    return b"Mono" in name.value


def test_each_page_says_which_one_it_is(printed: Printed) -> None:
    """Of how many; a leaf for the desk needs none."""
    total = len(printed.pages)
    if printed.name != "desk-sheet":
        pages = enumerate(printed.pages, 1)
        assert [n for n, page in pages if f"{n} / {total}" not in page] == []


def test_a_page_of_the_worksheet_never_answers_itself(printed: Printed) -> None:
    """An exercise begins a page, so whoever predicts does not see it; what comes next is asked."""
    if printed.name != "worksheet":
        return
    told = re.compile(r"^(Predict: |\d\d Your turn\s*$)", re.MULTILINE)
    order = [[found[1][:7] == "Predict" for found in told.finditer(page)] for page in printed.pages]

    assert sum(map(len, order)) == len(re.findall(r"<h3>(?:Predict|\d\d Your)", printed.html))
    for number, asked in enumerate(order, 1):
        assert asked == sorted(asked), f"page {number}: an exercise below a prediction"


def test_the_contents_say_the_page(printed: Printed, lesson: Lesson) -> None:
    """The number beside a title is the page of its heading."""
    marks = reversed([*printed.file.get_toc()])
    found = {mark.get_title(): mark.get_dest().get_index() + 1 for mark in marks}
    for title in [each for each in found if re.match(r"\d\d (?!minutes|Your turn)", each)]:
        inside = r"\s+".join(map(re.escape, title.split()))  # a long one has two lines
        line = re.search(rf"{inside}\s*\.+\s*(\d+)", printed.pages[0])
        assert line and int(line[1]) == found[title], title


def test_a_page_head_names_what_begins_below_it(printed: Printed) -> None:
    """Not the notebook that ended on the page before."""
    tops = {
        (mark.get_dest().get_index(), mark.get_title())
        for mark in printed.file.get_toc()
        if mark.level == 1 and mark.get_dest().get_view()[1][1] > printed.file[0].get_height() - 40
    }
    for number, title in tops if printed.name != "desk-sheet" else []:
        page = printed.file[number]
        head = page.get_textpage().get_text_bounded(bottom=page.get_height() - 24)
        assert number == 0 or title in " ".join(head.split()), f"page {number + 1}"


# For those who cannot see it


@pytest.fixture(scope="module")
def document(printed: Printed) -> Iterator[pikepdf.Pdf]:
    """The PDF, to be read object by object."""
    with pikepdf.open(BytesIO(printed.content)) as found:
        yield found


def elements(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The elements of the tree in their order, each with the kinds of those around it."""
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield (*path, str(kid.S)), kid
            yield from elements(kid, (*path, str(kid.S)))


def test_it_says_what_it_is(document: pikepdf.Pdf, printed: Printed) -> None:
    """Tagged, PDF/UA-1, with a language and a title that the window shows (06, 07, 11)."""
    with document.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"].startswith("Why SQLite says no such table: ")

    assert document.Root.MarkInfo.Marked
    assert document.Root.Lang == "en"
    assert document.Root.ViewerPreferences.DisplayDocTitle


def test_all_that_is_drawn_is_text_or_decoration(document: pikepdf.Pdf) -> None:
    """Nothing is drawn outside of a mark, and each mark is in the tree or an artifact (01)."""
    marks = {id_of(page): set[int]() for page in document.pages}
    for _, element in elements(document.Root.StructTreeRoot):
        if kids := {kid for kid in element.get("/K", []) if isinstance(kid, int)}:
            marks[id_of(element.Pg)] |= kids
    for page in document.pages:
        open_marks: list[bool] = []
        for each in pikepdf.parse_content_stream(page):
            name = str(each.operator)
            if name == "BMC":
                open_marks.append(each.operands[0] == "/Artifact")
            elif name == "BDC":
                open_marks.append(each.operands[1].MCID in marks[id_of(page)])
            elif name == "EMC":
                open_marks.pop()
            elif name in PAINTS:
                assert any(open_marks), f"{name} of {each.operands}"


def id_of(page: Any) -> tuple[int, int]:
    """The number of a page's object."""
    return tuple(page.obj.objgen if isinstance(page, pikepdf.Page) else page.objgen)


def test_every_picture_has_words(document: pikepdf.Pdf, printed: Printed) -> None:
    """Those of the notebook (13)."""
    figures = [
        each for path, each in elements(document.Root.StructTreeRoot) if path[-1] == "/Figure"
    ]
    told = re.findall(r'<img [^>]*?alt="([^"]*)"', printed.html)

    assert [str(figure.Alt) for figure in figures] == [unescape(alt) for alt in told]


def test_headings_leave_no_level_out(document: pikepdf.Pdf, printed: Printed) -> None:
    """They begin with the first, and there is a bookmark for each (14, 29)."""
    kinds = [path[-1] for path, _ in elements(document.Root.StructTreeRoot)]
    levels = [int(kind[2:]) for kind in kinds if re.fullmatch(r"/H\d", kind)]
    asked = [int(tag[1]) for tag, _ in Outline(printed.html).tags if re.fullmatch(r"h\d", tag)]

    assert levels == asked
    assert levels[0] == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []
    assert len([*printed.file.get_toc()]) == len(levels)


def test_every_heading_of_a_table_says_of_what(document: pikepdf.Pdf, printed: Printed) -> None:
    """Of its column or of its row; rows are in tables, and cells in rows (15)."""
    for path, element in elements(document.Root.StructTreeRoot):
        if path[-1] in ("/TH", "/TD"):
            assert path[-2] == "/TR"
            assert "/Table" in path[-4:-2]
        if path[-1] == "/TH":
            assert element.A.Scope == ("/Column" if path[-3] == "/THead" else "/Row")


def test_lists_are_lists(document: pikepdf.Pdf) -> None:
    """A list has items, and an item a sign and a body (16)."""
    for path, _ in elements(document.Root.StructTreeRoot):
        if path[-1] in ("/Lbl", "/LBody"):
            assert path[-2] == "/LI"
        if path[-1] == "/LI":
            assert path[-2] == "/L"


def test_links_can_be_followed_without_a_mouse(document: pikepdf.Pdf) -> None:
    """The keys go by the tree; a link says where it leads, is in the tree and is printed (28)."""
    in_tree = {
        kid.Obj.objgen
        for path, element in elements(document.Root.StructTreeRoot)
        for kid in element.get("/K", [])
        if isinstance(kid, pikepdf.Dictionary) and "/Obj" in kid and "/Link" in path
    }
    for page in document.pages:
        links = [each for each in page.get("/Annots", []) if each.Subtype == "/Link"]
        assert page.get("/Tabs", "/S") == "/S"
        assert not links or "/Tabs" in page
        for link in links:
            assert str(link.Contents)
            assert int(link.F) & 4
            assert link.objgen in in_tree


def test_fonts_are_in_the_file(document: pikepdf.Pdf) -> None:
    """With what each of their signs means (10, 31)."""
    fonts = [font for page in document.pages for font in page.resources.get("/Font", {}).values()]

    assert fonts
    for font in fonts:
        inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(inner.FontDescriptor.keys())
        assert "/ToUnicode" in font
