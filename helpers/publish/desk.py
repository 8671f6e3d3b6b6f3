"""The desk sheet: one leaf for everybody's desk."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from helpers.publish import symptoms
from helpers.publish.papers import ENVIRONMENT, Lesson

ROWS = 20  # as many as one leaf has room for, beside the chart and the configurations
CAUSES = 9  # of `no such table`, which most people have
MEASURED = ("Flask", "Werkzeug", "SQLAlchemy", "Flask-SQLAlchemy")


def desk_sheet(lesson: Lesson, paper: str) -> str:
    """The commonest symptoms, the chart and the configurations, on the two pages of one leaf.

    :param lesson: what it is made from.
    :param paper: one of ``PAPERS``.
    """
    page = ENVIRONMENT.get_template("desk.html")
    return page.render(
        lesson=lesson,
        kind="Desk sheet",
        paper=paper,
        rows=commonest(ROWS),
        measured=", ".join(f"{name} {version(name)}" for name in MEASURED),
        desk=[part for chapter in lesson.chapters for part in chapter.desk],
        address=address(),
    )


def commonest(number: int) -> list[tuple[symptoms.Symptom, symptoms.Cause]]:
    """The symptoms to print: the causes of the first one, and the first cause of others.

    :param number: how many at most. They come in the order of the tables in README.md.
    """
    everything = list(symptoms.each())
    first = everything[0][0]
    of_first = [each for each in everything if each[0] == first]
    seen = {first.shown}
    others = []
    for symptom, cause in everything:
        if symptom.shown not in seen:
            seen.add(symptom.shown)
            others.append((symptom, cause))
    return [*of_first[:CAUSES], *others][:number]


def address() -> str:
    """Where the lesson is to be had, when ``pyproject.toml`` says so, else nothing."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^(?:Homepage|Repository) = "(.+)"$', text, re.MULTILINE)
    return found[1] if found else ""
