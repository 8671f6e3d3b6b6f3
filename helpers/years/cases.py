"""The cases that are measured on every stack, and the rows in which they are recorded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

Row = dict[str, str]

MODES = ("run", "reloader", "cli", "cli-reloader")
THREADED = ("default", "on", "off")
BOOTSTRAPS = ("main", "handler")

VERSIONS = ("python", "flask", "werkzeug", "sqlalchemy", "flask_sqlalchemy", "sqlite")
HEAD = ("stack", "year", *VERSIONS)
CASE = ("extension", "mode", "threaded", "bootstrap")
FOUND = ("pool", "handler_thread", "same_thread", "outcome", "error")
COLUMNS: dict[str, tuple[str, ...]] = {
    "tables": (*HEAD, *CASE, *FOUND),
    "post": (*HEAD, *CASE, "database", *FOUND),
    "loss": (*HEAD, *CASE, "pool", "overlap", "answer", "outcome", "error"),
    "pools": (*HEAD, "extension", "database", "configured", "pool"),
}
NAMES = {"tables": "cases.csv", "post": "post.csv", "loss": "losses.csv", "pools": "pools.csv"}
FILES = {question: Path(__file__).with_name(name) for question, name in NAMES.items()}
MEASURED = ("pool", "overlap", "answer", "outcome")  # what two runs have to agree on


class Case(NamedTuple):
    """One start of the probe.

    :param question: ``tables``, ``post``, ``loss`` or ``pools``, as in ``probe.py``.
    :param extension: ``yes`` for Flask-SQLAlchemy, ``no`` for plain SQLAlchemy.
    :param mode: ``run``, ``reloader`` or ``debug`` for ``app.run``, ``cli`` or
        ``cli-reloader`` for ``flask run``.
    :param threaded: ``default``, ``on`` or ``off``.
    :param bootstrap: where the tables are made: ``main`` is the startup code, ahead of the
        server, and ``handler`` a view. Startup code runs in the main thread, but for
        ``cli-reloader`` on Flask 0.11 to 2.1, which loads the app in a thread of its own.
    :param database: ``memory`` or ``file``.
    """

    question: str
    extension: str = ""
    mode: str = ""
    threaded: str = ""
    bootstrap: str = ""
    database: str = "memory"


def table_cases(modes: Sequence[str]) -> list[Case]:
    """Who finds the tables: 12 cases for each mode."""
    combinations = product(("yes", "no"), modes, THREADED, BOOTSTRAPS)
    return [Case("tables", *each) for each in combinations]


def post_cases() -> list[Case]:
    """The app of the post, with the debug mode and with a file, which is its fix B: 6 cases."""
    ways = (("debug", "memory"), ("run", "file"), ("debug", "file"))
    both = product(("yes", "no"), ways)
    return [Case("post", kind, mode, "default", "main", place) for kind, (mode, place) in both]


def loss_cases() -> list[Case]:
    """Whether a row can be lost that was acknowledged: 6 cases."""
    return [Case("loss", kind, "run", each, "main") for kind in ("yes", "no") for each in THREADED]


def all_cases(has_cli: bool) -> list[Case]:
    """All cases of a stack: 24 or 48 of tables, 6 of the post, 6 of a loss, and the pools.

    :param has_cli: whether the stack has ``flask run``.
    """
    tables = table_cases(MODES if has_cli else MODES[:2])
    return [Case("pools"), *tables, *post_cases(), *loss_cases()]


def recorded(question: str = "tables") -> list[Row]:
    """The rows that were recorded.

    :param question: ``tables``, ``post``, ``loss`` or ``pools``.
    :raises ValueError: for another one.
    """
    if question not in FILES:
        raise ValueError(f"recorded was given {question!r}: it has {', '.join(FILES)}.")
    with FILES[question].open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_csv(question: str, rows: Iterable[Row]) -> str:
    """Rows as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[question], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def key(row: Row) -> tuple[str, ...]:
    """What names a row: its stack, and all of its case."""
    return tuple(row.get(column, "") for column in ("stack", *CASE, "database", "configured"))


def differences(rows: Iterable[Row], others: Iterable[Row]) -> list[str]:
    """Where two runs disagree on a pool or an outcome, as sentences.

    :param rows: of one question.
    :param others: of the same question; rows of which only one run has a case count too.
    """
    first, second = ({key(row): row for row in each} for each in (rows, others))
    found = []
    for name in sorted(first.keys() | second.keys()):
        one, two = (
            ", ".join(side[name][c] for c in MEASURED if c in side[name]) if name in side else "-"
            for side in (first, second)
        )
        if one != two:
            found.append(f"{' '.join(part for part in name if part)}: {one} | {two}")
    return found
