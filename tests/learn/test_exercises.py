"""Predictions and answer checks: what the reader is told."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.learn import check, compare


@pytest.mark.parametrize(
    ("prediction", "told"),
    [
        ("c", "You predicted c; as measured."),
        (" C ", "You predicted c; as measured."),
        ("a", "You predicted a; measured: c."),
        ("nonsense", "You predicted nonsense; measured: c."),
        ("", "You made no prediction. Measured: c."),
        ("  ", "You made no prediction. Measured: c."),
        (7, 'Your prediction is 7: put one letter in quotes, as in "a".'),
        (None, 'Your prediction is None: put one letter in quotes, as in "a".'),
    ],
)
def test_a_prediction_is_set_beside_what_was_measured(prediction: Any, told: str) -> None:
    """Any prediction gets an answer, and none raises."""
    assert compare(prediction, "c") == told


def test_an_answer_is_right_when_every_claim_holds() -> None:
    """True means anything that Python takes for true."""
    assert check((lambda: True, "no"), (lambda: [0], "no")) == "Right."


def test_the_hint_is_that_of_the_first_claim_that_fails() -> None:
    """Later claims are not even tried, as they may rely on the earlier ones."""
    told = check((lambda: True, "first"), (lambda: None, "second hint."), (lambda: 1 / 0, "third"))

    assert told == "Not yet: second hint."


def test_an_answer_that_raises_is_not_right_yet() -> None:
    """The reader is told what their answer raised, and the hint."""
    told = check((lambda: dict[str, str]()["database"], "a look has the key `database`."))

    assert told == (
        "Not yet: your answer raised KeyError: 'database'. Hint: a look has the key `database`."
    )


def test_an_interrupted_check_stops() -> None:
    """An answer that runs forever can be interrupted as any cell."""

    def hangs() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check((hangs, "no"))
