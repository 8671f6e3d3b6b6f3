"""What diagnose says: its ids, sentences and notebooks, from ``words.ini``."""

from __future__ import annotations

from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Words:
    """What a finding says: its notebook, its sentence, what a reader sees of it, and its cure.

    Where the cure depends on the reader's code, ``cures.py`` has it.
    """

    notebook: str
    sentence: str
    message: str
    cure: str = ""  # where it goes
    lines: str = ""  # to paste


TEXTS = RawConfigParser()
TEXTS.read_string(Path(__file__).with_suffix(".ini").read_text(encoding="utf-8"))
OTHERS = ("notebooks", "questions", "safe", "notes", "problems")
NOTEBOOKS, QUESTIONS, SAFE, NOTES, PROBLEMS = (dict(TEXTS[each]) for each in OTHERS)
FINDINGS = {id: Words(**TEXTS[id]) for id in TEXTS.sections() if id not in OTHERS}


class Problem(Exception):
    """Why it could not look, as a sentence for the reader."""

    @classmethod
    def of(cls, key: str, **values: object) -> Problem:
        """The problem with a key, its words filled in."""
        return cls(PROBLEMS[key].format(**values))


def some(names: list[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "no tables"
