"""Notebooks and remarks on teaching in, a learner handout and an instructor copy out.

For instructors: ``make handout``. What the learner handout must not say is never read for it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import nbformat
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from helpers.chapters import TAGS, Problem, read_chapter
from helpers.execute import run
from helpers.paper import NoPdf, markdown, pdf

ROOT = Path(__file__).parent.parent
TEMPLATE = Path(__file__).with_suffix(".html")
STYLE = Path(__file__).with_suffix(".css")
PAPERS = ("A4", "Letter")


def read_notebooks(folder: Path, anew: bool) -> dict[str, Any]:
    """The notebooks of the lesson by file name, in order.

    :param folder: where they are.
    :param anew: execute a copy of each, instead of using its stored outputs.
    :raises Problem: when there is none, a file is not a notebook, or a cell fails.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise Problem(f"{folder} has no notebook such as 00_start_here.ipynb: name one that has.")
    notebooks = {}
    for path in progress(paths, [path.name for path in paths]):
        try:
            notebook = nbformat.reads(read_text(path), as_version=4)
            notebooks[path.name] = run(notebook, folder) if anew else notebook
        except CellExecutionError as error:
            cell = str(error).splitlines()[2]
            reason = f"{error.ename}: {error.evalue}".partition("\n")[0]
            raise Problem(
                f"{path.name} was not printed, as its cell that begins with {cell!r} failed"
                f" ({reason}): mend it, then try again."
            ) from None
        except (CellTimeoutError, DeadKernelError) as error:
            reason = str(error).partition("\n")[0]
            raise Problem(f"{path.name} was not printed: {reason} Try again.") from None
        except (ValueError, AttributeError, nbformat.ValidationError):
            raise Problem(f"{path.name} is not a notebook: restore it, then try again.") from None
    return notebooks


def read_text(path: Path) -> str:
    """The text of a file of the lesson.

    :raises Problem: when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path} cannot be read ({error}): restore it, then try again.") from None


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


def progress(things: list[Any], labels: list[str]) -> Iterator[Any]:
    """Yield things, and meanwhile draw a bar, where there is a terminal to draw it on."""
    for done, (thing, label) in enumerate(zip(things, labels, strict=True)):
        if sys.stderr.isatty():
            bar = f"{'#' * done}{'.' * (len(things) - done)}"
            print(f"\r\033[K[{bar}] {label}", end="", file=sys.stderr, flush=True)
        yield thing
    wipe()


def wipe() -> None:
    """Wipe the bar away, where there is a terminal."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put files into a folder: each whole, or as it was before.

    :raises Problem: when the folder cannot be made, or not be written to.
    """
    parts = {folder / name: folder / f"{name}.part" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):  # a folder that is there may still refuse
            pass
        for part, content in zip(parts.values(), files.values(), strict=True):
            part.write_bytes(content)
        for target, part in parts.items():
            os.replace(part, target)
    except OSError as error:
        raise Problem(
            f"{folder} cannot be written to ({error.strerror}): name another folder with --output."
        ) from None
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)


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
        prog="python -m helpers.handout",
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
