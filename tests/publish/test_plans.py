"""The plans of the guide are data that add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.publish.frame import Problem
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


def test_a_plan_by_its_name() -> None:
    """However it is written; and a sentence where there is none."""
    plans = read_plans("## A day\n\n| Minutes | What |\n|---|---|\n| 5 | 01 |\n")

    assert plan_named(" a DAY", plans) == [Row(5, "01")]
    with pytest.raises(Problem, match='There is no plan "a week": name one of "A day"'):
        plan_named("a week", plans)
