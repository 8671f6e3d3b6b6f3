"""The installation without a network that the guide describes, by its own words."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_commands import project

from helpers.tasks.pins import name, pins
from helpers.tasks.places import LEARNERS_LOCK, POSTGRES_LOCK, PYTHON, ROOT

__all__ = ["project"]  # a fixture
FEW = ("flit-core", "blinker", "itsdangerous")  # the first builds the lesson itself
PLANS = (ROOT / "notebooks" / "instructor" / "plans.md").read_text(encoding="utf-8")
AT_HOME, IN_THE_ROOM = re.findall(r"^```\n(.+?)^```$", PLANS, re.MULTILINE | re.DOTALL)


@pytest.fixture
def stick(project: Path) -> Path:
    """A lesson with three of its packages, and their wheels beside it."""
    for file in ("README.md", "LICENSE", "helpers/__init__.py"):  # what its build reads
        shutil.copy(ROOT / file, project / file)
    lock = project / LEARNERS_LOCK.relative_to(ROOT)
    lock.write_text("".join(pin for pin in pins(lock).values() if name(pin) in FEW), "utf-8")
    download, _ = AT_HOME.splitlines()
    command = [sys.executable, *shlex.split(download)[1:]]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr or "Max retries" in done.stderr:
        pytest.skip("There is no package index to download from.")
    assert done.returncode == 0, done.stderr
    return project


def install(stick: Path) -> subprocess.CompletedProcess[str]:
    """Give the guide's command, as on Windows, where make is missing."""
    command = [sys.executable, "helpers/tasks", *shlex.split(IN_THE_ROOM.splitlines()[0])[1:]]
    return subprocess.run(command, cwd=stick, capture_output=True, text=True, check=False)


def test_the_guide_downloads_what_the_lesson_installs() -> None:
    """Each lock of a learner, in a folder that the room's command names."""
    words = [shlex.split(line) for line in AT_HOME.splitlines()]
    locks = [Path(line[line.index("-r") + 1]) for line in words]

    assert locks == [lock.relative_to(ROOT) for lock in (LEARNERS_LOCK, POSTGRES_LOCK)]
    assert {line[line.index("-d") + 1] for line in words} == {"wheels"}
    assert IN_THE_ROOM.splitlines() == [
        "make install PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels",
        "make lesson",
    ]


def test_the_lesson_is_installed_from_a_stick(stick: Path, tmp_path: Path) -> None:
    """Without an index, wherever its folder is copied to; PostgreSQL may be missing."""
    stick = shutil.copytree(stick, tmp_path / "on a laptop")
    done = install(stick)

    assert done.returncode == 0, done.stderr
    assert "with pip" in done.stdout
    assert done.stderr.startswith("PostgreSQL is left out, and all else works.")
    python = stick / PYTHON.relative_to(ROOT)
    look = "import blinker, itsdangerous; from importlib.metadata import version"
    look += "; version('no-such-table')"
    assert subprocess.run([python, "-c", look], check=False).returncode == 0


def test_a_stick_without_a_package_is_told(stick: Path) -> None:
    """Nothing is fetched in its place."""
    for wheel in (stick / "wheels").glob("blinker*"):
        wheel.unlink()
    done = install(stick)

    assert done.returncode == 1
    assert "blinker" in done.stderr
