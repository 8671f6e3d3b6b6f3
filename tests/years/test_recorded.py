"""The recorded rows: whole, of the releases that the stacks name, and explained by the rule."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from helpers.years import all_stacks, expected, recorded
from helpers.years.cases import COLUMNS, FILES, Row, all_cases, as_csv, key
from helpers.years.rule import expected_loss, expected_pool
from helpers.years.stacks import PACKAGES, Stack

NEEDED = (
    "stack, year, python, flask, werkzeug, sqlalchemy, flask_sqlalchemy, extension, mode,"
    " threaded, bootstrap, pool, handler_thread, outcome, error"
)
YEARS = [stack for stack in all_stacks() if stack.name.startswith(str(stack.year))]

each_stack = pytest.mark.parametrize("stack", all_stacks(), ids=lambda stack: stack.name)


def rows_of(stack: Stack, question: str) -> list[Row]:
    """The recorded rows of one stack."""
    return [row for row in recorded(question) if row["stack"] == stack.name]


@each_stack
def test_the_rule_explains_every_case(stack: Stack) -> None:
    """How it ends and which pool it has follow from its releases and settings alone."""
    for row in rows_of(stack, "tables") + rows_of(stack, "post"):
        assert (row["outcome"], row["pool"]) == (expected(row), expected_pool(row)), row


@each_stack
def test_the_thread_explains_every_case_too(stack: Stack) -> None:
    """Without a shared connection or a file, the table is found in its own thread alone."""
    for row in rows_of(stack, "tables"):
        found = row["pool"] == "StaticPool" or row["same_thread"] == "yes"
        assert row["outcome"] == ("rows found" if found else "no such table"), row


@each_stack
def test_the_rule_explains_every_loss(stack: Stack) -> None:
    """A row is lost where two requests can overlap on one connection, with 201 each time."""
    rows = rows_of(stack, "loss")

    assert len(rows) == 6
    for row in rows:
        assert row["outcome"] == expected_loss(row), row
        assert row["answer"] == ("500" if row["error"] else "201")


@each_stack
def test_the_rule_names_every_pool(stack: Stack) -> None:
    """Of files too; what configuration does about it is another matter."""
    rows = rows_of(stack, "pools")

    assert len(rows) == 7
    for row in rows:
        if row["configured"] == "default":
            assert row["pool"] == expected_pool(row), row


@each_stack
def test_a_stack_is_recorded_whole(stack: Stack) -> None:
    """24 cases of tables, or 48 where there is a ``flask run``, each of them once."""
    rows = rows_of(stack, "tables")
    cases = [case for case in all_cases(stack.has_cli) if case.question == "tables"]

    assert len(rows) == (48 if stack.has_cli else 24)
    assert {key(row)[1:5] for row in rows} == {case[1:5] for case in cases}


@each_stack
def test_the_recorded_releases_are_those_of_the_stack(stack: Stack) -> None:
    """The versions come from the environment in which the case ran."""
    for question in COLUMNS:
        for row in rows_of(stack, question):
            versions = [row[package.replace("-", "_")] for package in PACKAGES]
            assert versions == [stack.version(package) for package in PACKAGES]
            assert row["python"].startswith(stack.python + ".")
            assert row["year"] == str(stack.year)


@pytest.mark.parametrize("question", COLUMNS)
def test_a_file_is_what_the_runner_writes(question: str) -> None:
    """Column by column and line by line, without a stack that is not listed."""
    rows = recorded(question)

    assert FILES[question].read_text(encoding="utf-8") == as_csv(question, rows)
    assert {row["stack"] for row in rows} == {stack.name for stack in all_stacks()}
    assert max(Counter(map(key, rows)).values()) == 1


def test_the_cases_have_the_columns_that_readers_need() -> None:
    """More columns are welcome."""
    assert set(NEEDED.split(", ")) <= recorded()[0].keys()


def test_every_year_has_a_stack() -> None:
    """At least sixteen in all, from 2013 to 2026."""
    assert len(YEARS) >= 16
    assert {stack.year for stack in YEARS} == set(range(2013, 2027))
    assert all(date.fromisoformat(stack.as_of).year == stack.year for stack in all_stacks())


def test_an_error_is_recorded_word_for_word() -> None:
    """It is there where the table is not, and nowhere else."""
    for row in recorded() + recorded("post"):
        assert ("no such table: item" in row["error"]) == (row["outcome"] == "no such table"), row


@pytest.mark.parametrize(
    ("before", "after", "package"),
    [
        ("flask-sqlalchemy-2.0", "2015", "flask-sqlalchemy"),
        ("flask-0.12", "flask-1.0", "flask"),
        ("sqlalchemy-1.4", "sqlalchemy-2.0", "sqlalchemy"),
        ("flask-sqlalchemy-2.3", "flask-sqlalchemy-2.4", "flask-sqlalchemy"),
        ("flask-sqlalchemy-2.5", "flask-sqlalchemy-3.0", "flask-sqlalchemy"),
    ],
)
def test_neighbors_differ_in_one_release(before: str, after: str, package: str) -> None:
    """So that a difference in what they do comes from that release."""
    one, two = (next(s for s in all_stacks() if s.name == name) for name in (before, after))

    changed = {pin.split("==")[0] for pin in set(one.pins) ^ set(two.pins)}
    assert (changed, one.python) == ({package}, two.python)
