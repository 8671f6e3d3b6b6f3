"""A notebook in, what is printed of it out: its frame, and the cells with a tag of ``TAGS``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from helpers.publish.frame import Problem
from helpers.publish.page import markdown, shown

TAGS = {
    "handout": "print the outputs of this code cell, or this markdown up to its second paragraph",
    "handout-code": "print the source of this code cell",
    "handout-last": "print this cell as with handout, on the last pages",
    "handout-only": "print what this markdown cell has in an HTML comment, unseen elsewhere",
    "notebook-only": "do not print this cell, although its section is printed",
    "answer": "print this cell in the instructor copy only",
}
SECTIONS = {"Predict": "predict", "Your turn": "exercise", "Key points": "points"}


@dataclass
class Chapter:
    """What is printed of one notebook: HTML, cell by cell."""

    number: str
    title: str
    minutes: str
    questions: str
    remarks: str = ""
    measured: str = ""
    predict: list[Markup] = field(default_factory=list)
    findings: list[Markup] = field(default_factory=list)
    exercise: list[Markup] = field(default_factory=list)
    points: list[Markup] = field(default_factory=list)
    last: list[Markup] = field(default_factory=list)


def read_chapter(name: str, notebook: Any, answers: bool) -> Chapter:
    """Pick from a notebook what is printed of it.

    :param name: the file name, which begins with two digits.
    :param notebook: as ``nbformat`` reads it.
    :param answers: also the solutions and other answers, and the letter that was measured.
    :raises Problem: when its first cell is not that of the lesson, or an output is missing.
    """
    top = notebook.cells[0].source if notebook.cells else ""
    title, minutes = re.match(r"# (.+)", top), re.search(r"\*\*(\d+) minutes", top)
    if not title or not minutes:
        raise Problem(f"{name} does not begin with a cell of a title and **N minutes**: add one.")
    questions = markdown("\n".join(re.findall(r"^\d+\. .+", top, re.MULTILINE)))
    chapter = Chapter(name[:2], title[1].replace("`", ""), minutes[1], questions)
    section = ""
    for cell in notebook.cells[1:]:
        tags = set(cell.metadata.get("tags", ()))
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            section = cell.source.splitlines()[0].removeprefix("## ")
        if tags & {"answer", "solution"} and not answers:
            continue
        if answers and (found := re.search(r'compare\(prediction, "(\w)"\)', cell.source)):
            chapter.measured = found[1]
        if place := _place(cell, tags, section):
            try:
                getattr(chapter, place).append(_printed(cell, tags))
            except LookupError:
                start = cell.source.partition("\n")[0]
                raise Problem(
                    f"{name} has no stored output of the cell that begins with {start!r}: store"
                    " one with `make notebooks`, or use --execute."
                ) from None
    return chapter


def _place(cell: Any, tags: set[str], section: str) -> str:
    """The list of a chapter in which a cell is printed, or "" for none."""
    if "notebook-only" in tags:
        return ""
    if "handout-last" in tags:
        return "last"
    if tags & {"exercise", "solution"}:
        return "exercise"
    if tags & TAGS.keys():
        return "findings"
    return SECTIONS.get(section, "") if cell.cell_type == "markdown" else ""


def _printed(cell: Any, tags: set[str]) -> Markup:
    """One cell as HTML.

    :raises LookupError: when its outputs are to be printed, and none is stored.
    """
    parts = []
    if cell.cell_type == "markdown":
        parts.append(markdown(_for_paper(cell.source, tags), below=3, flat=True))
    if tags & {"exercise", "handout-code"}:
        parts.append(Markup("<pre><code>{}</code></pre>").format(cell.source))
    if "exercise" in tags:
        lines = Markup("<div></div>") * max(3, cell.source.count("\n") + 1)
        parts.append(Markup('<div class="room">{}</div>').format(lines))
    elif cell.cell_type == "code" and tags - {"handout-code"}:
        if not cell.outputs:
            raise LookupError
        parts += map(shown, cell.outputs)
    kind = next((tag for tag in ("answer", "solution", "exercise") if tag in tags), "cell")
    return Markup('<div class="{}">{}</div>').format(kind, Markup("\n").join(parts))


def _for_paper(text: str, tags: set[str]) -> str:
    """The markdown of a cell, without what only a screen can do."""
    if "handout-only" in tags:
        text = re.sub(r"<!--|-->", "", text)
    if tags & {"handout", "handout-last"}:
        text = _up_to_second_paragraph(text)
    if text.startswith("## Predict"):  # below the choices it says where to put the letter
        choices = re.findall(r"^- .*$", text, re.MULTILINE)
        text = text[: text.rindex(choices[-1]) + len(choices[-1])] if choices else text
    text = re.sub(r"^(Previous|Next): .*", "", text, flags=re.MULTILINE)
    return re.sub(r"</?details>|<summary>(.*)</summary>", r"\1", text)


def _up_to_second_paragraph(text: str) -> str:
    """An explanation with its list or table, without what leads over to the next cell."""
    blocks = text.split("\n\n")
    other = re.compile(r"#|\||[-*] |\d+\. |```|    ")  # headings, tables, lists, code
    paragraphs = [number for number, block in enumerate(blocks) if not other.match(block)]
    return "\n\n".join(blocks[: paragraphs[1]] if len(paragraphs) > 1 else blocks)
