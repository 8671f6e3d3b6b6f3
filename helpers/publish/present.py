"""The lesson for a projector: one idea a screen, from stored outputs, without a kernel."""

from __future__ import annotations

import argparse
import sys
import webbrowser
from pathlib import Path

from helpers.publish.files import read_notebooks, wipe, write
from helpers.publish.frame import Problem
from helpers.publish.handout import ROOT
from helpers.publish.papers import ENVIRONMENT, Lesson, read_lesson
from helpers.publish.screens import screens


def present(lesson: Lesson) -> str:
    """All screens as one page of HTML, which the keys of the arrows go through.

    :param lesson: what it is made from.
    """
    shown = [each for chapter in lesson.chapters for each in screens(chapter, lesson.files)]
    numbered = [*enumerate(shown, start=1)]
    starts = {screen.chapter: number for number, screen in reversed(numbered)}
    sections = {(each.chapter, each.section): number for number, each in reversed(numbered)}
    page = ENVIRONMENT.get_template("present.html")
    return page.render(lesson=lesson, screens=shown, starts=starts, sections=sections)


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
    print(f"{page} is made: the right and the left arrow go through it, Home goes to its start.")
    if not given.no_browser:
        webbrowser.open(page.as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main())
