"""Notebooks, remarks and symptoms in, papers out: for instructors, ``make handout``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from helpers.publish.desk import desk_sheet
from helpers.publish.files import progress, read_notebooks, read_text, wipe, write
from helpers.publish.frame import TAGS, Problem
from helpers.publish.papers import (
    PAPERS,
    Lesson,
    findings,
    findings_optional,
    guide,
    read_lesson,
    worksheet,
)
from helpers.publish.pdf import NoPdf
from helpers.publish.plans import folder_name, notebooks_of, plan_named, read_plans

ROOT = Path(__file__).parents[2]
DOCUMENTS: dict[str, Callable[[Lesson, str], str]] = {
    "guide": guide,  # first, because it takes longest
    "worksheet": worksheet,
    "findings": findings,
    "findings-optional": findings_optional,
    "desk-sheet": desk_sheet,
}


def make(root: Path, folder: Path, paper: str, anew: bool, plan: str = "") -> list[str]:
    """Make all papers, each as HTML and as PDF, and return their names.

    :param root: the folder of the lesson.
    :param folder: where to put them.
    :param paper: one of ``PAPERS``.
    :param anew: execute the notebooks first.
    :param plan: the name of a plan, for the papers of its notebooks alone.
    :raises Problem: when there is something to mend first; no file is changed then.
    :raises NoPdf: when there is no PDF; the HTML is made, and PDFs of before are gone.
    """
    write(folder, {})  # refuses at once, and not after minutes of execution
    lesson = read_lesson(root, read_notebooks(root / "notebooks", anew))
    documents, taught = dict(DOCUMENTS), lesson
    if plan:
        taught = of_plan(lesson, plan)
        if not any(chapter.frame.optional for chapter in taught.chapters):
            del documents["findings-optional"]
        documents["desk-sheet"] = lambda _, paper: desk_sheet(lesson, paper)  # one leaf for all
    pages = {name: document(taught, paper) for name, document in documents.items()}
    html = {f"{name}.html": page.encode() for name, page in pages.items()}
    try:
        files = html | pdfs(pages)
    except NoPdf:
        write(folder, html)
        for name in pages:  # an old one would look like a part of the new papers
            (folder / f"{name}.pdf").unlink(missing_ok=True)
        raise
    write(folder, files)
    return [*pages]


def of_plan(lesson: Lesson, plan: str) -> Lesson:
    """The lesson with the notebooks of a plan alone.

    :param plan: its name.
    """
    numbers = notebooks_of(read_plans(lesson.plans)[plan])
    return replace(
        lesson, chapters=tuple(each for each in lesson.chapters if each.frame.number in numbers)
    )


def pdfs(pages: dict[str, str]) -> dict[str, bytes]:
    """Each page as a PDF, two at a time, each in a process of its own.

    :param pages: HTML by name.
    :raises NoPdf: when one cannot be made.
    """
    names = [f"{name}.pdf" for name in pages]
    with ThreadPoolExecutor(max_workers=2) as threads:
        made = threads.map(_pdf_elsewhere, pages.values())
        return {name: next(made) for name in progress(names, names)}


def _pdf_elsewhere(html: str) -> bytes:
    """Call ``pdf`` in another process: threads of this one would take turns.

    :raises NoPdf: as ``pdf`` does.
    """
    command = [sys.executable, "-m", "helpers.publish.pdf"]
    done = subprocess.run(command, input=html.encode(), capture_output=True, cwd=ROOT, check=False)
    if done.returncode:
        raise NoPdf(done.stderr.decode().strip().rpartition("\n")[2])
    return done.stdout


def paper_named(name: str) -> str:
    """The paper that is meant, however its name is written.

    :raises Problem: when it is not known.
    """
    for paper in PAPERS:
        if paper.lower() == name.strip().lower():
            return paper
    raise Problem(f"{name} is not a paper: name one of {', '.join(PAPERS)}.")


def main(arguments: list[str] | None = None) -> int:
    """Make the papers, and say where they are."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.publish.handout",
        description="Make worksheet, findings, desk sheet and instructor's guide, as HTML and PDF.",
        epilog="Tags of cells: "
        + "; ".join(f"{tag}: {meaning}" for tag, meaning in TAGS.items())
        + ".",
    )
    parser.add_argument("--execute", action="store_true", help="execute the notebooks first")
    parser.add_argument("--paper", default="A4", metavar="|".join(PAPERS))
    parser.add_argument("--output", type=Path, default=ROOT / "handout", metavar="FOLDER")
    parser.add_argument("--plan", default="", help="only its notebooks, such as 'A day'")
    given = parser.parse_args(arguments)
    folder = given.output
    try:
        paper, plan = paper_named(given.paper), ""
        if given.plan:  # in a folder of its own: no other paper is to be taken for one of its
            plans = read_plans(read_text(ROOT / "notebooks" / "instructor" / "plans.md"))
            plan = plan_named(given.plan, plans)
            folder /= folder_name(plan)
        made = make(ROOT, folder, paper, given.execute, plan)
    except Problem as problem:
        return _end(str(problem), 1)
    except NoPdf as problem:
        return _end(f"{folder} has the papers as HTML only; {problem}", 1)
    except KeyboardInterrupt:
        return _end("Nothing was changed, because you interrupted it.", 130)
    print(f"{folder} has {', '.join(made)}, each as .html and .pdf, for {paper}.")
    return 0


def _end(sentence: str, status: int) -> int:
    wipe()
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
