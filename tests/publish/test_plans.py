"""The plans of the guide are data that add up."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from run_sheets import NOTEBOOKS, skipped, without

from helpers.publish.files import read_notebooks
from helpers.publish.frame import Problem, read_frame
from helpers.publish.plans import Row, plan_named, read_plans

ROOT = Path(__file__).parents[2]
PLANS = read_plans((ROOT / "notebooks" / "instructor" / "plans.md").read_text(encoding="utf-8"))
LENGTHS = {"45 minutes": 45, "Half a day": 210, "A day": 420}


def test_there_are_three_plans() -> None:
    """For 45 minutes, half a day and a day."""
    assert PLANS.keys() == LENGTHS.keys()


@pytest.mark.parametrize(("name", "minutes"), LENGTHS.items())
def test_the_minutes_add_up(name: str, minutes: int) -> None:
    """A day is seven hours, and half of it is three and a half."""
    assert sum(row.minutes for row in PLANS[name]) == minutes


@pytest.mark.parametrize("name", LENGTHS)
def test_a_notebook_takes_what_it_says(name: str) -> None:
    """A plan opens whole notebooks, and gives each the minutes of its first cell at least."""
    stored = read_notebooks(ROOT / "notebooks", anew=False)
    minutes = {file[:2]: read_frame(file, notebook).minutes for file, notebook in stored.items()}
    opened = [row for row in PLANS[name] if row.notebook]

    assert opened
    assert [row for row in opened if row.minutes < minutes[row.notebook]] == []


@pytest.mark.parametrize("name", LENGTHS)
def test_a_fifth_is_slack(name: str) -> None:
    """Of the time without breaks, for questions and for what goes wrong."""
    work = [row for row in PLANS[name] if row.what not in ("Break", "Lunch")]
    slack = sum(row.minutes for row in work if "Slack" in row.what)

    assert slack >= sum(row.minutes for row in work) / 5 - 2


@pytest.mark.parametrize("name", LENGTHS)
def test_there_is_a_break_every_90_minutes(name: str) -> None:
    """At most that long does a room sit still."""
    since = 0
    for row in PLANS[name]:
        since = 0 if row.what in ("Break", "Lunch") else since + row.minutes
        assert since <= 90, row


def test_the_day_ends_with_the_case() -> None:
    """The last notebook that is opened."""
    assert [row.notebook for row in PLANS["A day"] if row.notebook][-1] == "17"


def test_a_plan_by_its_name() -> None:
    """However it is written; and a sentence where there is none."""
    plans = read_plans("## A day\n\n| Minutes | What |\n|---|---|\n| 5 | 01 |\n")

    assert plan_named(" a DAY", plans) == [Row(5, "01")]
    with pytest.raises(Problem, match='There is no plan "a week": name one of "A day"'):
        plan_named("a week", plans)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_run_sheet_takes_as_long_as_its_notebook(path: Path) -> None:
    """The minutes of its lines add up to those of the notebook's first cell."""
    sheet = (ROOT / "notebooks" / "instructor" / f"{path.name[:2]}.md").read_text(encoding="utf-8")
    frame = read_frame(path.name, nbformat.read(path, as_version=4))

    assert sum(row.minutes for row in read_plans(sheet)["Run sheet"]) == frame.minutes


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_run_sheet_lets_go_is_in_its_notebook(path: Path) -> None:
    """At least one section when it is late; a slow test runs the notebook without them."""
    whole = nbformat.read(path, as_version=4)

    assert skipped(path)
    assert len(without(whole, skipped(path)).cells) < len(whole.cells)
    with pytest.raises(LookupError, match="there is no section Nothing"):
        without(whole, ["Nothing"])
