"""Notebooks and remarks on teaching in, a learner handout and an instructor copy out.

For instructors: ``make handout``. What is printed of a notebook is said by its frame and by the
tags of its cells. What the learner handout must not say is never read for it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from helpers.execute import run
from helpers.paper import NoPdf, markdown, pdf, shown

ROOT = Path(__file__).parent.parent
TEMPLATE = Path(__file__).with_suffix(".html")
STYLE = Path(__file__).with_suffix(".css")
TAGS = {
    "handout": "print the text of this markdown cell, or the outputs of this code cell",
    "handout-code": "print the source of this code cell",
    "handout-last": "print this cell as with `handout`, on the last pages",
    "handout-only": "print what this markdown cell has in an HTML comment, unseen elsewhere",
    "notebook-only": "do not print this cell, although its section is printed",
    "answer": "print this cell as with `handout`, in the instructor copy only",
}
SECTIONS = {"Predict": "predict", "Your turn": "exercise", "Key points": "points"}


class Problem(Exception):
    """What stops the work, as a sentence for the person who started it."""


@dataclass
class Chapter:
    """What is printed of one notebook: HTML, cell by cell."""

    number: str
    title: str
    minutes: str
    questions: Markup
    remarks: str = ""
    measured: str = ""
    predict: list[Markup] = field(default_factory=list)
    findings: list[Markup] = field(default_factory=list)
    exercise: list[Markup] = field(default_factory=list)
    points: list[Markup] = field(default_factory=list)
    last: list[Markup] = field(default_factory=list)


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


def read_chapter(name: str, notebook: Any, answers: bool) -> Chapter:
    """Pick from a notebook what is printed of it.

    :param name: the file name, which begins with two digits.
    :param answers: also the solutions, and the letter of the prediction.
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
        if answers and (found := re.search(r'compare\(prediction, "(\w)"\)', cell.source)):
            chapter.measured = found[1]
        if (place := place_of(cell, tags, section)) and (
            answers or not tags & {"answer", "solution"}
        ):
            try:
                getattr(chapter, place).append(printed(cell, tags))
            except LookupError:
                start = cell.source.partition("\n")[0]
                raise Problem(
                    f"{name} has no stored output of the cell that begins with {start!r}: store"
                    " one with `make notebooks`, or use --execute."
                ) from None
    return chapter


def place_of(cell: Any, tags: set[str], section: str) -> str:
    """The list of a chapter in which a cell is printed, or "" for none.

    :param section: the title of the section that the cell is in.
    """
    if "notebook-only" in tags:
        return ""
    if "handout-last" in tags:
        return "last"
    if tags & {"exercise", "solution"}:
        return "exercise"
    if tags & TAGS.keys():
        return "findings"
    return SECTIONS.get(section, "") if cell.cell_type == "markdown" else ""


def printed(cell: Any, tags: set[str]) -> Markup:
    """One cell as HTML.

    :raises LookupError: when its outputs are to be printed, and none is stored.
    """
    parts = []
    if cell.cell_type == "markdown":
        text = for_paper(cell.source, tags)
        if tags & {"handout", "handout-last"}:
            text = up_to_second_paragraph(text)
        parts.append(markdown(text, below=3, flat=True))
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


def for_paper(text: str, tags: set[str]) -> str:
    """The markdown of a cell, without what only a screen can do."""
    if "handout-only" in tags:
        text = re.sub(r"<!--|-->", "", text)
    if text.startswith("## Predict"):  # below the choices it says where to put the letter
        choices = re.findall(r"^- .*$", text, re.MULTILINE)
        text = text[: text.rindex(choices[-1]) + len(choices[-1])] if choices else text
    text = re.sub(r"^(Previous|Next): .*", "", text, flags=re.MULTILINE)
    return re.sub(r"</?details>|<summary>(.*)</summary>", r"\1", text)


def up_to_second_paragraph(text: str) -> str:
    """The beginning of an explanation, with its list or table: the rest leads to the next cell."""
    blocks = text.split("\n\n")
    paragraphs = [n for n, block in enumerate(blocks) if not re.match(r"#|[-*|] |\|", block)]
    paragraphs = [n for n in paragraphs if not re.match(r"\d+\. ", blocks[n])]
    return "\n\n".join(blocks[: paragraphs[1]] if len(paragraphs) > 1 else blocks)


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
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put files into a folder: each whole, or as it was before.

    :raises Problem: when the folder cannot be made, or not be written to.
    """
    parts = {folder / name: folder / f"{name}.part" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for (target, part), content in zip(parts.items(), files.values(), strict=True):
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
    :param paper: A4 or Letter.
    :param anew: execute the notebooks first.
    :raises Problem: when there is something to mend first; no file is changed then.
    :raises NoPdf: when there is no PDF; the HTML is made.
    """
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
    parser = argparse.ArgumentParser(prog="python -m helpers.handout", description=__doc__)
    parser.add_argument("--execute", action="store_true", help="execute the notebooks first")
    parser.add_argument("--paper", choices=["A4", "Letter"], default="A4")
    parser.add_argument("--output", type=Path, default=ROOT / "handout", metavar="FOLDER")
    given = parser.parse_args(arguments)
    try:
        make(ROOT, given.output, given.paper, given.execute)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except NoPdf as problem:
        print(f"{given.output} has the two documents as HTML; {problem}", file=sys.stderr)
        return 1
    print(f"{given.output} has learner and instructor, each as .html and .pdf, for {given.paper}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
