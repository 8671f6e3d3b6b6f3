"""An old stack is built anew and measured whole, and agrees with what is recorded."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.years import all_stacks
from helpers.years.__main__ import run
from helpers.years.interpreters import interpreter
from helpers.years.stacks import Stack, installed_stack

ROOT = Path(__file__).parents[3]
OLD = ("2013", "2013-py3.6", "2013-py3.9", "2016", "2017", "2018", "2020", "2022")


def an_old_stack() -> str:
    """The oldest stack whose Python is here."""
    for stack in all_stacks():
        if stack.name in OLD and interpreter(stack.python):
            return stack.name
    pytest.skip("This machine has no Python from 2.7 to 3.10.")


def test_a_stack_that_does_not_install_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip says last is the reason; nothing is taken for a finished environment."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    stack = Stack("bad", 2026, "2026-01-01", installed_stack().python, ("flask==999",))

    assert run([stack], tmp_path, workers=1, keep=False) == 1
    assert "Skipped bad: it cannot be installed: ERROR: No matching" in capsys.readouterr().out
    assert not list(tmp_path.rglob("made-of.json"))


def test_an_old_stack_is_as_recorded_also_when_it_was_stopped_on_the_way(tmp_path: Path) -> None:
    """The second command goes on from the first one; only the environment stays in the folder."""
    cache = tmp_path / "a cache"
    command = [sys.executable, "-m", "helpers.years", an_old_stack(), "--cache", str(cache)]
    # Windows sends Ctrl+C to a whole console.
    kept = 0 if sys.platform == "win32" else measured_until_ctrl_c(command, cache)

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert f"] {kept} of" in done.stderr or kept < 3
    assert "about 0 s left" in done.stderr
    assert "Every pool and every outcome is as recorded." in done.stdout
    assert not list(cache.glob("unfinished/*"))


def measured_until_ctrl_c(command: list[str], cache: Path) -> int:
    """How many cases are kept when the command is stopped; conftest looks for what still runs."""
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if " cases, " in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Give the same command again to go on from here." in rest
    [diary] = cache.glob("unfinished/*.jsonl")
    kept = len(diary.read_text(encoding="utf-8").strip().splitlines())
    assert kept > 1
    return kept
