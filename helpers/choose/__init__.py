"""Which setup answers which question."""

from helpers.choose.questions import (
    QUESTIONS,
    Question,
    configuration_is_enough,
    left_on_disk,
    pool_and_place,
    seen_by_another_process,
    survives_dispose,
    timeout_is_honored,
    two_writers_get_through,
    with_timeout,
    yes_or_no,
)
from helpers.choose.scoreboard import ask_all, time_rounds

__all__ = [
    "QUESTIONS",
    "Question",
    "ask_all",
    "configuration_is_enough",
    "left_on_disk",
    "pool_and_place",
    "seen_by_another_process",
    "survives_dispose",
    "time_rounds",
    "timeout_is_honored",
    "two_writers_get_through",
    "with_timeout",
    "yes_or_no",
]
