"""Does this machine have what the lesson needs?"""

from __future__ import annotations

import sqlite3

import pytest

from helpers.learn import check_machine


def test_a_machine_that_runs_the_tests_has_what_is_needed() -> None:
    """Every row says yes."""
    frame = check_machine().frame

    assert set(frame["enough"]) == {"yes"}
    assert {"Python", "SQLite", "Flask", "SQLAlchemy", "Network"} <= set(frame.index)


def test_an_old_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases are compared as numbers: 3.9 is older than 3.36."""
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.9.2")

    frame = check_machine().frame

    assert frame.loc["SQLite", "found"] == "v3.9.2"
    assert list(frame.index[frame["enough"] == "no"]) == ["SQLite"]


@pytest.mark.parametrize(("found", "enough"), [("2.0.37", "no"), ("2.0.38", "yes")])
def test_what_is_needed_is_what_the_project_asks_for(
    found: str, enough: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last number: the release below the lowest one that is tested is not enough."""
    monkeypatch.setattr("helpers.learn.machine.version", lambda what: found)

    frame = check_machine().frame

    assert frame.loc["SQLAlchemy", "needed"] == "2.0.38 or later"
    assert frame.loc["SQLAlchemy", "enough"] == enough
