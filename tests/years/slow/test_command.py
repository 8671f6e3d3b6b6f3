"""The command: what it skips, how it goes on after Ctrl+C, and what it says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from helpers.years import __main__ as command
from helpers.years import record
from helpers.years.__main__ import main, run
from helpers.years.cases import (
    FILES,
    Case,
    differences,
    recorded,
    table_cases,
)
from helpers.years.measure import measure
from helpers.years.progress import Bar
from helpers.years.record import Diary
from helpers.years.serve import free_port
from helpers.years.stacks import Stack, all_stacks, chosen, installed_stack

TODAY = installed_stack().python
CASES = [Case("pools"), *[case for case in table_cases(["run"]) if case.threaded == "off"]]


def test_a_stack_without_its_python_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason, and a status that says so."""
    stack = Stack("1999", 1999, "1999-01-01", "1.5", ("flask==3.1.3",))

    assert run([stack], tmp_path, workers=1, keep=False) == 1
    assert "Skipped 1999: there is no Python 1.5 on this machine." in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_skipped_stack_changes_no_recorded_row(files: dict[str, Path], tmp_path: Path) -> None:
    """The rows of all stacks are as before, byte for byte."""
    before = {question: path.read_bytes() for question, path in files.items()}

    run(
        [Stack("2013", 2013, "2013-10-01", "1.5", ("flask==0.10.1",))],
        tmp_path,
        workers=1,
        keep=True,
    )

    assert {question: path.read_bytes() for question, path in files.items()} == before


def test_the_other_stacks_go_on_when_one_cannot_be_measured(
    files: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line tells why it was skipped, and nothing of it is kept."""
    gone = str(tmp_path / "python")
    broken = Stack("2013", 2013, "2013-10-01", "2.7", all_stacks()[0].pins)
    pythons = {"2013": gone, "yours": sys.executable}
    monkeypatch.setattr(command, "environment", lambda stack, cache: pythons[stack.name])
    monkeypatch.setattr(command, "all_cases", lambda has_cli: CASES)
    before = files["tables"].read_bytes()

    assert command.run([broken, installed_stack()], tmp_path, workers=2, keep=False) == 1

    said = capsys.readouterr().out
    assert f"Skipped 2013: There is no program '{gone}' to start" in said
    assert f"Measured 1 stacks, {len(CASES) - 1} cases of tables" in said
    assert not list(tmp_path.glob("unfinished/*"))
    assert files["tables"].read_bytes() == before


def test_what_cannot_be_recorded_is_not_forgotten(
    files: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same command goes on from what was measured."""
    stack = installed_stack()
    monkeypatch.setattr(command, "environment", lambda stack, cache: sys.executable)
    monkeypatch.setattr(command, "all_cases", lambda has_cli: CASES)
    monkeypatch.setattr(record, "all_stacks", lambda: [*all_stacks(), stack])
    monkeypatch.setitem(FILES, "tables", tmp_path / "gone" / "cases.csv")
    monkeypatch.setattr(command, "already", lambda rows, question: rows[question])

    assert command.run([stack], tmp_path, workers=2, keep=True) == 2

    assert "could not be recorded" in capsys.readouterr().err
    assert set(Diary(stack, tmp_path / "unfinished").found) == set(CASES)

    monkeypatch.setitem(FILES, "tables", files["tables"])
    assert command.run([stack], tmp_path, workers=2, keep=True) == 0
    assert not list(tmp_path.glob("unfinished/*"))


def test_it_says_what_it_has_from_an_interrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And how old that is: the machine may have changed."""
    stack = installed_stack()
    monkeypatch.setattr(command, "environment", lambda stack, cache: sys.executable)
    monkeypatch.setattr(command, "all_cases", lambda has_cli: CASES[:1])
    monkeypatch.setattr(command, "already", lambda rows, question: rows[question])
    diary = Diary(stack, tmp_path / "unfinished")
    diary.add(CASES[0], measure(sys.executable, CASES[0]))
    os.utime(diary.path, (0, 86_400 * 365.25))

    assert run([stack], tmp_path, workers=1, keep=False) == 0

    said = capsys.readouterr().err
    assert "Going on with 1 cases of a run that was stopped on 1971-01-01" in said


@pytest.mark.parametrize("name", ["2012", "flask-9", ""])
def test_a_name_that_fits_no_stack_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the names that there are."""
    assert main([name]) == 2

    assert f"There is no stack {name!r}: name one of 2013, 2013-py3.6, " in capsys.readouterr().err


def test_a_name_stands_for_one_stack() -> None:
    """Also where other names begin with it, and in the order of the file."""
    names = [stack.name for stack in chosen(["flask-1.0", "2013", "2022"], all_stacks())]

    assert names == ["2013", "2022", "flask-1.0"]
    assert chosen([], all_stacks()) == all_stacks()


def test_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is in its place."""
    (tmp_path / "file").touch()

    assert main(["2026", "--cache", str(tmp_path / "file" / "cache")]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err


def test_two_runs_are_compared_by_pool_and_outcome() -> None:
    """The name of a thread may differ; a case that only one run has counts."""
    rows = recorded()[:3]
    renamed = [row | {"handler_thread": "Thread-99"} for row in rows]
    other = [rows[0] | {"outcome": "no rows"}, *rows[1:]]

    assert differences(rows, renamed) == []
    assert differences(rows, other) == [
        "2013 yes run default main: SingletonThreadPool, rows found | SingletonThreadPool, no rows"
    ]
    assert len(differences(rows, rows[:2])) == 1


def test_the_bar_says_how_long_it_will_take(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each tenth, where there is no terminal."""
    bar = Bar(20, "cases", 30.0, sys.stdout)
    for number in range(20):
        bar.step(f"case {number}", timed=False)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0] == "[##----------------------] 2 of 20 cases, about 9 min left: case 1"


def test_a_free_port_is_one_that_can_be_had() -> None:
    """It is not handed out twice in a row while nobody takes it."""
    assert 0 < free_port() < 65536
