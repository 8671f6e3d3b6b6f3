"""The papers of the lesson, each as a page of HTML that needs no other file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.publish.answers import read_answers
from helpers.publish.chapter import Chapter, read_chapter
from helpers.publish.files import read_text
from helpers.publish.frame import Problem
from helpers.publish.page import breakable, markdown, source

PAPERS = ("A4", "Letter")
ENTRY = re.compile(r"^## \[?(\d\S*?)\]?[ ,(–-]+(\d{4}-\d\d-\d\d)", re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """All that the papers are made from.

    :param chapters: one for each notebook, in order.
    :param plans: how to teach it, as markdown.
    :param remarks: the run sheet of each notebook, as markdown, by its number.
    :param files: those of the case, by name.
    :param glossary: the terms of the lesson, as markdown.
    :param release: the last entry of the change log: its version, and its date as 2026-11-27.
    """

    chapters: tuple[Chapter, ...]
    plans: str
    remarks: dict[str, str]
    files: dict[str, str]
    glossary: str
    release: tuple[str, str]


def read_lesson(root: Path, notebooks: dict[str, Any]) -> Lesson:
    """Read what the papers are made from.

    :param root: where CHANGELOG.md, ``notebooks/instructor`` and ``helpers/case/project`` are.
    :param notebooks: by file name, as ``nbformat`` reads them.
    :raises Problem: when a notebook or a file lacks what is to be printed.
    """
    folder = root / "notebooks" / "instructor"
    entry = ENTRY.search(read_text(root / "CHANGELOG.md"))
    if not entry:
        raise Problem(
            "CHANGELOG.md has no entry with a version and a date: begin one with a line such as"
            " '## 1.0.0 – 2026-11-27'."
        )
    files = case_files(root / "helpers" / "case" / "project")
    remarks = {path.stem: read_text(path) for path in sorted(folder.glob("[0-9][0-9].md"))}
    right = dict(chain(*map(read_answers, remarks.values())))
    return Lesson(
        chapters=tuple(read_chapter(name, each, files, right) for name, each in notebooks.items()),
        plans=read_text(folder / "plans.md"),
        remarks=remarks,
        files=files,
        glossary=read_text(root / "notebooks" / "glossary.md"),
        release=(entry[1], entry[2]),
    )


def case_files(project: Path) -> dict[str, str]:
    """What is to be repaired in the case, and what promises and tests it, by name.

    :param project: its folder, as a learner gets it.
    """
    parts = ("README.md", "Procfile", "wsgi.py", "shop/*.py", "tests/*.py")
    found = [path for part in parts for path in sorted(project.glob(part))]
    return {path.relative_to(project).as_posix(): read_text(path) for path in found}


def worksheet(lesson: Lesson, paper: str) -> str:
    """What a learner works on with a pencil, before the findings: no answer is in it."""
    return _page("worksheet", "Worksheet", lesson, paper, lesson.chapters)


def findings(lesson: Lesson, paper: str) -> str:
    """What the core notebooks show, with the key points and the glossary."""
    core = [chapter for chapter in lesson.chapters if not chapter.frame.optional]
    return _page("findings", "Findings", lesson, paper, core)


def findings_optional(lesson: Lesson, paper: str) -> str:
    """What the optional notebooks show."""
    optional = [chapter for chapter in lesson.chapters if chapter.frame.optional]
    return _page("findings", "Findings of the optional notebooks", lesson, paper, optional)


def guide(lesson: Lesson, paper: str) -> str:
    """All of it, with plans, run sheets and answers, for the instructor alone."""
    return _page("guide", "Instructor's guide", lesson, paper, lesson.chapters)


def _page(template: str, kind: str, lesson: Lesson, paper: str, chapters: Sequence[Chapter]) -> str:
    """Fill in a template.

    :param template: the name of a file in ``templates``, without its ending.
    :param kind: what the paper is called.
    :param paper: one of ``PAPERS``.
    """
    page = ENVIRONMENT.get_template(f"{template}.html").render(
        lesson=lesson, chapters=chapters, kind=kind, paper=paper
    )
    return _without_dead_links(page)


def _without_dead_links(page: str) -> str:
    """The page, in which a link to a chapter that is not printed there is plain text."""
    link = re.compile(r'<a href="#(c\d\d)"[^>]*>(.*?)</a>', re.DOTALL)
    return link.sub(lambda found: found[0 if f'id="{found[1]}"' in page else 2], page)


def _style(name: str) -> Markup:
    source, _, _ = ENVIRONMENT.loader.get_source(ENVIRONMENT, name)  # type: ignore[union-attr]
    return Markup(source)


ENVIRONMENT = Environment(
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    loader=PackageLoader("helpers.publish"),
)
ENVIRONMENT.filters["markdown"] = markdown
ENVIRONMENT.filters["source"] = source
ENVIRONMENT.filters["breakable"] = breakable
ENVIRONMENT.globals["style"] = _style
