"""The workbook: a learner's copies of the notebooks, and of the texts that they link to.

What a learner has changed is never lost.
"""

from __future__ import annotations

import errno
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from .copies import README, copy_of, digest, opened, readme_of, sources_of, what_is_known_of
from .places import ROOT, Problem, python_version

# Of each copy: the digest of the lesson's version, and the one of the sources it then had.
RECORD = ".workbook.json"
Record = dict[str, dict[str, str]]


def workbook() -> int:
    """Make the workbook, and bring what the learner has not changed up to date."""
    for sentence in Workbook(ROOT).update():
        print(sentence)
    return 0


def again() -> int:
    """Put the notebook that ``NOTEBOOK`` names back as the lesson has it."""
    print(Workbook(ROOT).put_back(os.environ.get("NOTEBOOK", "")))
    return 0


class Workbook:
    """The folder ``workbook`` beside ``notebooks``.

    :param project: the folder of both.
    """

    def __init__(self, project: Path) -> None:
        self.folder = project / "workbook"
        notebooks = sorted((project / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        if not notebooks:
            raise Problem(f"{project} has no notebooks: get the lesson again as a whole.")
        self.notebooks = [path.name for path in notebooks]
        self.lesson = {path.name: copy_of(path) for path in notebooks}
        for path in (project / "notebooks").glob("*.md"):  # what they link to
            self.lesson[path.name] = path.read_bytes()
        if (project / README).is_file():
            self.lesson[README] = readme_of(project / README)

    def update(self) -> Iterator[str]:
        """Write the copies that are missing or old, unless the learner has changed them.

        :return: a sentence for each that had to be left as it is.
        :raises Problem: when the folder cannot be written to. Nothing is lost then.
        """
        record = self._record()
        before = json.dumps(record)
        for name, copy in self.lesson.items():
            known, mine = record.get(name, {}), self._read(name)
            is_old = known.get("lesson") != digest(copy)
            if mine is None or (is_old and self._is_unchanged(mine, known, copy)):
                self._put(name, copy)
                record[name] = what_is_known_of(copy)
            elif is_old:
                yield f"workbook/{name} is as you have changed it, and the lesson has another" + (
                    f" version: `make again NOTEBOOK={name[:2]}` brings that one, and keeps yours"
                    " beside it."
                    if name in self.notebooks
                    else " version: delete yours to get it."
                )
        for name in sorted(record.keys() - self.lesson.keys()):
            yield from self._let_go(name, record.pop(name))
        if json.dumps(record) != before:
            self._write(RECORD, json.dumps(record, indent=1).encode())

    def put_back(self, which: str) -> str:
        """Write one copy anew, and keep what the learner had beside it.

        :param which: the notebook's number or name.
        :return: a sentence that says where both are.
        :raises Problem: when there is no such notebook, or the folder cannot be written to.
        """
        name = self._named(which)
        copy, record, mine = self.lesson[name], self._record(), self._read(name)
        beside = ""
        if mine is not None and not self._is_unchanged(mine, record.get(name, {}), copy):
            beside = next(each for each in names_beside(name) if not (self.folder / each).exists())
            self._write(beside, mine)
        self._put(name, copy)
        record[name] = what_is_known_of(copy)
        self._write(RECORD, json.dumps(record, indent=1).encode())
        kept = f", and yours is workbook/{beside}" if beside else ""
        return f"workbook/{name} is as the lesson has it{kept}."

    def _named(self, which: str) -> str:
        number = which.strip().removesuffix(".ipynb")
        number = number.zfill(2) if number.isdecimal() else number
        names = self.notebooks
        found = [name for name in names if number in (name[:2], name.removesuffix(".ipynb"))]
        if not found:
            given = f"NOTEBOOK={which} is no notebook of the lesson" if which else "Which notebook"
            numbers = [name[:2] for name in names]
            raise Problem(
                f"{given}{': ' if which else '? '}name one by its number, from {numbers[0]} to"
                f" {numbers[-1]}, as in `make again NOTEBOOK={numbers[-1]}`."
            )
        return found[0]

    def _is_unchanged(self, mine: bytes, known: dict[str, str], copy: bytes) -> bool:
        """Whether a learner's copy has the sources that it was made with, or those of today."""
        return sources_of(mine) in (known.get("sources"), sources_of(copy))

    def _let_go(self, name: str, known: dict[str, str]) -> Iterator[str]:
        """Remove a copy that the lesson has no more, or leave it to the learner."""
        mine = self._read(name)
        if mine is None:
            return
        if sources_of(mine) == known["sources"]:
            try:
                (self.folder / name).unlink()
            except OSError as error:
                raise self._problem(error) from None
        else:
            yield f"workbook/{name} is no longer part of the lesson: it stays as you have it."

    def _record(self) -> Record:
        """What is known of the copies. Without it, each that differs counts as changed."""
        try:
            record = json.loads(self._read(RECORD) or "{}")
        except (ValueError, RecursionError):
            return {}
        right = isinstance(record, dict) and all(
            re.fullmatch(r"[\w.-]+", name)  # a file of this folder, and of no other
            and isinstance(known, dict)
            and {"lesson", "sources"} <= known.keys()
            for name, known in record.items()
        )
        return record if right else {}

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._problem(error) from None

    def _put(self, name: str, copy: bytes) -> None:
        """Write a copy, a notebook as JupyterLab would save it."""
        self._write(name, opened(copy, self.python) if name in self.notebooks else copy)

    @cached_property
    def python(self) -> str:
        """The version of the Python that runs the cells."""
        return python_version()

    def _write(self, name: str, content: bytes) -> None:
        """Replace a file as a whole, so that no half of it is ever there."""
        part = ""
        try:
            self.folder.mkdir(exist_ok=True)
            number, part = tempfile.mkstemp(dir=self.folder, prefix=f".{name}", suffix=".part")
            with open(number, "wb") as file:
                file.write(content)
            os.chmod(part, 0o644)
            os.replace(part, self.folder / name)
        except OSError as error:
            if part:
                with suppress(OSError):
                    os.unlink(part)
            raise self._problem(error) from None

    def _problem(self, error: OSError) -> Problem:
        remedy = {
            errno.ENOSPC: "make room on its disk",
            errno.EEXIST: "move that file away",
            errno.ENOTDIR: "move that file away",
            errno.EISDIR: f"move the folder {error.filename2 or error.filename} away",
        }.get(error.errno or 0, "allow that, or copy the lesson to a folder of your own")
        return Problem(
            f"{self.folder} cannot be written to ({error.strerror}): {remedy}, then try again."
        )


def names_beside(name: str) -> Iterator[str]:
    """Names for what a learner had: they do not count as notebooks of the lesson."""
    yield f"my_{name}"
    number = 2
    while True:
        yield f"my_{number}_{name}"
        number += 1
