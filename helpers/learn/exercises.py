"""Predictions and answer checks."""

from __future__ import annotations

from collections.abc import Callable

Claim = tuple[Callable[[], object], str]


def compare(prediction: str, measured: str) -> str:
    """Set a prediction beside what was measured.

    :param prediction: the letter that the reader put in, or "" for none.
    :param measured: the letter of the choice that the measurement bears out.
    """
    if not isinstance(prediction, str):
        return f'Your prediction is {prediction!r}: put one letter in quotes, as in "a".'
    guess = prediction.strip().lower()
    if not guess:
        return f"You made no prediction. Measured: {measured}."
    verdict = "as measured" if guess == measured else f"measured: {measured}"
    return f"You predicted {guess}; {verdict}."


def check(*claims: Claim) -> str:
    """Say what is wrong with an answer: the hint of the first claim that does not hold.

    :param claims: pairs of a function without arguments, true when that part is right,
        and the hint to give when it is not, also when it raises. Later functions may
        rely on earlier claims.
    """
    for holds, hint in claims:
        try:
            right = holds()
        except Exception as error:  # noqa: BLE001 - a reader's answer may raise anything
            return f"Not yet: your answer raised {type(error).__name__}: {error}. Hint: {hint}"
        if not right:
            return f"Not yet: {hint}"
    return "Right."
