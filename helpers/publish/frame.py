"""The frame of a notebook: its title, minutes, questions and sections, read in one place.

Whoever needs to know what a notebook says of itself asks here: the rules in the tests, the
map in README.md, the papers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

TITLE = re.compile(r"# (.+)")
MINUTES = re.compile(r"\*\*(\d+) minutes(, optional)?\.\*\*")
QUESTION = re.compile(r"^\d+\. (.+)$", re.MULTILINE)

TAGS = {
    "handout": "print the outputs of this code cell, or this markdown, in the findings;"
    " neighbors with this tag are one unit and stay on one page",
    "handout-code": "print the source of this code cell too",
    "worksheet": "print the source of this code cell with the exercise, which needs it",
    "evidence": "print the outputs of this code cell on the worksheet, above the predictions",
    "case-files": "print the files of the case on the worksheet, above the exercise",
    "desk": "print this cell on the desk sheet",
    "screen": "show the source of this code cell on the projector",
    "notebook-only": "do not print this cell, although its section is printed",
    "answer": "print this cell in the instructor's guide only",
    "solution": "print this cell in the instructor's guide only, behind the exercise",
}


class Problem(Exception):
    """What stops the work, as a sentence for the person who started it."""


@dataclass(frozen=True)
class Section:
    """A heading of level two, and the cells up to the next one.

    :param heading: the words behind ``##``; "" for the cells above the first heading.
    :param cells: as ``nbformat`` reads them, the one with the heading among them.
    """

    heading: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class Frame:
    """What a notebook says of itself.

    :param name: its file name, such as ``04_does_it_help_to_create_in_a_view.ipynb``.
    :param title: the words of its one heading of level one.
    :param minutes: how long it takes.
    :param optional: whether the lesson can do without it.
    :param questions: what it answers, as markdown.
    :param sections: all its cells, in order.
    """

    name: str
    title: str
    minutes: int
    optional: bool
    questions: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def number(self) -> str:
        """The two digits that its file name begins with."""
        return self.name[:2]

    def section(self, heading: str) -> tuple[Any, ...]:
        """The cells of the sections whose heading begins so, none where there is no such one."""
        found = [each.cells for each in self.sections if each.heading.startswith(heading)]
        return tuple(cell for cells in found for cell in cells)


def read_frame(name: str, notebook: Any) -> Frame:
    """Read the frame of a notebook.

    :param name: its file name, which begins with two digits.
    :param notebook: as ``nbformat`` reads it.
    :raises Problem: when its first cell has no title, or does not say how long it takes.
    """
    top = str(notebook["cells"][0]["source"]) if notebook["cells"] else ""
    title, minutes = TITLE.match(top), MINUTES.search(top)
    if not title or not minutes:
        raise Problem(
            f"{name} does not begin with a cell of a title and **N minutes.**: add one, as in"
            " '# Where did my table go?' and '**20 minutes.**'."
        )
    return Frame(
        name=name,
        title=title[1],
        minutes=int(minutes[1]),
        optional=minutes[2] is not None,
        questions=tuple(QUESTION.findall(top)),
        sections=tuple(_sections(notebook["cells"])),
    )


def tags(cell: Any) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", ()))


def units(cells: tuple[Any, ...], tag: str) -> list[list[Any]]:
    """The runs of neighbors that have a tag, each with its evidence and what is said of it.

    A paper prints a unit on one page. A heading begins a new one, and so does a table or a picture
    below a text that doesn't lead on to it. A comparison parts nothing, nor does code that shows
    nothing.

    :param cells: as ``nbformat`` reads them.
    :param tag: the tag to look for.
    """
    found: list[list[Any]] = []
    open_unit = False
    for cell in cells:
        is_text = cell["cell_type"] == "markdown"
        if tag not in tags(cell):
            shows_nothing = not is_text and not cell["outputs"] and "prediction" not in tags(cell)
            open_unit = open_unit and ("compare" in tags(cell) or shows_nothing)
            continue
        if open_unit and is_text:
            open_unit = not cell["source"].startswith("#")
        elif open_unit:
            above = found[-1][-1]
            goes_on = above["cell_type"] == "code" or leads_on(above["source"]) or is_bare(cell)
            open_unit = goes_on or all(each["cell_type"] == "markdown" for each in found[-1])
        if not open_unit:
            found.append([])
        found[-1].append(cell)
        open_unit = True
    return found


def heading_of(cell: Any, section: Section) -> str:
    """The words of the last heading at a cell or above it.

    :param cell: one of the section's.
    :param section: where it stands.
    """
    above = section.cells[: 1 + next(n for n, each in enumerate(section.cells) if each is cell)]
    texts = [each.source for each in above if each.cell_type == "markdown"]
    headings = [found[1] for text in texts if (found := re.match(r"#+ (.+)", text))]
    return headings[-1] if headings else ""


def is_bare(cell: Any) -> bool:
    """Whether what code shows has no caption, and so needs the text above it."""
    return not any("text/html" in output.get("data", {}) for output in cell["outputs"])


def leads_on(text: str) -> bool:
    """Whether a text announces what comes below it: it asks, or it ends with a colon."""
    return text.rstrip().endswith((":", "?"))


def _sections(cells: list[Any]) -> Iterator[Section]:
    heading, found = "", list[Any]()
    for cell in cells:
        if cell["cell_type"] == "markdown" and cell["source"].startswith("## "):
            yield Section(heading, tuple(found))
            heading, found = cell["source"].splitlines()[0].removeprefix("## "), []
        found.append(cell)
    yield Section(heading, tuple(found))


def lesson_map(frames: Iterable[Frame], here: str = "") -> str:
    """The notebooks of the lesson as a table in markdown: what each asks, and how long it takes.

    :param frames: those of the notebooks, in order.
    :param here: the number of the notebook that the table stands in, which is not linked.
    """
    rows = ["| Notebook | Minutes | |", "|---|---|---|"]
    for frame in frames:
        name = f"{frame.number} {frame.title}"
        link = name if frame.number == here else f"[{name}]({frame.name})"
        rows.append(f"| {link} | {frame.minutes} | {'optional' if frame.optional else ''} |")
    return "\n".join(rows)
