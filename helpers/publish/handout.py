"""Notebooks and remarks on teaching in, a learner handout and an instructor copy out.

For instructors: ``make handout``. What the learner handout must not say is never read for it.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from helpers.publish.chapter import TAGS, read_chapter
from helpers.publish.files import progress, read_notebooks, read_text, wipe, write
from helpers.publish.frame import Problem
from helpers.publish.page import markdown
from helpers.publish.pdf import NoPdf, pdf

ROOT = Path(__file__).parent.parent.parent
TEMPLATE = Path(__file__).with_suffix(".html")
STYLE = Path(__file__).with_suffix(".css")
PAPERS = ("A4", "Letter")


def document(root: Path, notebooks: dict[str, Any], paper: str, answers: bool) -> str:
    """One of the two documents, as a page of HTML that needs no other file.

    :param root: where README.md and the folder ``notebooks/instructor`` are.
    :param notebooks: as :func:`read_notebooks` returns them.
    :param paper: the size of a page, as CSS calls it.
    :param answers: the instructor copy instead of the learner handout.
    :raises Problem: when a notebook or a file lacks what is to be printed.
    """
    chapters = [read_chapter(name, notebook, answers) for name, notebook in notebooks.items()]
    remarks = root / "notebooks" / "instructor"
    plans = Markup()
    if answers:
        plans = markdown(read_text(remarks / "plans.md"), below=1)
        for chapter in chapters:
            if (file := remarks / f"{chapter.number}.md").exists():
                text = read_text(file).partition("\n")[2]
                chapter.remarks = markdown(text, below=3, flat=True)
    symptoms = re.search(
        r"^## You came with.*?\n(.*?)(?=^## )",
        read_text(root / "README.md"),
        re.MULTILINE | re.DOTALL,
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    page = environment.from_string(read_text(TEMPLATE)).render(
        chapters=chapters,
        plans=plans,
        symptoms=markdown(symptoms[1]) if symptoms else "",
        answers=answers,
        paper=paper,
        style=Markup(read_text(STYLE)),
    )
    # A chapter that is not there cannot be led to.
    link = re.compile(r'<a href="#(c\d\d)">(.*?)</a>')
    return link.sub(lambda found: found[0 if f'id="{found[1]}"' in page else 2], page)


def make(root: Path, folder: Path, paper: str, anew: bool) -> None:
    """Make both documents, each as HTML and as PDF.

    :param root: the folder of the lesson.
    :param folder: where to put them.
    :param paper: one of ``PAPERS``.
    :param anew: execute the notebooks first.
    :raises Problem: when there is something to mend first; no file is changed then.
    :raises NoPdf: when there is no PDF; the HTML is made.
    """
    if paper not in PAPERS:
        raise Problem(f"{paper} is not a paper of the handout: name one of {', '.join(PAPERS)}.")
    write(folder, {})  # refuses at once, and not after minutes of execution
    notebooks = read_notebooks(root / "notebooks", anew)
    pages = {
        name: document(root, notebooks, paper, answers)
        for name, answers in {"learner": False, "instructor": True}.items()
    }
    write(folder, {f"{name}.html": page.encode() for name, page in pages.items()})
    names = [f"{name}.pdf" for name in pages]
    write(folder, dict(zip(names, map(pdf, progress(list(pages.values()), names)), strict=True)))


def main(arguments: list[str] | None = None) -> int:
    """Make the documents, and say where they are."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.publish.handout",
        description="Make a learner handout and an instructor copy, each as HTML and as PDF.",
        epilog="Tags of cells: "
        + "; ".join(f"{tag}: {meaning}" for tag, meaning in TAGS.items())
        + ".",
    )
    parser.add_argument("--execute", action="store_true", help="execute the notebooks first")
    parser.add_argument("--paper", default="A4", metavar="|".join(PAPERS))
    parser.add_argument("--output", type=Path, default=ROOT / "handout", metavar="FOLDER")
    given = parser.parse_args(arguments)
    try:
        make(ROOT, given.output, given.paper, given.execute)
    except Problem as problem:
        wipe()
        print(problem, file=sys.stderr)
        return 1
    except NoPdf as problem:
        wipe()
        print(f"{given.output} has the two documents as HTML; {problem}", file=sys.stderr)
        return 1
    print(f"{given.output} has learner and instructor, each as .html and .pdf, for {given.paper}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
