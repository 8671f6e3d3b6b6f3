"""The command: what it skips, how it goes on after Ctrl+C, and what it says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.years import __main__ as command
from helpers.years import expected, record, serve
from helpers.years.__main__ import main, run
from helpers.years.cases import (
    COLUMNS,
    FILES,
    Case,
    as_csv,
    differences,
    recorded,
    table_cases,
)
from helpers.years.progress import Bar
from helpers.years.record import Diary, measure_stack
from helpers.years.serve import Hindrance, free_port
from helpers.years.stacks import Stack, all_stacks, chosen, installed_stack

TODAY = installed_stack().python
CASES = [Case("pools"), *[case for case in table_cases(["run"]) if case.threaded == "off"]]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """Recorded files that a test may write to; each starts as a copy of the real one."""
    copies = {question: tmp_path / f"{question}.csv" for question in COLUMNS}
    for question, copy in copies.items():
        copy.write_text(as_csv(question, recorded(question)), encoding="utf-8", newline="\n")
    for question, copy in copies.items():
        monkeypatch.setitem(FILES, question, copy)
    yield copies


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


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What was measured is kept, and is not measured again."""
    stack, seen = installed_stack(), list[Case]()

    def interrupt_after_two(case: Case) -> None:
        seen.append(case)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_stack(stack, sys.executable, CASES, Diary(stack, tmp_path), 2, interrupt_after_two)
    kept = Diary(stack, tmp_path)
    assert set(kept.found) == set(seen)

    rows = measure_stack(stack, sys.executable, CASES, kept, 2, seen.append)

    assert sorted(seen) == sorted(CASES)
    assert [row["outcome"] for row in rows["tables"]] == [expected(r) for r in rows["tables"]]


def test_a_line_that_was_cut_off_is_measured_again(tmp_path: Path) -> None:
    """As a kill in the middle of writing leaves it."""
    stack = installed_stack()
    diary = Diary(stack, tmp_path)
    diary.add(CASES[0], [{"pool": "StaticPool"}])
    diary.path.write_text(diary.path.read_text() + '[["tables", "no", "ru')

    assert Diary(stack, tmp_path).found == {CASES[0]: [{"pool": "StaticPool"}]}


def test_a_case_that_fails_leaves_nothing_of_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a stack is worse than none."""
    stack = installed_stack()
    diary = Diary(stack, tmp_path)
    diary.add(CASES[0], [{"pool": "StaticPool"}])
    (tmp_path / "probe.py").write_text("raise ImportError('no module named flask')")
    monkeypatch.setattr(serve, "PROBE", tmp_path / "probe.py")

    with pytest.raises(Hindrance, match=r"it ended .* named flask \(tables yes run off "):
        measure_stack(stack, sys.executable, CASES, diary)
    assert not diary.path.exists()


def test_releases_that_are_not_those_of_the_stack_are_refused(tmp_path: Path) -> None:
    """Somebody may have installed something else into the environment."""
    stack = Stack("2013", 2013, "2013-10-01", TODAY, all_stacks()[0].pins)

    with pytest.raises(Hindrance, match="it has flask .* instead of 0.10.1"):
        measure_stack(stack, sys.executable, CASES[:1], Diary(stack, tmp_path))


def test_rows_replace_those_of_the_same_stack(files: dict[str, Path]) -> None:
    """In the order of the stacks."""
    before = recorded()
    changed = [row | {"outcome": "changed"} for row in before if row["stack"] == "2015"]

    record.record({"tables": changed})

    after = recorded()
    assert [row["stack"] for row in after] == [row["stack"] for row in before]
    assert [row for row in after if row["stack"] == "2015"] == changed
    assert len(differences(before, after)) == len(changed)


@pytest.mark.parametrize("name", ["2012", "flask-9", ""])
def test_a_name_that_fits_no_stack_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the names that there are."""
    assert main([name]) == 2

    assert f"There is no stack {name!r}: name a year, or one of 2013, " in capsys.readouterr().err


def test_a_year_stands_for_its_stacks() -> None:
    """Not for those of a turning point, which have names of their own."""
    names = [stack.name for stack in chosen(["2013", "flask-1.0"], all_stacks())]

    assert names == ["2013", "2013-py3.6", "2013-py3.9", "flask-1.0"]
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
