"""The diary that a run goes on from, and the recorded files that it writes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from helpers.years import expected, record, serve
from helpers.years.cases import COLUMNS, Case, differences, recorded, table_cases
from helpers.years.record import Diary, measure_stack
from helpers.years.serve import Hindrance
from helpers.years.stacks import Stack, all_stacks, installed_stack

TODAY = installed_stack().python
CASES = [Case("pools"), *[case for case in table_cases(["run"]) if case.threaded == "off"]]


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
    diary.path.write_text(diary.path.read_text() + '\n[["tables", "no", "ru')

    assert Diary(stack, tmp_path).found == {CASES[0]: [{"pool": "StaticPool"}]}


def test_a_diary_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    """As a full disk leaves it, once there is space again."""
    stack, rows = installed_stack(), [{"pool": "StaticPool"}]
    diary = Diary(stack, tmp_path)
    for case in CASES[:2]:
        diary.add(case, rows)
    diary.path.write_text(diary.path.read_text()[:-40])

    again = Diary(stack, tmp_path)
    assert set(again.found) == {CASES[0]}
    for case in CASES[1:3]:
        again.add(case, rows)

    assert Diary(stack, tmp_path).found == dict.fromkeys(CASES[:3], rows)


def test_the_diaries_of_older_code_are_removed(tmp_path: Path) -> None:
    """Those of this stack alone."""
    stack = installed_stack()
    names = [f"{stack.name}-{12 * 'a'}.jsonl", f"{stack.name}-py3.9-{12 * 'a'}.jsonl"]
    for name in names:
        (tmp_path / name).touch()

    Diary(stack, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == names[1:]


def test_a_diary_is_of_the_code_that_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of an older runner are not mixed with those of another one."""
    stack = installed_stack()
    Diary(stack, tmp_path).add(CASES[0], [{"pool": "StaticPool"}])
    newer = tmp_path / "measure.py"
    newer.write_text("# another way to measure")
    monkeypatch.setattr(record, "MEASURES", (*record.MEASURES[:-1], newer))

    assert Diary(stack, tmp_path).found == {}


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


def test_rows_are_written_whole_or_not_at_all(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full after half of the second file."""
    before = {question: path.read_bytes() for question, path in files.items()}
    write, written = Path.write_text, list[Path]()

    def fills_up(path: Path, text: str, **options: str) -> int:
        written.append(path)
        if len(written) < 2:
            return write(path, text, **options)
        write(path, text[: len(text) // 2], **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fills_up)
    with pytest.raises(OSError, match="No space left"):
        record.record({question: recorded(question)[9:] for question in COLUMNS})

    assert {question: path.read_bytes() for question, path in files.items()} == before
    assert sorted(tmp_path.iterdir()) == sorted(files.values())
