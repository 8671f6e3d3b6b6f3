"""The answers of the predictions and of the exercises, beside their reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from bs4 import BeautifulSoup
from markupsafe import Markup

from helpers.publish.changes import changes
from helpers.publish.frame import Section, tags
from helpers.publish.page import markdown

KEY = re.compile(r'^compare\("(\w+)"', re.MULTILINE)
RIGHT = "**Right.** "


def read_answers(sheet: str) -> Iterator[tuple[str, str]]:
    """The answers of the predictions by their keys, as a run sheet has them in one line.

    :param sheet: the remarks on a notebook.
    """
    for line in sheet.splitlines():
        if line.startswith(RIGHT):
            for answer in line.removeprefix(RIGHT).removesuffix(".").split("; "):
                key, _, told = answer.partition(": ")
                yield key, told


def answers_in(section: Section, right: Mapping[str, str]) -> dict[str, Markup]:
    """The answers of the predictions that are compared in a section, by the id of a text.

    It's the text below the comparison, or the one above where a heading comes next.

    :param section: with the comparisons.
    :param right: the answer of each prediction, by its key.
    """
    texts = [c for c in section.cells if c.cell_type == "markdown" and "handout" in tags(c)]
    found: dict[str, Markup] = {}
    for place, cell in enumerate(section.cells):
        for key in filter(right.get, keys_of(cell)):
            above = [text for text in section.cells[:place] if text in texts]
            below = [text for text in section.cells[place:] if text.cell_type == "markdown"]
            goes_on = list(takewhile(lambda text: not text.source.startswith("#"), below))
            answer = Markup("<strong>{}: {}.</strong> ").format(key, right[key])
            for reason in [*above[-1:], *[text for text in goes_on if text in texts][:1]][-1:]:
                found[reason.id] = found.get(reason.id, Markup("")) + answer
    return found


def keys_of(cell: Any) -> list[str]:
    """The keys of the predictions that a cell compares."""
    return KEY.findall(cell.source) if "compare" in tags(cell) else []


def begun(answer: Markup, text: Markup) -> Markup:
    """A text that begins with an answer, if there is one.

    :param answer: what ``answers_in`` has for it, or nothing.
    :param text: as HTML.
    """
    if answer and text.startswith("<p>"):
        return Markup("<p>{}{}").format(answer, Markup(text.removeprefix("<p>")))
    return Markup("<p>{}</p>\n{}").format(answer, text) if answer else text


def repairs(cells: tuple[Any, ...]) -> Iterator[Markup]:
    """What each solution says of its code.

    :param cells: those of a notebook.
    """
    for cell in cells:
        if "solution" in tags(cell):
            said = BeautifulSoup(markdown(cell.source), "html.parser")("p")
            texts = [re.sub(r":$", ".", text.decode_contents()) for text in said]
            texts = [text for text in texts if text not in ("Solution", "Solutions")]
            yield Markup(" ".join(texts))


def solutions(cells: tuple[Any, ...], files: dict[str, str]) -> Iterator[Markup]:
    """Each repair, as what it changes in the exercise where that is shorter."""
    given = "\n".join(cell.source for cell in cells if "exercise" in tags(cell))
    for cell in cells:
        if "solution" in tags(cell):
            yield markdown(changes(cell.source, files, given), below=2, flat=True)
