"""The environments of the stacks are built once, and the tool that old Pythons need."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from helpers.years import __main__ as command
from helpers.years import environments
from helpers.years.serve import Hindrance
from helpers.years.stacks import Stack, installed_stack


def test_the_tool_for_old_pythons_is_built_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although four stacks need it at the same time."""
    commands, second = list[str](), threading.Event()

    def noted(command: Sequence[str]) -> None:
        commands.append(" ".join(command))
        if "venv --clear" in commands[-1]:
            (tmp_path / "virtualenv").mkdir(exist_ok=True)
            if sum("venv --clear" in each for each in commands) > 1:
                second.set()
            second.wait(0.5)  # a chance for those who would build it as well
        elif "-m virtualenv" in commands[-1]:
            Path(command[-1]).mkdir()

    monkeypatch.setattr(environments, "_run", noted)
    monkeypatch.setattr(environments, "interpreter", lambda version: sys.executable)
    stacks = [Stack(f"old-{n}", 2013, "", "2.7", ("flask==0.10.1",)) for n in range(4)]

    _, skipped = command.build_all(stacks, tmp_path, workers=4)

    assert skipped == {}
    assert sum("venv --clear" in each for each in commands) == 1


def test_an_environment_that_lost_its_python_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its stamp says only what it was made of."""
    built = list[Path]()

    def build(stack: Stack, base: str, folder: Path) -> None:
        built.append(folder)
        python = Path(environments.python_in(folder))
        python.parent.mkdir(parents=True)
        python.touch()

    monkeypatch.setattr(environments, "build", build)
    stack = installed_stack()
    for _ in range(2):
        python = environments.environment(stack, tmp_path)
    assert len(built) == 1

    Path(python).unlink()
    environments.environment(stack, tmp_path)

    assert len(built) == 2


def test_a_folder_with_an_umlaut_is_refused_where_the_tools_fail_in_it(tmp_path: Path) -> None:
    """Their own words name a codec, and no folder."""
    stack = Stack("old", 2013, "", "2.7", ("flask==0.10.1",))

    with pytest.raises(Hindrance, match="beyond ASCII: name another one with --cache"):
        environments.build(stack, sys.executable, tmp_path / "Müller" / "old")
