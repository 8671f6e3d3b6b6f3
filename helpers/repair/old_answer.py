"""Notebook 16: does a function tell on which stacks an answer of 2016 holds?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from helpers.learn import Verdict
from helpers.years import Row, all_stacks, recorded

MEANT = {"extension": "no", "mode": "cli", "threaded": "default", "bootstrap": "handler"}
MADE_UP = {
    "stack": "made up",
    "year": "2099",
    "flask": "99.0",
    "werkzeug": "99.0",
    "sqlalchemy": "99.0",
    "flask_sqlalchemy": "99.0",
}
# How the other columns of a row go with its outcome.
FAILS = {
    "pool": "SingletonThreadPool",
    "handler_thread": "Thread-2",
    "same_thread": "no",
    "outcome": "no such table",
    "error": "OperationalError: (sqlite3.OperationalError) no such table: item",
}
WORKS = {
    "handler_thread": "MainThread",
    "same_thread": "yes",
    "outcome": "rows found",
    "error": "",
}


def the_answer_is_tried(holds: object) -> Verdict:
    """Judge a function by what it says of stacks that it has seen, and of three that it has not.

    :param holds: the learner's function of the rows of one stack, which returns whether the
        answer holds there, or None where no case tries it.
    """
    if not callable(holds):
        return Verdict("not yet", f"The check calls a function and was given {holds!r}: keep it.")
    untried = []
    for name, rows in _stacks():
        random.Random(name).shuffle(rows)  # a case is found by what it is, not by its place
        said, true = _plain(holds([dict(row) for row in rows])), _truth(rows)
        if said is True or said is False:
            if said is true:
                continue
            if said is False and true is None:
                untried.append(name)
                continue
        elif said is None and true is None:
            continue
        return Verdict("not yet", f"On {name} your function returned {said!r}. {_why(rows)}")
    if untried:
        return Verdict(
            "right, but",
            "it tells where the answer holds. On 2013 it says False, where nobody could have tried"
            " the answer: there is no `flask run`. That's None.",
        )
    return Verdict(
        "right",
        "Your function tells where the answer holds, where it fails, and where nobody could have"
        " tried it, also on three stacks that were made up.",
    )


def _stacks() -> Iterator[tuple[str, list[Row]]]:
    """The recorded stacks by name, and three where other cases work, as on a stack to come."""
    rows = recorded()
    stacks = {s.name: [row for row in rows if row["stack"] == s.name] for s in all_stacks()}
    yield from (("the stack " + name, each) for name, each in stacks.items())
    for year, flip in (("2017", _is_meant), ("2018", _is_meant), ("2017", _is_not_meant)):
        yield "a stack that was made up, with Flask 99.0,", _made_up(stacks[year], flip)


def _made_up(rows: list[Row], flip: Callable[[Row], bool]) -> list[Row]:
    """Rows that end the other way where they are to; each is as whole as a measured one."""
    flipped = {"rows found": FAILS, "no such table": WORKS}
    return [row | MADE_UP | (flipped[row["outcome"]] if flip(row) else {}) for row in rows]


def _plain(said: object) -> object:
    """An answer with Python's own truth value in place of that of NumPy, which pandas returns."""
    return bool(said) if type(said).__name__ in ("bool", "bool_") else said


def _is_meant(row: Row) -> bool:
    return all(row[name] == value for name, value in MEANT.items())


def _is_not_meant(row: Row) -> bool:
    return not _is_meant(row)


def _truth(rows: list[Row]) -> bool | None:
    tried = [row["outcome"] == "rows found" for row in rows if _is_meant(row)]
    return all(tried) if tried else None


def _why(rows: list[Row]) -> str:
    """What speaks against a function that is wrong about these rows."""
    meant = [row for row in rows if _is_meant(row)]
    if not meant:
        modes = " and ".join(sorted({row["mode"] for row in rows}))
        return f"Its rows have the modes {modes}, so nobody could have tried the answer there."
    return f"Who followed the answer there, to the letter, met: {meant[0]['outcome']}."
