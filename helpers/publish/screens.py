"""A notebook in, its screens for a projector out: all that it shows, in its order.

Who has no kernel goes through them as through the notebook: each output has the text that leads
to it and the text that explains it. Of code that shows nothing, what is tagged is there to be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from helpers.publish.chapter import Chapter
from helpers.publish.form import form
from helpers.publish.frame import Section, tags
from helpers.publish.page import as_output, markdown, shown, source

LEFT_OUT = {"compare", "check", "solution", "answer"}
READ = {"handout-code", "exercise", "screen"}


@dataclass(frozen=True)
class Screen:
    """What is seen at once, or after a scroll.

    :param chapter: the number of the notebook that it is from.
    :param section: the heading in the notebook that it stands under, "" for its questions.
    :param heading: its own heading, which names notebook and section.
    :param inside: its HTML.
    """

    chapter: str
    section: str
    heading: str
    inside: Markup


def screens(chapter: Chapter, files: dict[str, str]) -> Iterator[Screen]:
    """The questions of a notebook, then what each of its sections asks and shows.

    :param chapter: one notebook.
    :param files: those of the case, by name: each has a screen, unless a cell prints it.
    """
    number, frame = chapter.frame.number, chapter.frame
    questions = markdown("\n".join(f"1. {question}" for question in frame.questions))
    yield Screen(number, "", f"{number} {frame.title}".replace("`", ""), questions)
    for section in frame.sections[1:]:
        if section.heading == "Clean up":
            continue
        for name, inside in _in_section(section, files):
            heading = f"{number} {name}".replace("`", "")
            yield Screen(number, section.heading.replace("`", ""), heading, inside)


def _in_section(section: Section, files: dict[str, str]) -> Iterator[tuple[str, Markup]]:
    """The screens of a section, each with the heading that it stands under."""
    name = section.heading
    told = {shown(output) for cell in section.cells for output in cell.get("outputs", ())}
    for group in _groups(_seen(section)):
        top = str(group[0].source)
        if top.startswith("### "):
            name = f"{section.heading}: {top.splitlines()[0].removeprefix('### ')}"
        if inside := Markup("\n").join(map(_inside, group)).strip():
            yield name, Markup(inside)
        if "case-files" in tags(group[-1]):
            for file, text in files.items():
                if as_output(text) not in told:  # else a cell below it prints the file
                    yield f"{name}: `{file}`", source(text)


def _seen(section: Section) -> list[Any]:
    """The cells of a section; of the code that shows nothing only what is to be read."""
    is_asked, found = section.heading.startswith("Predict"), list[Any]()
    for cell in section.cells:
        is_read = is_asked or bool(tags(cell) & READ)
        if not tags(cell) & LEFT_OUT and (cell.cell_type == "markdown" or cell.outputs or is_read):
            found.append(cell)
        is_asked = is_asked and "prediction" not in tags(cell)
    return found


def _groups(cells: list[Any]) -> Iterator[list[Any]]:
    """Each code that shows something, with what leads to it and what is said of it.

    A question below code has a screen of its own, too.
    """
    group = list[Any]()
    for cell, after in zip_longest(cells, cells[1:]):
        is_asked = after is not None and "prediction" in tags(after)
        is_next = (_shows(cell) or is_asked) and any(map(_shows, group))
        if group and (is_next or cell.source.startswith("### ")):
            lead = [group.pop()] if _shows(cell) and group[-1].source.endswith(":") else []
            yield group
            group = lead
        group.append(cell)
    if group:
        yield group


def _shows(cell: Any) -> bool:
    return cell.cell_type == "code" and "prediction" not in tags(cell)


def _inside(cell: Any) -> Markup:
    """Text without its heading, which the screen has; code with outputs that do not say enough."""
    if cell.cell_type == "markdown":
        return markdown(re.sub(r"^###? .*\n?", "", cell.source), below=2, flat=True)
    if "prediction" in tags(cell):
        return form(cell.source)
    outputs = [shown(output) for output in cell.outputs]
    is_picture = any("text/html" in output.get("data", {}) for output in cell.outputs)
    is_read = not is_picture or tags(cell) & READ
    return Markup("\n").join([source(cell.source), *outputs] if is_read else outputs)
