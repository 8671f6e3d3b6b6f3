"""Markdown and stored outputs in, HTML for paper out."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, zip_longest
from typing import Any

import mistune
from bs4 import BeautifulSoup, Comment, Tag
from markupsafe import Markup, escape

LONGEST = 40  # lines of code that stay on one page
SAVED = 6  # lines that a second column is worth
STRING = re.compile(r"[fr]?([\"'])(?:(?!\1).)+\1")
BREAK = re.compile(r" +|[(\[{/?&]|(?=\.[a-z_])")
THREAD = re.compile(r"T\d+ .{1,20} \(tid-\d+\)")
LETTER = 4.5  # points that a letter of a caption is wide
CODE = 5.4  # points that a letter of code is wide
ACROSS = 520  # points that a table and its text have
NARROW = 92  # letters of a table that leaves room beside it
PLACE = re.compile(r"(?<=[(\[{/,?&])(?=[^)\]}\s/])|(?<=\w)(?=\.[a-z_]\w\w)")
GOES_ON = "↪ "
CHAPTER = re.compile(r"(\d\d)_\w+\.ipynb")


def markdown(text: str, below: int = 0, flat: bool = False) -> Markup:
    """Markdown as HTML for paper.

    :param text: as in a cell or a file. A link to a notebook becomes one to its chapter.
    :param below: the level of the heading that the text comes under.
    :param flat: put every heading one level below that, so that none is left out.
    """
    render = mistune.create_markdown(renderer=_Renderer(below, flat), plugins=["table"])
    return for_paper(str(render(text)))


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, below: int, flat: bool) -> None:
        super().__init__(escape=False)
        self.below, self.flat = below, flat

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        return super().heading(text, self.below + (1 if self.flat else level), **attributes)

    def paragraph(self, text: str) -> str:
        leads_on = text.startswith(("Previous: ", "Next: "))
        return "" if leads_on else super().paragraph(text)

    def block_code(self, code: str, info: str | None = None) -> str:
        if info == "board":  # a sketch, drawn with the lines that letters can have
            return Markup('<pre class="board">{}</pre>').format(code.rstrip())
        return side_by_side(code)


@cache  # the guide and its learners' papers print the same
def for_paper(html: str) -> Markup:
    """HTML without what only a screen can do, whose tables say what a heading is the heading of.

    :param html: as pandas, mistune and the lesson write it. What is folded is unfolded, a link to
        a notebook becomes one to its chapter, and any other link inside of the lesson is text.
    """
    tree = BeautifulSoup(html, "html.parser")
    for comment in tree(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for folded in tree("details"):
        folded.unwrap()
    for name in tree("summary"):
        name.name = "p"
    for link in tree("a", href=lambda target: target and "://" not in target):
        if chapter := CHAPTER.search(str(link["href"])):
            link["href"] = f"#c{chapter[1]}"
        else:
            link.unwrap()
    for heading in tree("th"):
        if heading.get_text(strip=True):
            heading["scope"] = "col" if heading.find_parent("thead") else "row"
        else:
            heading.name = "td"  # an empty heading names nothing
    for cell in tree("td"):
        _set(cell)
    return Markup(str(tree))


def _set(cell: Tag) -> None:
    """Set the words of a cell as they are in a text: a thread on one line, and code as code."""
    text = cell.get_text()
    if THREAD.fullmatch(text):
        cell.string = text.replace(" ", "\N{NO-BREAK SPACE}")
    elif cell.string and "`" in text:  # as in a finding of ``diagnose``
        marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
        cell.clear()
        cell.append(BeautifulSoup(marked, "html.parser"))


def source(code: str, width: int = 0) -> Markup:
    """Code as HTML, with single blank lines; what is long is parted there.

    :param code: lines of Python.
    :param width: the characters that a line has room for; 0 where no line is too long.
    """
    if width:
        code = "\n".join(chain(*(folded(line, width) for line in code.splitlines())))
    parts = [""]
    single = re.sub(r"\n{3,}", "\n\n", code.strip("\n"))
    for piece in re.split(r"(?<=\n)(?=\n)", single):
        if parts[-1] and (parts[-1] + piece).count("\n") >= LONGEST:
            parts.append("")
        parts[-1] += piece
    blocks = [escape(part.strip("\n")) for part in parts]
    return Markup("\n").join(Markup("<pre><code>{}</code></pre>").format(each) for each in blocks)


def side_by_side(code: str, width: int = 52) -> Markup:
    """Code as HTML in two columns where that saves room, parted at a blank line.

    :param code: lines of Python.
    :param width: the characters that a line of a column has room for.
    """
    lines = code.strip("\n").splitlines()
    wide = [len(folded(line, width)) for line in lines]
    blank = [n for n, line in enumerate(lines) if not line]
    middle = min(blank, key=lambda n: max(sum(wide[:n]), sum(wide[n:])), default=0)
    if max(sum(wide[:middle]), sum(wide[middle:])) > len(lines) - SAVED:
        return source(code)
    columns = [source("\n".join(part), width) for part in (lines[:middle], lines[middle:])]
    return Markup('<div class="beside">{}\n{}</div>').format(*columns)


def folded(line: str, width: int) -> list[str]:
    """A line of code as lines that fit: broken at a space, a bracket, a dot, or as a URL is.

    It is never broken inside of a name, and inside of a string only where nothing else is left.
    A mark begins what goes on.

    :param line: without its end.
    :param width: the characters that there is room for.
    """
    found: list[str] = []
    indent = " " * (len(line) - len(line.lstrip()))
    goes_on = f"{indent}  {GOES_ON}"
    while len(line) > width:
        strings = [range(each.start() + 1, each.end()) for each in STRING.finditer(line)]
        start = len(goes_on if found else indent) + 1
        at = [each.end() for each in BREAK.finditer(line, start, width + 1)]
        at = [n for n in at if n <= width]
        outside = [n for n in at if not any(n in string for string in strings)]
        last = (outside or at or [width])[-1]
        found.append(line[:last].rstrip())
        line = goes_on + line[last:]
    return [*found, line]


def breakable(html: str) -> Markup:
    """HTML, in which a line of code may be broken as ``folded`` does, and not inside of a name.

    :param html: with code in a sentence or in a cell of a table.
    """
    tree = BeautifulSoup(html, "html.parser")
    for code in tree("code"):
        parts = PLACE.split(code.get_text())
        code.clear()
        for number, part in enumerate(parts):
            code.extend([tree.new_tag("wbr"), part] if number else [part])
    return Markup(str(tree))


def shown(output: Any) -> Markup:
    """One stored output as HTML.

    :param output: as ``nbformat`` reads it.
    """
    data = output.get("data", {})
    if "text/html" in data:
        # A caption and its table stay on one page only inside of something else.
        return Markup('<div class="shown">{}</div>').format(for_paper(data["text/html"]))
    if output.output_type == "error":
        text = f"{output.ename}: {output.evalue}"
    else:
        text = output.get("text") or data.get("text/plain", "")
    return as_output(text)


def as_output(text: str) -> Markup:
    """What a cell prints as HTML."""
    return Markup('<pre class="output">{}</pre>').format(text.rstrip())


def beside(table: Markup, text: Markup) -> Markup:
    """A table and the text below it, which runs around it where there is room beside it.

    :param table: as ``shown`` makes it.
    :param text: what is said of it.
    """
    tree = BeautifulSoup(table, "html.parser")
    rows = [[len(cell.get_text()) for cell in row(["th", "td"])] for row in tree("tr")]
    columns = [max(column) + 2 for column in zip_longest(*rows, fillvalue=0)]
    caption = len(tree.caption.get_text()) if tree.caption else 0
    wide = max(sum(columns), caption)
    code = [each.get_text() for each in BeautifulSoup(text, "html.parser")("code")]
    longest = max((len(word) for each in code for word in each.split()), default=0)
    if not rows or wide > NARROW or wide * LETTER + longest * CODE > ACROSS:
        return Markup("{}\n{}").format(table, text)
    left = Markup('<div class="left" style="min-width: {:.0f}pt">{}</div>')
    parts = left.format(caption * LETTER, table), text
    return Markup('<div class="row">{}<div>{}</div></div>').format(*parts)
