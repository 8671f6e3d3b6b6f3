"""What comes out: findings with their cures, an engine's report, and the report on all of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .words import FINDINGS, SAFE


@dataclass
class Answer:
    """What was measured: yes, no, or ``None`` for not tried; and what made it so."""

    yes: bool | None
    detail: str = ""


@dataclass
class Cure:
    """Lines to paste, and the place where they go."""

    where: str
    lines: list[str]


@dataclass
class Finding:
    """Something to mend: its stable id, what is so, what a reader sees of it, and the cures."""

    id: str
    sentence: str
    message: str
    notebook: str
    cures: list[Cure] = field(default_factory=list)
    ignored: str = ""  # the reason that the reader gave

    @classmethod
    def of(cls, id: str, cures: list[Cure] | None = None, /, **values: str) -> Finding:
        """The finding with an id, its words filled in; without other cures, with its own."""
        words = FINDINGS[id]
        sentence, message = words.sentence.format(**values), words.message.format(**values)
        if cures is None and words.cure:
            lines = words.lines.format(**values).strip().splitlines()
            cures = [Cure(words.cure.format(**values), lines)]
        return cls(id, sentence, message, words.notebook, cures or [])

    def only(self, condition: str) -> None:
        """Say on what the cures depend."""
        for cure in self.cures if condition else ():
            cure.where = f"{condition}: {cure.where[0].lower()}{cure.where[1:]}"


@dataclass
class Tables:
    """The tables that models name and those that are there; where it looked, or why it did not."""

    named: list[str] = field(default_factory=list)
    there: list[str] | None = None
    missing: list[str] = field(default_factory=list)
    elsewhere: dict[str, list[str]] = field(default_factory=dict)  # file: the missing ones in it


@dataclass
class EngineReport:
    """What was found about one engine, or about one ``sqlite3`` connection.

    ``opens`` is the absolute path of its file, or what it opens instead. ``kind`` is a key of
    ``SAFE`` once it was looked at; ``problem`` says why it was not.
    """

    name: str
    url: str
    pool: str
    opens: str = ""
    kind: str = ""
    findings: list[Finding] = field(default_factory=list)
    problem: str = ""
    tables: Tables = field(default_factory=Tables)
    answers: dict[str, Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def to_mend(self) -> list[Finding]:
        """The findings that are not ignored."""
        return [finding for finding in self.findings if not finding.ignored]

    @property
    def verdict(self) -> str:
        """``safe``, ``to mend`` or ``not looked``."""
        if self.to_mend:
            return "to mend"
        return "not looked" if self.problem else "safe"

    @property
    def sentence(self) -> str:
        """What holds, or why it could not look."""
        if self.problem:
            return self.problem
        return self.findings[0].sentence if self.findings else SAFE[self.kind]

    @property
    def message(self) -> str:
        """What a reader sees of the first finding; empty where there is none."""
        return self.findings[0].message if self.findings else ""


@dataclass
class Report:
    """What ran of the app; the report of each engine, or why there is none.

    In a test of your own: ``report = diagnose(app)``, then ``assert report.safe, report``.
    """

    target: str
    ran: list[str] = field(default_factory=list)  # "Importing shop ran it"
    did: list[str] = field(default_factory=list)  # what the app did to files meanwhile
    engines: list[EngineReport] = field(default_factory=list)
    problem: str = ""

    @property
    def safe(self) -> bool:
        """Whether it looked at every engine and found nothing to mend."""
        return self.exit_status == 0

    @property
    def exit_status(self) -> int:
        """0 safe, 1 something to mend, 2 could not look."""
        verdicts = {engine.verdict for engine in self.engines}
        if "to mend" in verdicts:
            return 1
        return 0 if verdicts == {"safe"} and not self.problem else 2

    @property
    def findings(self) -> list[Finding]:
        """What is to be mended, of all engines."""
        return [finding for engine in self.engines for finding in engine.to_mend]

    def ignore(self, reasons: dict[str, str]) -> None:
        """Let findings with these ids count as safe, each for a reason."""
        for engine in self.engines:
            for finding in engine.findings:
                finding.ignored = reasons.get(finding.id, finding.ignored)

    def to_dict(self) -> dict[str, Any]:
        """The whole report as plain data, with the verdicts."""
        data: dict[str, Any] = asdict(self)
        for plain, engine in zip(data["engines"], self.engines):
            plain["verdict"] = engine.verdict
        return {**data, "safe": self.safe, "exit_status": self.exit_status}

    def to_json(self) -> str:
        """The whole report for a program."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Report:
        """The report that ``to_dict`` made into plain data."""
        kept = {each.name: data[each.name] for each in fields(cls)}
        return cls(**{**kept, "engines": [_engine(each) for each in data["engines"]]})

    def __repr__(self) -> str:
        from .text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from .text import as_html

        return as_html(self)


def _engine(data: dict[str, Any]) -> EngineReport:
    """An engine's report from plain data."""
    kept = {each.name: data[each.name] for each in fields(EngineReport)}
    kept["tables"] = Tables(**data["tables"])
    kept["answers"] = {key: Answer(**each) for key, each in data["answers"].items()}
    kept["findings"] = [
        Finding(**{**each, "cures": [Cure(**cure) for cure in each["cures"]]})
        for each in data["findings"]
    ]
    return EngineReport(**kept)
