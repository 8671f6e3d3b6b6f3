"""What is found about an engine."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from diagnosing import ENGINES, MEMDB, answers, findings, make

from helpers.diagnose import diagnose
from helpers.diagnose.words import FINDINGS
from helpers.sample import setups


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_is_judged_by_what_it_does(name: str, folder: Path) -> None:
    """The finding and the five answers, for each way to set up SQLite."""
    url, options, finding, expected = ENGINES[name]
    report = diagnose(make(url, **options))
    assert findings(report) == [finding]
    assert answers(report) == expected
    assert report.exit_status == (finding in FINDINGS)
    assert not list(folder.iterdir())
    gc.collect()  # a connection that was left open is a warning on Python 3.13


@pytest.mark.parametrize("name", [name for name in setups if setups[name].url.startswith("sqlite")])
def test_it_agrees_with_the_set_ups_of_the_lesson(name: str, folder: Path) -> None:
    """Each set-up that the lesson calls a cure is safe, and each that it calls sick is not."""
    with setups[name].engine(folder) as engine:
        report = diagnose(engine)
    assert report.exit_status == setups[name].trap, report


@pytest.mark.parametrize(
    ("url", "finding"),
    [
        ("sqlite+aiosqlite://", "one-connection"),
        ("sqlite+aiosqlite:///shop.db", "file"),
        (MEMDB.replace("sqlite:", "sqlite+aiosqlite:"), "memory"),
    ],
)
def test_an_asynchronous_engine_is_tried_in_one_event_loop(url: str, finding: str) -> None:
    """With the pools that SQLAlchemy gives it."""
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import create_async_engine

    report = diagnose(create_async_engine(url))
    assert findings(report) == [finding]
    assert any("event loop" in note for note in report.engines[0].notes)
