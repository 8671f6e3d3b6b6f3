"""What of a notebook the guide does not print: it speaks of that, and so says where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bs4 import BeautifulSoup
from markupsafe import Markup

from helpers.publish.frame import Frame, tags
from helpers.publish.page import markdown, shown

FRAME = {"Your turn", "Clean up", "Key points"}


def elsewhere(frame: Frame, printed: Iterable[Markup]) -> Iterator[Markup]:
    """The headings below which nothing is printed, and the captions of pictures that are not.

    :param frame: that of the notebook.
    :param printed: what the guide prints of it.
    """
    there = FRAME | {name for _, name in _names("".join(printed))}
    for section in frame.sections[1:]:
        if any("case-files" in tags(cell) for cell in section.cells):
            continue  # the guide prints them
        for cell in section.cells:
            for kind, name in _names(_all_of(cell)):
                if name not in there:
                    yield Markup("{}<em>{}</em>").format(kind, name.rstrip("."))


def _all_of(cell: Any) -> Markup:
    if cell.cell_type == "markdown":
        return markdown(cell.source, below=2, flat=True)
    return Markup("").join(map(shown, cell.outputs))


def _names(html: str) -> Iterator[tuple[str, str]]:
    """Each heading and each caption of a picture, with what it is called."""
    for found in BeautifulSoup(html, "html.parser")(["h3", "figcaption"]):
        yield "" if found.name == "h3" else "the picture ", found.get_text()
