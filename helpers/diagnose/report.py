"""What comes out: an answer, an engine's report, and the report on all of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from html import escape

from .words import IN_README, QUESTIONS


class Problem(Exception):
    """Why it could not look, as a sentence for the reader."""


class Interrupted(BaseException):
    """A signal came; it is delivered as soon as everything is removed."""


@dataclass
class Answer:
    """What was measured: yes, no, or ``None`` for not tried; and what made it so."""

    yes: bool | None
    detail: str = ""


@dataclass
class EngineReport:
    """What was found about one engine; its verdict is safe, trapped or not looked."""

    name: str
    url: str
    pool: str
    verdict: str = "not looked"
    finding: str = ""
    sentence: str = ""
    message: str = ""
    cure: str = ""
    notebook: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    files: str = ""
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[tuple[str, str]]:
        """What a reader sees: labels and texts."""
        in_readme = any(message in self.message for message in IN_README)
        lines = [("engine", f"{self.name}: {self.url}, {self.pool}")]
        lines += [(self.verdict.upper(), self.sentence), ("what you see", self.message)]
        lines += [("cure", self.cure), ("explained in", self.notebook)]
        lines += [("", "README.md, You came with a message")] * in_readme
        for key, answer in self.answers.items():
            word = {True: "yes", False: "no", None: "not tried"}[answer.yes]
            lines.append((QUESTIONS[key], ": ".join(filter(None, (word, answer.detail)))))
        lines += [("files", self.files), *(("note", note) for note in self.notes)]
        return [(label, text) for label, text in lines if text]


@dataclass
class Report:
    """What ran of the app; and the finding for each engine, or why there is none."""

    target: str
    ran: list[str] = field(default_factory=list)
    engines: list[EngineReport] = field(default_factory=list)
    problem: str = ""

    @property
    def exit_status(self) -> int:
        """0 when every engine is safe, 1 when one is trapped, 2 when it could not look."""
        verdicts = {engine.verdict for engine in self.engines}
        return 1 if "trapped" in verdicts else 0 if verdicts == {"safe"} else 2

    def to_json(self) -> str:
        """The whole report for a program."""
        return json.dumps(asdict(self) | {"exit_status": self.exit_status}, indent=2)

    def __repr__(self) -> str:
        rest = "nothing else of the app ran." if self.ran else "Nothing of the app ran."
        parts = [self.problem or "; ".join([*self.ran, rest])]
        for engine in self.engines:
            parts += ["", *(f"{label:<28}  {text}" for label, text in engine.lines())]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        return f'<pre style="white-space: pre-wrap">{escape(repr(self))}</pre>'
