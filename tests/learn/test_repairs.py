"""Repairs are judged, whatever they are, and the learner gets one sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.learn import Verdict, check


def judge(answer: object) -> Verdict:
    """A judge that calls what it is given."""
    assert callable(answer)
    return Verdict("right", f"It returned {answer()}.")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict("right", "All is well."), "Right. All is well."),
        (Verdict("right, but", "it loses rows."), "Right, but: it loses rows."),
        (Verdict("not yet", "It fails."), "Not yet. It fails."),
    ],
)
def test_the_grade_opens_the_sentence(verdict: Verdict, said: str) -> None:
    """What the judge said follows it."""
    assert check("01b", lambda _: verdict, lambda: None).lines == (said,)


def test_a_missing_name_is_named() -> None:
    """The judge is not even asked."""
    reply = check("01b", judge, lambda: make_app)  # type: ignore[name-defined]  # noqa: F821

    assert repr(reply).startswith("Not yet. There is no `make_app` yet: run the cell above")


def test_an_answer_that_raises_is_not_right_yet() -> None:
    """The error is one line, also when its message has more."""

    def fails() -> None:
        raise ValueError("no lamp\nand no mug")

    assert repr(check("01b", judge, lambda: fails)) == (
        "Not yet. Your code raised ValueError: no lamp"
    )


def test_an_answer_that_exits_is_not_right_yet() -> None:
    """The kernel goes on."""
    assert repr(check("01b", judge, lambda: sys.exit)).startswith("Not yet. Your code raised Syst")


def test_an_answer_that_fails_as_a_test_does_is_not_right_yet() -> None:
    """What pytest raises is no Exception."""

    def fails() -> None:
        pytest.fail("no lamp")

    assert repr(check("01b", judge, lambda: fails)) == ("Not yet. Your code raised Failed: no lamp")


def test_what_is_handed_over_may_raise() -> None:
    """As when a learner puts a call between the parentheses."""
    assert "raised ZeroDivisionError: division by zero" in repr(check("01b", judge, lambda: 1 / 0))


def test_an_answer_cannot_print(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the verdict is shown."""

    def prints() -> str:
        print("hello")
        print("there", file=sys.stderr)
        return "a lamp"

    assert repr(check("01b", judge, lambda: prints)) == "Right. It returned a lamp."
    assert capsys.readouterr() == ("", "")


def test_an_interrupted_check_stops() -> None:
    """An answer that runs forever can be interrupted as any cell."""

    def hangs() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("01b", judge, lambda: hangs)


def test_a_check_that_was_changed_says_so() -> None:
    """The lambda is gone."""
    changed: Any = 7

    assert "put `lambda: ` back" in repr(check("01b", judge, changed))


def test_who_is_stuck_is_told_where_the_solution_is(workbook: Path) -> None:
    """From the third time on, and in the workbook, which has no solutions."""
    (workbook / "98_lamps.ipynb").touch()

    told = [check("98a", lambda _: Verdict("not yet", "No."), lambda: 1) for _ in range(3)]

    assert [each.lines[1:] for each in told] == [
        (),
        (),
        ("Are you stuck? The solutions are in notebooks/98_lamps.ipynb, below the same check.",),
    ]
