"""What a judge says about a learner's repair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Grade = Literal["right", "right, but", "not yet"]


@dataclass(frozen=True)
class Verdict:
    """A grade, and what the answer did when it was tried.

    :param grade: how good the answer is.
    :param said: one or two sentences: what happened, and where the lesson shows it.
    """

    grade: Grade
    said: str

    @property
    def passed(self) -> bool:
        """Whether the repair counts as done."""
        return self.grade != "not yet"


class Flaw(Exception):
    """What keeps an answer from being right, as a sentence: a judge raises it and catches it."""


Judge = Callable[[object], Verdict]
