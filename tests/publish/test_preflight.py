"""What an instructor is told about a machine before teaching."""

from __future__ import annotations

import re
import webbrowser
from pathlib import Path

import pytest

from helpers.publish.preflight import ALWAYS, BY_NAME, browser, main, needed


def table(said: str) -> dict[str, str]:
    """What is there, by what was looked for."""
    lines = [re.split(r" {2,}", line) for line in said.splitlines()[1:-1]]
    return {line[0]: line[2] for line in lines}


def test_one_table_says_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line with yes or no, and a last one that says what no means."""
    status = main(["--plan", "45 minutes"])
    said = capsys.readouterr().out

    assert set(ALWAYS) <= table(said).keys()
    assert set(table(said).values()) <= {"yes", "no", "NO"}
    assert status == int("NO" in table(said).values())
    assert said.splitlines()[-1].startswith("NO: mend it before you teach. no: you can teach")


def test_a_plan_is_asked_for_what_its_notebooks_need() -> None:
    """And says which notebooks those are."""
    nothing = needed({"00": "print()"}, "A day")
    both = needed({"09": "PostgresServer()", "10": "gunicorn, PostgresServer()"}, "A day")

    assert not {what for what, _ in BY_NAME.values()} & nothing.keys()
    assert both["PostgreSQL"][0] == "09, 10"
    assert both["gunicorn"][0] == "10"


def test_a_plan_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence names those that there are."""
    assert main(["--plan", "a week"]) == 2
    assert capsys.readouterr().err.startswith('There is no plan "a week": name one of "45 min')


def test_a_browser_that_python_cannot_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no display, one that is installed is told, and what to do with it."""

    def none() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PATHEXT", ".EXE")
    assert browser()[0] == "no"

    for name in ("chromium", "chromium.EXE"):
        (tmp_path / name).touch(0o755)

    there, found = browser()

    assert there == "yes"
    assert str(tmp_path / "chromium") in found
    assert "by hand" in found
