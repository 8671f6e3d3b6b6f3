"""Recorded rows, picked and laid side by side, for the tables of the notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from helpers.years.cases import CASE, Row, recorded
from helpers.years.heat_map import KINDS, MODE_NAMES
from helpers.years.stacks import all_stacks, release, year_of

YEARS = {stack.name for stack in all_stacks() if year_of(stack)}
PLACES = {"main": "startup code", "handler": "view"}
GOOD = ("rows found", "row kept")


def pick(rows: Iterable[Row], **wanted: object) -> list[Row]:
    """The rows that have these values.

    :param rows: such as ``recorded()``.
    :param wanted: for a column, the value that it should have, or several.
    :raises ValueError: when no row has them.
    """
    allowed = {
        name: {str(v)} if isinstance(v, str) or not isinstance(v, Iterable) else {str(x) for x in v}
        for name, v in wanted.items()
    }
    found = [
        row for row in rows if all(row.get(name) in values for name, values in allowed.items())
    ]
    if not found:
        raise ValueError(f"No row has {wanted}: look at a row for the columns and their values.")
    return found


def of_years(rows: Iterable[Row]) -> list[Row]:
    """The rows of the stacks that are named for a year."""
    return [row for row in rows if row["stack"] in YEARS]


def settings(row: Row) -> str:
    """The case of a row in words."""
    threads = "" if row["threaded"] == "default" else f", threads {row['threaded']}"
    place = PLACES[row["bootstrap"]]
    return f"{KINDS[row['extension']]}, {MODE_NAMES[row['mode']]}{threads}, tables in the {place}"


def result(row: Row) -> str:
    """The outcome of a row, with a cross where something is wrong."""
    return row["outcome"] if row["outcome"] in GOOD else f"✗ {row['outcome']}"


def neighbors(rows: Iterable[Row], before: str, after: str) -> list[dict[str, str]]:
    """The cases that two stacks have and that end in another way.

    :param rows: recorded cases of tables.
    :param before: the name of a stack.
    :param after: the name of another one.
    """
    one, two = (
        {tuple(row[name] for name in CASE): row for row in pick(rows, stack=stack)}
        for stack in (before, after)
    )
    return [
        {"case": settings(row), before: result(row), after: result(two[case])}
        for case, row in one.items()
        if case in two and row["outcome"] != two[case]["outcome"]
    ]


def year_by_year(columns: Mapping[str, Iterable[Row]]) -> list[dict[str, str]]:
    """What became of some cases on each stack that is named for a year.

    :param columns: rows by the title of their column, one row a stack.
    """
    stacks = [stack.name for stack in all_stacks() if stack.name in YEARS]
    found = {title: {row["stack"]: result(row) for row in rows} for title, rows in columns.items()}
    return [
        {"stack": stack, **{title: results.get(stack, "–") for title, results in found.items()}}
        for stack in stacks
    ]


def overrides() -> list[dict[str, str]]:
    """Each release of Flask-SQLAlchemy: its pool in memory, with another one configured, and
    with the driver in the URL.
    """
    asked = pick(recorded("pools"), extension="yes", database=("memory", "pysqlite"))
    found: dict[str, dict[str, str]] = {}
    for row in sorted(asked, key=lambda row: release(row["flask_sqlalchemy"])):
        column = "sqlite+pysqlite://" if row["database"] == "pysqlite" else row["configured"]
        found.setdefault(row["flask_sqlalchemy"], {})[column] = row["pool"]
    return [{"Flask-SQLAlchemy": version, **pools} for version, pools in found.items()]
