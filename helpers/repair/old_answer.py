"""Notebook 16: does a function tell on which stacks an answer of 2016 holds?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.learn import Verdict
from helpers.years import Row, all_stacks, recorded

MEANT = {"extension": "no", "mode": "cli", "threaded": "default", "bootstrap": "handler"}
OTHER = {"rows found": "no such table", "no such table": "rows found"}


def the_answer_is_tried(holds: object) -> Verdict:
    """Judge a function by what it says of stacks that it has seen, and of three that it has not.

    :param holds: the learner's function of the rows of one stack, which returns whether the
        answer holds there, or None where no case tries it.
    """
    if not callable(holds):
        return Verdict("not yet", f"The check calls a function and was given {holds!r}: keep it.")
    untried = []
    for name, rows in _stacks():
        said, true = holds([dict(row) for row in rows]), _truth(rows)
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
    """The recorded stacks by name, and three that differ from them in what the answer says."""
    rows = recorded()
    stacks = {s.name: [row for row in rows if row["stack"] == s.name] for s in all_stacks()}
    yield from (("the stack " + name, each) for name, each in stacks.items())
    for year, flip in (("2017", _is_meant), ("2018", _is_meant), ("2017", _is_not_meant)):
        changed = [
            row
            | {
                "stack": "made up",
                "outcome": OTHER[row["outcome"]] if flip(row) else row["outcome"],
            }
            for row in stacks[year]
        ]
        yield "a stack that was made up", changed


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
