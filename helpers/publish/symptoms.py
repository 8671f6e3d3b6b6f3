"""What people see, why, how to tell, and what ends it: symptoms.toml, read and shown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).with_name("symptoms.toml")


@dataclass(frozen=True)
class Cause:
    """One reason for a symptom.

    :param id: names its test, as in ``test_never_made``.
    :param why: one sentence.
    :param look: one line of Python that tells whether this is the reason.
    :param shows: what that line shows then.
    :param cure: what ends it.
    :param notebook: the number of the notebook that shows it, or nothing.
    """

    id: str
    why: str
    look: str
    shows: str
    cure: str
    notebook: str = ""


@dataclass(frozen=True)
class Symptom:
    """What somebody sees, and the reasons, the most frequent first.

    :param causes: at least one.
    :param message: an error, word for word, or nothing.
    :param seen: what happens where nothing raises, or nothing.
    :param chance: whether it comes by chance, so that no notebook can store it.
    """

    causes: tuple[Cause, ...]
    message: str = ""
    seen: str = ""
    chance: bool = False

    @property
    def shown(self) -> str:
        """As it stands in a table: a message in code, and the rest as text."""
        return f"`{self.message}`" if self.message else self.seen


@dataclass(frozen=True)
class Group:
    """Symptoms that belong together, the most frequent first.

    :param title: a heading.
    :param symptoms: at least one.
    :param intro: what stands above the table, or nothing.
    """

    title: str
    symptoms: tuple[Symptom, ...]
    intro: str = ""


def read() -> list[Group]:
    """All symptoms, in the order in which people have them."""
    groups = []
    for group in tomllib.loads(DATA.read_text(encoding="utf-8"))["group"]:
        symptoms = []
        for symptom in group.pop("symptom"):
            causes = tuple(Cause(**cause) for cause in symptom.pop("cause"))
            symptoms.append(Symptom(causes, **symptom))
        groups.append(Group(symptoms=tuple(symptoms), **group))
    return groups


def each() -> Iterator[tuple[Symptom, Cause]]:
    """Every cause, with its symptom."""
    for group in read():
        for symptom in group.symptoms:
            for cause in symptom.causes:
                yield symptom, cause


def markdown(notebooks: dict[str, str]) -> str:
    """The symptoms of README: a heading for each group and symptom, and below it the causes.

    A list, because a table with so much code in it is wider than a page.

    :param notebooks: numbers, as in ``"12"``, each with where a link to it leads.
    """
    parts = []
    for group in read():
        parts += [f"### {group.title}", *filter(None, [group.intro.strip()])]
        for symptom in group.symptoms:
            mark = "1." if len(symptom.causes) > 1 else "-"
            causes = [_cause(mark, cause, notebooks) for cause in symptom.causes]
            parts += [f"#### {symptom.shown}", "\n".join(causes)]
    return "\n\n".join(parts)


def _cause(mark: str, cause: Cause, notebooks: dict[str, str]) -> str:
    number = cause.notebook
    link = f"[{number}]({notebooks[number]})" if number in notebooks else number
    lines = [
        f"{mark} **{cause.why}**" if "**" not in cause.why else f"{mark} {cause.why}",
        f"*Tell:* `{cause.look}`: {cause.shows}",
        f"*Fix:* {cause.cure}" + (f" *Notebook* {link}" if link else ""),
    ]
    return f"<br>\n{' ' * (len(mark) + 1)}".join(lines)
