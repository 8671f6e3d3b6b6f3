"""The plans of the instructor's guide, read as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.publish.frame import Problem

PLAN = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (?:(\d+:\d\d) \| )?(\d+) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One line of a plan.

    :param minutes: how long it takes.
    :param what: what is done, as markdown.
    :param at: when it begins, as ``"9:15"``; "" in a run sheet.
    """

    minutes: int
    what: str
    at: str = ""

    @property
    def notebook(self) -> str:
        """The number of the notebook that it opens, or ""."""
        found = re.match(r"\d\d\b", self.what)
        return found[0] if found else ""


def read_plans(text: str) -> dict[str, list[Row]]:
    """The plans by their names, such as ``"45 minutes"``.

    :param text: the markdown of ``plans.md``, in which each plan is a section with a table: when
        something begins, its minutes and what is done.
    """
    return {
        name: [Row(int(minutes), what, at) for at, minutes, what in rows]
        for name, section in PLAN.findall(text)
        if (rows := ROW.findall(section))
    }


def plan_named(name: str, plans: dict[str, list[Row]]) -> str:
    """The whole name of a plan that is named, or begun, in any case: ``half`` is ``Half a day``.

    :raises Problem: when no plan begins so, or more than one.
    """
    begun = [each for each in plans if each.lower().startswith(name.strip().lower())]
    if len(begun) != 1:
        names = ", ".join(f'"{each}"' for each in plans)
        raise Problem(f'There is no plan "{name}": name one of {names}, as in PLAN="A day".')
    return begun[0]


def notebooks_of(rows: list[Row]) -> list[str]:
    """The numbers of the notebooks that a plan opens, in its order."""
    return [row.notebook for row in rows if row.notebook]


def folder_name(plan: str) -> str:
    """The folder for the papers of a plan: ``half-a-day`` of ``Half a day``."""
    return plan.lower().replace(" ", "-")
