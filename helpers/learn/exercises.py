"""The forms of compare and check of notebooks that are not rewritten yet; goes with the last."""

from __future__ import annotations

from typing import Any

from helpers.learn import predictions, repairs


def compare(first: Any, second: Any, choices: Any = None) -> Any:
    """As :func:`helpers.learn.predictions.compare`; also the form with a letter."""
    if not isinstance(second, str):
        return predictions.compare(first, second, choices)
    if not isinstance(first, str):
        return f'Your prediction is {first!r}: put one letter in quotes, as in "a".'
    guess = first.strip().lower()
    if not guess:
        return f"You made no prediction. Measured: {second}."
    verdict = "as measured" if guess == second else f"measured: {second}"
    return f"You predicted {guess}; {verdict}."


def check(*given: Any) -> Any:
    """As :func:`helpers.learn.repairs.check`; also the form with claims."""
    if given and isinstance(given[0], str):
        return repairs.check(*given)
    for holds, hint in given:
        try:
            right = holds()
        except Exception as error:  # noqa: BLE001 - a reader's answer may raise anything
            return f"Not yet: your answer raised {type(error).__name__}: {error}. Hint: {hint}"
        if not right:
            return f"Not yet: {hint}"
    return "Right."
