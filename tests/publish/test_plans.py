"""The plans of the guide are data that add up."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from choices import questions
from run_sheets import NOTEBOOKS, skipped, without

from helpers.publish.files import read_notebooks
from helpers.publish.frame import Problem, read_frame
from helpers.publish.plans import Row, notebooks_of, plan_named, read_plans

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

    assert slack >= sum(row.minutes for row in work) / 5


@pytest.mark.parametrize("name", LENGTHS)
def test_there_is_a_break_every_90_minutes(name: str) -> None:
    """At most that long does a room sit still."""
    since = 0
    for row in PLANS[name]:
        since = 0 if row.what in ("Break", "Lunch") else since + row.minutes
        assert since <= 90, row


@pytest.mark.parametrize("name", LENGTHS)
def test_each_block_has_time_for_questions(name: str) -> None:
    """Before its break, or at its end."""
    blocks = [list[Row]()]
    for row in PLANS[name]:
        blocks = [*blocks, []] if row.what in ("Break", "Lunch") else blocks
        blocks[-1].append(row)

    assert all(any("Slack: questions" in row.what for row in block) for block in blocks)


@pytest.mark.parametrize("name", LENGTHS)
def test_who_is_late_hears_of_it_in_time(name: str) -> None:
    """Five minutes behind the plan, and for the first time in the first block."""
    begins = {row.notebook: minutes(row.at) for row in PLANS[name] if row.notebook}
    ends = {row.notebook: minutes(row.at) + row.minutes for row in PLANS[name] if row.notebook}
    rules = re.findall(r"If (\d\d) (begins|ends) after (\d+:\d\d)", late_rules(name))
    breaks = [minutes(row.at) for row in PLANS[name] if row.what == "Break"]

    assert rules
    for notebook, what, at in rules:
        planned = begins if what == "begins" else ends
        assert minutes(at) - planned[notebook] == 5, f"{notebook} {what}"
    assert not breaks or minutes(rules[0][2]) < breaks[0]


def minutes(at: str) -> int:
    """A time of the day in minutes."""
    hours, rest = at.split(":")
    return 60 * int(hours) + int(rest)


def late_rules(name: str) -> str:
    """What a plan says for a class that is late."""
    section = (ROOT / "notebooks" / "instructor" / "plans.md").read_text(encoding="utf-8")
    section = section.partition(f"## {name}\n")[2].partition("\n## ")[0]
    [late] = [line for line in section.splitlines() if line.startswith("**Late?**")]
    return late


@pytest.mark.parametrize("name", LENGTHS)
def test_each_line_begins_when_the_one_before_ends(name: str) -> None:
    """Nobody has to reckon while teaching."""
    begins = [minutes(row.at) for row in PLANS[name]]
    ends = [at + row.minutes for at, row in zip(begins, PLANS[name], strict=True)]

    assert begins[1:] == ends[:-1]


@pytest.mark.parametrize("name", LENGTHS)
def test_a_plan_gives_time_to_arrive(name: str) -> None:
    """And says which notebook to leave out, or not to, when it is late."""
    late = late_rules(name)
    stored = read_notebooks(ROOT / "notebooks", anew=False)
    opened = [stored[file] for file in stored if file[:2] in notebooks_of(PLANS[name])]
    texts = "\n".join(cell.source for notebook in opened for cell in notebook.cells)
    sections = re.findall(r"^##+ (.+)$", texts, re.MULTILINE)

    assert PLANS[name][0].what.startswith("Slack: arriving")
    assert set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", late)) <= {*sections}
    assert set(re.findall(r"\b\d\d\b", re.sub(r"\d+:\d\d", "", late))) <= {
        *notebooks_of(PLANS[name])
    }


@pytest.mark.parametrize("name", LENGTHS)
def test_a_plan_names_its_notebooks_as_they_are_called(name: str) -> None:
    """Number and title."""
    stored = read_notebooks(ROOT / "notebooks", anew=False)
    frames = [read_frame(file, notebook) for file, notebook in stored.items()]
    titles = {frame.number: f"{frame.number} {frame.title}" for frame in frames}

    assert [(row.what, titles[row.notebook]) for row in PLANS[name] if row.notebook] == [
        (titles[row.notebook], titles[row.notebook]) for row in PLANS[name] if row.notebook
    ]


def test_the_day_ends_with_the_case() -> None:
    """The last notebook that is opened."""
    assert notebooks_of(PLANS["A day"])[-1] == "17"


@pytest.mark.parametrize("name", [" a DAY", "A day", "a d"])
def test_a_plan_by_its_name(name: str) -> None:
    """However it is written, or begun."""
    assert plan_named(name, PLANS) == "A day"


@pytest.mark.parametrize("name", ["a week", "", "day"])
def test_a_plan_that_there_is_not(name: str) -> None:
    """The sentence names those that there are."""
    with pytest.raises(Problem, match=f'There is no plan "{name}": name one of "45 minutes"'):
        plan_named(name, PLANS)


def test_a_plan_is_read_with_or_without_times() -> None:
    """A run sheet has none."""
    plans = read_plans("## A day\n\n| 9:00 | 5 | 01 |\n\n## Run sheet\n\n| 3 | **Say** |\n")

    assert plans == {"A day": [Row(5, "01", "9:00")], "Run sheet": [Row(3, "**Say**")]}


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


ANSWERS = re.compile(r"^\| (\d\d\w) ([a-d](?:(?:, | or )[a-d])*) \|", re.MULTILINE)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_run_sheet_answers_each_wrong_letter(path: Path) -> None:
    """And says which one is right."""
    sheet = (ROOT / "notebooks" / "instructor" / f"{path.name[:2]}.md").read_text(encoding="utf-8")
    right = dict(re.findall(r"(\d\d\w): ([a-d])\b", sheet))
    told = {
        (key, letter) for key, each in ANSWERS.findall(sheet) for letter in each if letter in "abcd"
    }
    asked = {
        (question.key, letter)
        for question in questions(nbformat.read(path, as_version=4))
        for letter in question.choices
    }

    assert told == asked - right.items()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_run_sheet_has_its_board(path: Path) -> None:
    """Drawn, and in words."""
    sheet = (ROOT / "notebooks" / "instructor" / f"{path.name[:2]}.md").read_text(encoding="utf-8")
    [board] = re.findall(
        r"^```board\n(.+?)^```\n\n\*\*Board sketch\.\*\* ", sheet, re.M | re.DOTALL
    )

    assert max(map(len, board.splitlines())) <= 62  # beside it there is text
