"""The bank of the case: what learners hand in, and what the judge has to say of it.

``answers.txt`` has an answer in each paragraph: its name; the project that it starts from, ``as it
is`` or ``repaired``, and the grade; for each complaint a part of what is said; and the changes,
each a file, the lines that go, and the lines that come.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from helpers.case.files import write_project

HERE = Path(__file__).parent


@dataclass
class Answer:
    """A project that somebody hands in.

    :param repaired: whether it starts from the reference repair.
    :param grade: that of the whole.
    :param says: a part of what is said, by complaint; by "stopped" for a run without an end.
    :param changes: a file and what happens to it, each.
    """

    repaired: bool
    grade: str
    says: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """Write the project, and return the folder."""
        write_project(folder)
        if self.repaired:
            shutil.copytree(HERE / "repaired", folder, dirs_exist_ok=True)
        for file, change in self.changes:
            if change == "delete\n":
                (folder / file).unlink()
            else:
                replace(folder / file, lines(change, "-"), lines(change, "+"))
        return folder


def lines(change: str, sign: str) -> str:
    """The lines of a change that go, or those that come."""
    return "".join(line[2:] or "\n" for line in change.splitlines(keepends=True) if line[0] == sign)


def replace(path: Path, old: str, new: str) -> None:
    """Replace lines that have to be there once; without old lines, the whole file."""
    text = path.read_text(encoding="utf-8")
    assert not old or f"\n{text}".count(f"\n{old}") == 1, f"{path.name} has not once: {old}"
    text = f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:] if old else new
    path.write_text(text, encoding="utf-8")


def read_answers() -> dict[str, Answer]:
    """All answers, by name."""
    found = {}
    text = (HERE / "answers.txt").read_text(encoding="utf-8")
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        head, *changes = re.split(r"^@ ", part.rstrip() + "\n", flags=re.MULTILINE)
        name, start, *says = head.strip().splitlines()
        base, _, grade = start.partition(": ")
        pairs = [tuple(line.split(": ", 1)) for line in says]
        edits = [tuple(each.split("\n", 1)) for each in changes]
        found[name] = Answer(base == "repaired", grade, dict(pairs), edits)
    return found
