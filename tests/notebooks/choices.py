"""The choices of a prediction, and which of them is right.

The letters are in the run sheets, and nowhere where a learner looks. ``test_worked_through`` runs
each notebook and finds whether they are those that nothing speaks against.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notebook_rules import tags

INSTRUCTOR = Path(__file__).parents[2] / "notebooks" / "instructor"
KEYS = re.compile(r"^\*\*Right\.\*\* (.+)\.$", re.MULTILINE)
CHOICE = re.compile(r"^- \*\*([a-d])\*\* (.+)$", re.MULTILINE)
KEY = re.compile(r'^compare\("(\w+)".*(choices)', re.MULTILINE)
REASON = re.compile(r": | because ")
LEAST, MOST = 0.15, 0.40  # how often a learner is right who goes by the looks of a choice
SAME = 3  # characters that nobody sees


def keys() -> dict[str, str]:
    """What the run sheets call right: a letter, or the looks, by the key of the prediction."""
    sheets = [path.read_text(encoding="utf-8") for path in sorted(INSTRUCTOR.glob("[01]*.md"))]
    entries = [
        entry for sheet in sheets for line in KEYS.findall(sheet) for entry in line.split("; ")
    ]
    return dict(entry.split(": ", 1) for entry in entries)


RIGHT = {key: told for key, told in keys().items() if len(told) == 1}


@dataclass(frozen=True)
class Question:
    """A prediction with choices.

    :param key: as ``"03a"``.
    :param choices: what each letter says.
    """

    key: str
    choices: Mapping[str, str]

    def hits(self, right: str, longest: bool) -> float:
        """How often the right one is met by who takes the longest choice, or the shortest."""
        lengths = {letter: len(text) for letter, text in self.choices.items()}
        wanted = max(lengths.values()) if longest else min(lengths.values())
        taken = [letter for letter, each in lengths.items() if abs(each - wanted) <= SAME]
        return (right in taken) / len(taken)


def questions(notebook: Any) -> Iterator[Question]:
    """The predictions with choices of a notebook, in their order."""
    asked = [dict(found) for cell in notebook.cells if (found := CHOICE.findall(cell.source))]
    compared = [cell.source for cell in notebook.cells if "compare" in tags(cell)]
    keys = [key[1] for source in compared if (key := KEY.search(source))]
    assert len(asked) == len(keys), f"{len(asked)} questions, and the keys {keys}"
    yield from map(Question, keys, asked)


def unlike_choices(question: Question) -> Iterator[str]:
    """All choices of a question have a reason, or none has; and none is far longer."""
    with_reason = [letter for letter, text in question.choices.items() if REASON.search(text)]
    if len(with_reason) not in (0, len(question.choices)):
        yield f"{question.key} has a reason for {with_reason} alone"
    lengths = [len(text) for text in question.choices.values()]
    if max(lengths) > 2 * min(lengths) + SAME:
        yield f"{question.key} has choices of {min(lengths)} to {max(lengths)} characters"


def right_too_often(asked: list[Question], right: Mapping[str, str]) -> Iterator[str]:
    """What a learner could go by who knows nothing."""
    shares = {
        "the shortest": sum(each.hits(right[each.key], longest=False) for each in asked),
        "the longest": sum(each.hits(right[each.key], longest=True) for each in asked),
        **{letter: Counter(right.values())[letter] for letter in "abcd"},
    }
    for who, number in shares.items():
        if not LEAST <= number / len(asked) <= MOST:
            yield f"{who} is right in {number:.1f} of {len(asked)}"
