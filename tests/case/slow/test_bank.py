"""Every right repair of the case passes, and no other one does; the judge says what each did."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import Answer, read_answers

from helpers.case.judge import try_project

ANSWERS = read_answers()


def said(answer: Answer, folder: Path) -> dict[str, str]:
    """The grade, why the run ended early, and what is said of each complaint of the answer."""
    found = try_project(answer.write(folder))
    lines = {complaint: found.of(complaint)[1] for complaint in answer.says.keys() - {"stopped"}}
    return {"grade": found.grade(), "stopped": found.stopped} | lines


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_the_bank(name: str, tmp_path: Path) -> None:
    """The grade is the one that it deserves, and what is said holds what happened."""
    answer = ANSWERS[name]
    found = said(answer, tmp_path / "project")

    assert found["grade"] == answer.grade, found
    for complaint, part in answer.says.items():
        assert part in found[complaint]
    assert found["stopped"] == "" or "stopped" in answer.says


def test_an_answer_is_judged_the_same_way_twice(tmp_path: Path) -> None:
    """Also after another one, and the learner's folder stays as it was."""
    untouched, repaired = ANSWERS["untouched"], ANSWERS["the reference"]
    first, second = untouched.write(tmp_path / "first"), repaired.write(tmp_path / "second")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    grades = [try_project(folder).grade() for folder in (first, second, first, second)]

    assert grades == ["not yet", "right"] * 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_bank_is_large_enough() -> None:
    """Several right answers, some with a price, and many wrong ones."""
    grades = [answer.grade for answer in ANSWERS.values()]

    assert grades.count("right") >= 4
    assert grades.count("right, but") >= 3
    assert grades.count("not yet") >= 10


def test_where_there_is_no_gunicorn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes with waitress take its place, and find the same."""
    monkeypatch.setattr("helpers.case.host.HAS_GUNICORN", False)

    for name in ("untouched", "the reference", "a long timeout"):
        answer = ANSWERS[name]
        found = said(answer, tmp_path / name)
        assert found["grade"] == answer.grade, found
        assert all(part in found[complaint] for complaint, part in answer.says.items())
