"""Two real workers of pytest-xdist: on one file, and with a file for each test."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from bitten import run_tests
from flask import Flask
from sqlalchemy import create_engine

from helpers import LiveServer
from helpers.sample import Base

TWO_WORKERS = ("-p", "xdist.plugin", "-n", "2")
WORKERS = """
import urllib.request
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from helpers.sample import Base, Item

def meet():
    no_proxy = urllib.request.ProxyHandler({})
    urllib.request.build_opener(no_proxy).open(MEETING, timeout=30).close()

@pytest.fixture
def engine(tmp_path):
    engine = create_engine(f"sqlite:///{FOLDER}/test.db")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()

def test_is_over_first(engine):
    meet()
    Base.metadata.drop_all(engine)
    meet()

def test_goes_on(engine):
    meet()
    meet()
    with Session(engine) as session:
        assert session.query(Item).count() == 0
"""
FORTY = """
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from helpers.sample import Base, Item

@pytest.mark.parametrize("number", range(40))
def test_add_a_lamp(tmp_path, number):
    engine = create_engine(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add(Item(id=1, name="lamp"))
    Base.metadata.drop_all(engine)
    engine.dispose()
"""


@pytest.mark.parametrize(
    ("folder", "ends"), [("SHARED", "1 failed, 1 passed"), ("{tmp_path}", "2 passed")]
)
def test_two_real_workers(tmp_path: Path, folder: str, ends: str) -> None:
    """pytest-xdist gives each worker one of the two tests, which meet here."""
    Base.metadata.create_all(engine := create_engine(f"sqlite:///{tmp_path}/test.db"))
    engine.dispose()
    meeting, app = threading.Barrier(2), Flask("meeting")
    app.add_url_rule("/", view_func=lambda: str(meeting.wait(timeout=30)))
    with LiveServer(app) as server:
        tests = WORKERS.replace("MEETING", repr(server.url)).replace("{FOLDER}", folder)
        said = run_tests(tmp_path, tests.replace("SHARED", tmp_path.as_posix()), *TWO_WORKERS)
    assert ends in said
    assert ("no such table: item" in said) == ("failed" in ends)


def test_forty_tests_with_a_file_each(tmp_path: Path) -> None:
    """A suite that makes and drops its tables in each test, side by side."""
    assert "40 passed" in run_tests(tmp_path, FORTY, *TWO_WORKERS)
