"""The stacks: releases that were current together, with the Python that each needs.

``stacks.json`` lists them. A stack is named for its year; one that is named for a release
belongs to a turning point, and differs from its neighbor in that release alone.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

STACKS = Path(__file__).with_name("stacks.json")
PACKAGES = ("flask", "werkzeug", "sqlalchemy", "flask-sqlalchemy")


@dataclass(frozen=True)
class Stack:
    """One stack.

    :param name: what the command and the recorded rows call it.
    :param year: the year whose releases it has. Of a stack that is named for a release, the
        year of that release; its other releases can be of another year.
    :param as_of: the day on which they were the newest, as ``2013-10-01``; or the day of
        that release.
    :param python: the Python that it needs, as ``2.7``.
    :param pins: all its packages, as ``flask==0.10.1``.
    :param build: what its old packages need to be installed at all.
    """

    name: str
    year: int
    as_of: str
    python: str
    pins: tuple[str, ...]
    build: tuple[str, ...] = ()

    @property
    def has_cli(self) -> bool:
        """Whether there is a ``flask run``, which came with Flask 0.11."""
        return release(self.version("flask")) >= (0, 11)

    def version(self, package: str) -> str:
        """The release of one of its packages."""
        return dict(pin.split("==") for pin in self.pins)[package]


def all_stacks() -> list[Stack]:
    """Every stack of ``stacks.json``, in the order of the file."""
    found = json.loads(STACKS.read_text(encoding="utf-8"))
    lists = ("pins", "build")
    return [Stack(**each | {k: tuple(each[k]) for k in lists if k in each}) for each in found]


def installed_stack() -> Stack:
    """The stack that this Python has, under the name ``yours``."""
    versions = {package: metadata.version(package) for package in PACKAGES}
    pins = tuple(f"{package}=={version}" for package, version in versions.items())
    python = ".".join(platform.python_version_tuple()[:2])
    return Stack("yours", 0, "", python, pins)


def chosen(names: Collection[str], stacks: Sequence[Stack]) -> list[Stack]:
    """The stacks with these names; all of them if there is no name.

    :param names: such as ``flask-1.0`` or ``2013``.
    :param stacks: what to choose from.
    :raises ValueError: when a name fits no stack.
    """
    for name in names:
        if not any(name == stack.name for stack in stacks):
            raise ValueError(
                f"There is no stack {name!r}: name one of"
                f" {', '.join(stack.name for stack in stacks)}."
            )
    return [stack for stack in stacks if not names or stack.name in names]


def year_of(stack: Stack) -> str | None:
    """The year of a stack that is named for it, and ``None`` for another one."""
    return str(stack.year) if stack.name.startswith(str(stack.year)) else None


def release(version: str) -> tuple[int, ...]:
    """The numbers of a version, to compare: ``0.10.1`` comes after ``0.9``."""
    return tuple(int(number) for number in re.findall(r"\d+", version))
