"""The lesson for a projector: one idea a screen, from stored outputs, without a kernel."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from helpers.publish.chapter import Chapter
from helpers.publish.files import read_notebooks, wipe, write
from helpers.publish.frame import Problem
from helpers.publish.handout import ROOT
from helpers.publish.page import markdown
from helpers.publish.papers import ENVIRONMENT, Lesson, read_lesson


@dataclass(frozen=True)
class Screen:
    """What is seen at once.

    :param chapter: the number of the notebook that it is from.
    :param heading: its heading.
    :param inside: its HTML.
    """

    chapter: str
    heading: str
    inside: Markup


def screens(lesson: Lesson) -> Iterator[Screen]:
    """Of each notebook its questions, each prediction with its findings, and the key points."""
    for chapter in lesson.chapters:
        number, title = chapter.frame.number, chapter.frame.title.replace("`", "")
        yield Screen(number, f"{number} {title}", _questions(chapter))
        for inside in (*chapter.story, *chapter.points):
            yield Screen(number, title, inside)


def _questions(chapter: Chapter) -> Markup:
    return markdown("\n".join(f"1. {question}" for question in chapter.frame.questions))


def present(lesson: Lesson) -> str:
    """All screens as one page of HTML, which the keys of the arrows go through.

    :param lesson: what it is made from.
    """
    shown = list(screens(lesson))
    starts = {screen.chapter: number for number, screen in reversed([*enumerate(shown, start=1)])}
    page = ENVIRONMENT.get_template("present.html")
    return page.render(lesson=lesson, screens=shown, starts=starts)


def main(arguments: list[str] | None = None) -> int:
    """Make the page, say where it is, and open it in a browser."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.publish.present", description="Make the lesson for a projector."
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open it")
    parser.add_argument("--output", type=Path, default=ROOT / "handout", metavar="FOLDER")
    given = parser.parse_args(arguments)
    try:
        lesson = read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))
        write(given.output, {"present.html": present(lesson).encode()})
    except Problem as problem:
        wipe()
        print(problem, file=sys.stderr)
        return 1
    page = (given.output / "present.html").resolve()
    print(f"{page} is made: the right and the left arrow go through it, Home to its start.")
    if not given.no_browser:
        webbrowser.open(page.as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main())
