"""The desk sheet: one leaf for everybody's desk."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

from markupsafe import Markup

from helpers.publish import symptoms
from helpers.publish.chapter import HEADING
from helpers.publish.papers import ENVIRONMENT, Lesson

# As many as one leaf has room for, beside the chart and the configurations.
CAUSES = 10  # of `no such table`, which most people have
OTHERS = 11
ALSO = (
    "`table item already exists`",
    "`attempt to write a readonly database`",
    "`unable to open database file`",
)
Row = tuple[symptoms.Symptom, symptoms.Cause]
MEASURED = ("Flask", "Werkzeug", "SQLAlchemy", "Flask-SQLAlchemy")


def desk_sheet(lesson: Lesson, paper: str) -> str:
    """The commonest symptoms, the chart and the configurations, on the two pages of one leaf.

    :param lesson: what it is made from.
    :param paper: one of ``PAPERS``.
    """
    causes, others = commonest()
    page = ENVIRONMENT.get_template("desk.html")
    return page.render(
        lesson=lesson,
        kind="Desk sheet",
        paper=paper,
        causes=causes,
        others=others,
        measured=", ".join(f"{name} {version(name)}" for name in MEASURED),
        desk=[
            Markup(HEADING.sub("", part)) for chapter in lesson.chapters for part in chapter.desk
        ],
        address=address(),
    )


def commonest() -> tuple[list[Row], list[Row]]:
    """The causes of the first symptom, and the first cause of each other one and of ``ALSO``.

    They come in the order of the symptoms in README.md.
    """
    everything = list(symptoms.each())
    first = everything[0][0].shown
    others: dict[str, Row] = {}
    for symptom, cause in everything:
        others.setdefault(symptom.shown, (symptom, cause))
    causes = [row for row in everything if row[0].shown == first]
    commonest = [*[*others][1 : OTHERS + 1], *ALSO]
    return causes[:CAUSES], [others[shown] for shown in others if shown in commonest]


def address() -> str:
    """Where the lesson is to be had, when ``pyproject.toml`` says so, else nothing."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    urls = tomllib.loads(text)["project"].get("urls", {})
    return str(urls.get("Homepage") or urls.get("Repository") or "")
