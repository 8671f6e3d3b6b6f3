"""Each PDF has what PDF/UA-1 (ISO 14289-1) demands, as far as a program can see it.

The numbers are those of the Matterhorn Protocol 1.1, which lists what a validator checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from itertools import pairwise
from typing import Any

import pikepdf
import pytest
from printed import Printed
from test_papers import Outline

PAINTS = {"Tj", "TJ", "'", '"', "f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "Do", "EI"}


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
