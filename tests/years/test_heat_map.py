"""The picture of the cases, and the tables beside it, as a reader sees them."""

from __future__ import annotations

import re

import pytest

from helpers.years import heat_map, neighbors, of_years, overrides, pick, recorded, year_by_year


def drawn(kind: str) -> str:
    """The SVG of all stacks of one kind of engine."""
    return str(heat_map(pick(of_years(recorded()), extension=kind), "A caption.").drawn)


@pytest.mark.parametrize("kind", ["yes", "no"])
def test_each_case_is_a_box(kind: str) -> None:
    """Black with a cross for each that fails, a ring for each other one."""
    rows = pick(of_years(recorded()), extension=kind)
    failed = [row for row in rows if row["outcome"] == "no such table"]

    black, crosses, frames, rings = re.findall(r'<path d="([^"]*)"', drawn(kind))
    assert (black.count("M"), crosses.count("l10 10")) == (len(failed), len(failed))
    assert (frames.count("M"), rings.count("M")) == (len(rows) - len(failed),) * 2


def test_it_is_read_without_color() -> None:
    """Every color in it is a gray."""
    colors = set(re.findall(r"#[0-9a-f]{3,6}\b", drawn("no")))

    assert colors
    assert all(len(set(color[1:])) == 1 for color in colors)


def test_its_words_say_how_many_cases_fail() -> None:
    """For those who cannot see it."""
    figure = heat_map(pick(recorded(), stack=("2017", "2018"), extension="no"), "A caption.")

    assert figure.alt == (
        "2017, Plain SQLAlchemy: no such table in 12 of 24."
        " 2018, Plain SQLAlchemy: no such table in 18 of 24."
    )


def test_it_is_small_enough_to_be_sent_at_once() -> None:
    """Above 64 KB, the kernel starts a thread of its own for an output, and keeps it."""
    rows = pick(of_years(recorded()), extension="no")

    assert len(heat_map(rows, "A caption.")._repr_html_()) < 60_000


def test_no_rows_make_no_picture() -> None:
    """One sentence says what to pass."""
    with pytest.raises(ValueError, match="heat_map was given no rows"):
        heat_map([], "A caption.")


@pytest.mark.parametrize("question", ["loss", "post", "pools"])
def test_rows_of_another_question_make_no_picture(question: str) -> None:
    """A row that was kept isn't *no such table*."""
    for row in recorded(question):
        with pytest.raises(ValueError, match="heat_map draws who finds the tables, .* was given {"):
            heat_map([row], "A caption.")


def test_what_is_neither_is_a_question_mark() -> None:
    """As a release of tomorrow may have it."""
    row = pick(recorded(), stack="2026")[0]

    picture = heat_map([row | {"outcome": "another error"}], "A caption.").drawn

    assert (picture.count(">?<"), picture.count("l10 10")) == (1, 0)


def test_a_question_that_nobody_recorded_is_refused() -> None:
    """With those that there are."""
    with pytest.raises(ValueError, match=r"given 'losses': it has tables, post, loss, pools\."):
        recorded("losses")


def test_a_year_can_be_a_number() -> None:
    """Or several, in whatever holds them."""
    assert pick(recorded(), year=2016) == pick(recorded(), year="2016")
    assert pick(recorded(), year=[2016, 2017]) == pick(recorded(), year={"2016", "2017"})


def test_a_column_that_is_misspelled_is_named() -> None:
    """As a value that no row has."""
    with pytest.raises(ValueError, match="No row has {'extention': 'no'}"):
        pick(recorded(), extention="no")


def test_stacks_without_the_same_cases_are_compared_in_those_that_both_have() -> None:
    """There was no ``flask run`` in 2015."""
    assert neighbors(recorded(), "2016", "2015") == []


def test_rows_that_nobody_has_cannot_be_picked() -> None:
    """A wrong value is not an empty table."""
    with pytest.raises(ValueError, match=r"No row has \{'stack': '2012'\}"):
        pick(recorded(), stack="2012")


def test_neighbors_show_what_a_release_changed() -> None:
    """Threads by default, and nothing else, came with Flask 1.0."""
    changed = neighbors(recorded(), "flask-0.12", "flask-1.0")

    assert len(changed) == 6
    assert {row["flask-0.12"] for row in changed} == {"rows found"}
    assert {row["flask-1.0"] for row in changed} == {"✗ no such table"}
    assert all("threads" not in row["case"] for row in changed)
    assert neighbors(recorded(), "sqlalchemy-1.4", "sqlalchemy-2.0") == []


def test_a_stack_without_a_case_has_a_dash() -> None:
    """As the stacks without ``flask run``."""
    case = {"extension": "no", "mode": "cli", "threaded": "default", "bootstrap": "main"}
    found = {row["stack"]: row["cli"] for row in year_by_year({"cli": pick(recorded(), **case)})}

    assert (found["2015"], found["2016"], found["2018"]) == ("–", "rows found", "✗ no such table")


def test_only_2_4_and_2_5_listen_to_the_configured_pool() -> None:
    """Older releases had no such option, newer ones overwrite it."""
    listens = [
        row["Flask-SQLAlchemy"]
        for row in overrides()
        if row["default"] != row["SingletonThreadPool"]
    ]
    assert listens == ["2.4.0", "2.4.1", "2.4.4", "2.5.1"]


def test_the_url_with_its_driver_is_shared_since_3_0() -> None:
    """Although it is the same database."""
    shared = [r["Flask-SQLAlchemy"] for r in overrides() if r["sqlite+pysqlite://"] == "StaticPool"]

    assert shared == ["3.0.0", "3.0.2", "3.0.3", "3.0.5", "3.1.1"]
