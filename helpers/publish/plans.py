"""The plans of the instructor's guide, read as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.publish.frame import Problem

PLAN = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (\d+) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One line of a plan.

    :param minutes: how long it takes.
    :param what: what is done, as markdown.
    """

    minutes: int
    what: str

    @property
    def notebook(self) -> str:
        """The number of the notebook that it opens, or ""."""
        found = re.match(r"\d\d\b", self.what)
        return found[0] if found else ""


def read_plans(text: str) -> dict[str, list[Row]]:
    """The plans by their names, such as ``"45 minutes"``.

    :param text: the markdown of ``plans.md``, in which each plan is a section with a table of
        minutes and what is done.
    """
    return {
        name: [Row(int(minutes), what) for minutes, what in rows]
        for name, section in PLAN.findall(text)
        if (rows := ROW.findall(section))
    }


def plan_named(name: str, plans: dict[str, list[Row]]) -> list[Row]:
    """The plan of a name, or of the words that it begins with.

    :raises Problem: when there is none.
    """
    found = [rows for each, rows in plans.items() if each.lower() == name.strip().lower()]
    if not found:
        names = ", ".join(f'"{each}"' for each in plans)
        raise Problem(f'There is no plan "{name}": name one of {names}, as in PLAN="A day".')
    return found[0]
