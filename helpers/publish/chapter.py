"""A notebook in, what each paper prints of it out.

What is printed is said by the tags of ``frame.TAGS``, and by the frame of a notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from markupsafe import Markup

from helpers.publish.answers import answers_in, begun, repairs, solutions
from helpers.publish.elsewhere import elsewhere
from helpers.publish.form import form
from helpers.publish.frame import Frame, Problem, Section, heading_of, read_frame, tags, units
from helpers.publish.page import beside, markdown, shown, side_by_side

HEADING = re.compile(r"^\s*<h\d>.*?</h\d>\s*")


@dataclass(frozen=True)
class Chapter:
    """What is printed of one notebook, as HTML.

    :param frame: its title, minutes and questions.
    :param evidence: what is there to work on, before anything is predicted.
    :param predictions: one for each prediction: what is asked, and the form.
    :param findings: one for each unit of evidence and explanation.
    :param story: what is asked, and findings, in the order of the notebook, below its headings.
    :param elsewhere: the sections and pictures that the guide does not print, by their names.
    :param has_files: whether the files of the case are printed with it.
    :param exercise: what the exercise needs, asks and gives.
    :param answers: what only the instructor is told of the findings.
    :param solutions: the repairs of the exercise.
    :param repairs: what the solutions say, without their code.
    :param points: the key points.
    :param desk: what it gives to the desk sheet.
    """

    frame: Frame
    evidence: tuple[Markup, ...]
    predictions: tuple[Markup, ...]
    findings: tuple[Markup, ...]
    story: tuple[Markup, ...]
    elsewhere: tuple[Markup, ...]
    has_files: bool
    exercise: tuple[Markup, ...]
    answers: tuple[Markup, ...]
    solutions: tuple[Markup, ...]
    repairs: tuple[Markup, ...]
    points: tuple[Markup, ...]
    desk: tuple[Markup, ...]


def read_chapter(
    name: str,
    notebook: Any,
    files: dict[str, str] | None = None,
    right: Mapping[str, str] | None = None,
) -> Chapter:
    """Pick from a notebook what is printed of it.

    :param name: the file name, which begins with two digits.
    :param notebook: as ``nbformat`` reads it.
    :param files: those of the case, by name.
    :param right: the answer of each prediction, by its key.
    :raises Problem: when it has no frame, or an output to be printed is not stored.
    """
    frame = read_frame(name, notebook)
    cells = tuple(notebook.cells)
    try:
        evidence = tuple(_printed(cell) for cell in cells if "evidence" in tags(cell))
        asked = [list(_asked_in(section)) for section in frame.sections]
        found = [list(_found_in(section, right or {})) for section in frame.sections]
        story = tuple(chain(*map(_story, frame.sections, found)))
        return Chapter(
            frame=frame,
            evidence=evidence,
            predictions=tuple(chain(*asked)),
            findings=tuple(chain(*found)),
            story=story,
            elsewhere=tuple(elsewhere(frame, story)),
            has_files=any("case-files" in tags(cell) for cell in cells),
            exercise=tuple(_exercise(frame, cells)),
            answers=tuple(_printed(cell) for cell in cells if "answer" in tags(cell)),
            solutions=tuple(solutions(cells, files or {})),
            repairs=tuple(repairs(cells)),
            points=tuple(_texts(frame.section("Key points"))),
            desk=tuple(_printed(cell) for cell in cells if "desk" in tags(cell)),
        )
    except LookupError as missing:
        start = str(missing.args[0]).partition("\n")[0]
        raise Problem(
            f"{name} has no stored output of the cell that begins with {start!r}: store one with"
            " `make notebooks`, or use --execute."
        ) from None


def _asked_in(section: Section) -> Iterator[Markup]:
    """What a section of a prediction asks, up to the form, and the form."""
    if section.heading.startswith("Predict"):
        asked = [cell for cell in _up_to_form(section.cells) if not _is_left_out(cell)]
        if asked:
            yield _block(map(_asked, asked), "asked")


def _found_in(section: Section, right: Mapping[str, str]) -> Iterator[Markup]:
    """The units of evidence and explanation of a section, each under the heading that it has there.

    A heading is printed once: run sheets speak of it. That of a prediction is printed with it. An
    answer begins the text that has its reason.
    """
    answers = answers_in(section, right)
    told = section.heading if section.heading.startswith("Predict") else ""
    for unit in units(section.cells, "handout"):
        heading = heading_of(unit[0], section)
        is_told = heading == told or str(unit[0].source).startswith("#")
        title = [] if is_told else [markdown(f"# {heading}", below=2, flat=True)]
        shown = [cell for cell in unit if not _is_left_out(cell)]
        yield _block([*title, *_with_texts(shown, answers)])
        told = heading


def _with_texts(cells: list[Any], answers: Mapping[str, Markup]) -> Iterator[Markup]:
    """Cells as HTML, a text beside the table that it is about where there is room."""
    parts = [(c.cell_type, begun(answers.get(c.id, Markup("")), _printed(c))) for c in cells]
    while parts:
        kind, part = parts.pop(0)
        is_lone = part.count('class="shown"') == 1 and part.startswith("<div")
        if kind == "code" and is_lone and parts and parts[0][0] == "markdown":
            part = beside(part, parts.pop(0)[1])
        yield part


def _story(section: Section, found: list[Markup]) -> Iterator[Markup]:
    """What a section has to work on, what it asks, without a form, then what it finds."""
    if there := [cell for cell in section.cells if "evidence" in tags(cell)]:
        title = [markdown(f"# {section.heading}", below=2, flat=True)]
        is_told = section.heading.startswith("Predict")
        yield _block([*([] if is_told else title), *map(_printed, there)])
    if section.heading.startswith("Predict"):  # also what only the notebook asks
        asked = [each for each in _up_to_form(section.cells) if "prediction" not in tags(each)]
        yield _block(map(_asked, asked), "asked")
    yield from found


def _asked(cell: Any) -> Markup:
    """One cell of a prediction: its form, its code or its text."""
    if "prediction" in tags(cell):
        return form(cell.source)
    if cell.cell_type == "code":
        return side_by_side(cell.source)
    above, table, below = _printed(cell).partition("<table")
    rows, end, asked = below.partition("</table>")
    if not asked.strip():
        return _printed(cell)
    return Markup("{}{}").format(Markup(above), beside(Markup(table + rows + end), Markup(asked)))


def _up_to_form(cells: tuple[Any, ...]) -> list[Any]:
    """The cells of a section up to the form of the prediction, which is the last of them."""
    forms = [number for number, cell in enumerate(cells) if "prediction" in tags(cell)]
    return list(cells[: forms[0] + 1] if forms else cells[:1])


def _exercise(frame: Frame, cells: tuple[Any, ...]) -> Iterator[Markup]:
    """What the exercise asks and gives, in its order, with what it needs before its code."""
    section = frame.section("Your turn")
    code = [cell.source for cell in cells if "worksheet" in tags(cell) and cell not in section]
    has_begun = False
    for cell in section:
        if tags(cell) & {"notebook-only", "answer", "solution"}:
            continue
        if cell.cell_type == "markdown":
            if has_begun:
                yield side_by_side("\n\n".join(code))
                code, has_begun = [], False
            yield Markup(HEADING.sub("", _printed(cell)))  # each paper says itself what it is
        elif tags(cell) & {"exercise", "worksheet"}:
            code.append(cell.source)
            has_begun = True
    if has_begun:
        yield side_by_side("\n\n".join(code))


def _texts(cells: tuple[Any, ...]) -> Iterator[Markup]:
    for cell in cells:
        if cell.cell_type == "markdown" and not tags(cell) & {"notebook-only", "answer"}:
            yield _printed(cell)


def _block(parts: Iterable[Markup], kind: str = "together") -> Markup:
    return Markup('<div class="{}">{}</div>').format(kind, Markup("\n").join(parts))


def _is_left_out(cell: Any) -> bool:
    return "notebook-only" in tags(cell)


def _printed(cell: Any) -> Markup:
    """One cell as HTML: text as text, and code as its outputs.

    :raises LookupError: when outputs are to be printed, and none is stored.
    """
    if cell.cell_type == "markdown":
        return markdown(cell.source, below=2, flat=True)
    is_code = "handout-code" in tags(cell)
    if not (cell.outputs or is_code):
        raise LookupError(cell.source)
    parts = [side_by_side(cell.source)] if is_code else []
    return Markup("\n").join([*parts, *map(shown, cell.outputs)])
