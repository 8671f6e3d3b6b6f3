"""Answers to the exercise of notebook 11: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import there_and_back
from sqlalchemy.pool import NullPool, StaticPool

from helpers.choose import quiz_setup_holds
from helpers.sample import ANY_THREAD, Setup, setups

BECAUSE = {
    "default": "another process sees my rows",
    "memdb": "rows outlive the program",
    "shared cache": "who meets a lock waits",
}
FILE = "sqlite:///quiz.db"


def mine(url: str = FILE, *on_connect: str, **options: Any) -> Setup:
    """A setup of the learner's."""
    return Setup("mine", "My own.", url, options, on_connect=on_connect)


RIGHT = {
    "file": (setups["file"], BECAUSE),
    "a name of its own": (mine(), BECAUSE),
    "wal": (setups["wal"], BECAUSE),
    "patience": (mine(connect_args={"timeout": 30}), BECAUSE),
    "no pool": (mine(poolclass=NullPool), BECAUSE),
    "other reasons": (
        mine(),
        {
            "default": " uncommitted work is hidden ",
            "memdb": "another process sees my rows",
            "shared cache": "two writers get through",
        },
    ),
}
WRONG = {
    "as it stands": (mine("sqlite://"), dict.fromkeys(BECAUSE, "")),
    "default": (setups["default"], BECAUSE),
    "plain": (setups["plain"], BECAUSE),
    "bootstrap": (setups["bootstrap"], BECAUSE),
    "memdb": (setups["memdb"], BECAUSE),
    "shared cache": (setups["shared cache"], BECAUSE),
    "pool of one": (setups["pool of one"], BECAUSE),
    "one connection": (mine(poolclass=StaticPool, connect_args=ANY_THREAD), BECAUSE),
    "no patience": (mine(connect_args={"timeout": 0}), BECAUSE),
    "somebody's file": (mine("sqlite:////somewhere/quiz.db"), BECAUSE),
    "no server": (setups["postgresql"], BECAUSE),
    "no reasons": (mine(), {}),
    "a reason left out": (mine(), {**BECAUSE, "memdb": " "}),
    "no row": (mine(), {**BECAUSE, "memdb": "slow"}),
    "not true": (mine(), {**BECAUSE, "memdb": "another thread sees my rows"}),
    "not needed": (mine(), {**BECAUSE, "memdb": "a URL and options are enough"}),
    "one reason for all": (mine(), dict.fromkeys(BECAUSE, "another process sees my rows")),
    "one reason for two": (mine(), {**BECAUSE, "default": " rows outlive the program"}),
    "a number": (mine(), {**BECAUSE, "memdb": 3}),
    "None": None,
    "a text": ("file", BECAUSE),
    "a list": (mine(), list(BECAUSE)),
}


GRADES: dict[str, dict[str, object]] = {"right": {**RIGHT}, "not yet": {**WRONG}}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
@pytest.mark.filterwarnings(
    "ignore:unclosed database:ResourceWarning",  # of a connection that only its thread may close
    "ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning",
)
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one: the right ones pass, and no other one does."""
    assert quiz_setup_holds(GRADES[grade][name]).grade == grade


def test_what_is_said_is_what_happened() -> None:
    """Not what should have been done."""

    def said(answer: object) -> str:
        return quiz_setup_holds(answer).said

    assert "whether another process sees my rows: –. The quiz needs that; notebook 10" in said(
        WRONG["memdb"]
    )
    assert "Ben answered in the meantime, with your options as they are, and got" in said(
        WRONG["no patience"]
    )
    assert said(WRONG["not needed"]).endswith("needs a keeper. The quiz can live with that.")
    assert "You say of memdb: another thread sees my rows. It was asked again: ✓." in said(
        WRONG["not true"]
    )
    assert said(WRONG["one reason for two"]) == (
        "'rows outlive the program' is true, and you say it more than once: name three rows."
    )
