"""Answers to the repair of notebook 04: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import rugs_stay_in_the_shop

HEAD = """
import sqlite3
from flask import Flask, request
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

ANY = {"check_same_thread": False}
STORED = []
"""
BROKEN = """
def make_app():
    app, engine = Flask("rugs"), create_engine("sqlite://")

    @app.before_request
    def create_tables():
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS rug (name TEXT)"))

    @app.route("/rugs", methods=["GET", "POST"])
    def rugs():
        with engine.begin() as connection:
            if request.method == "POST":
                connection.execute(text("INSERT INTO rug VALUES (:name)"), request.json)
                return "stored", 201
            return list(connection.scalars(text("SELECT name FROM rug")))

    return app
"""
ENGINE = 'create_engine("sqlite://")'
CREATE = "CREATE TABLE IF NOT EXISTS rug (name TEXT)"
DROP = 'text("DROP TABLE IF EXISTS rug"))'
INSERT = 'connection.execute(text("INSERT INTO rug VALUES (:name)"), request.json)'
LIST = 'return list(connection.scalars(text("SELECT name FROM rug")))'
BEGIN = "with engine.begin() as connection:\n            if"
MEMDB = "sqlite:///file:///rugs?vfs=memdb&uri=true"
NAMED = "sqlite:///file:///rugs?mode=memory&uri=true"
SHARED = "sqlite:///file:///rugs?mode=memory&cache=shared&uri=true"
KEPT = f'create_engine("{MEMDB}"); app.keeper = engine.connect()'


def repaired(*swaps: tuple[str, str]) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    source = BROKEN
    for old, new in swaps:
        assert old in source, old
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


def engine(options: str) -> Any:
    """The cell with another engine."""
    return repaired((ENGINE, f"create_engine({options})"))


GRADES = {
    "right": {
        "a file": engine('"sqlite:///rugs.db"'),
        "a file without a pool": engine('"sqlite:///rugs.db", poolclass=NullPool'),
        "memdb and a keeper": repaired((ENGINE, KEPT)),
        "a pool of one": engine(
            f'"{NAMED}", poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args=ANY'
        ),
        "a file, and tables made at the start": repaired(
            (ENGINE, 'create_engine("sqlite:///rugs.db")'),
            ("    @app.before_request\n    def create_tables():\n", "    if True:\n"),
        ),
    },
    "right, but": {
        "one connection for all": engine('"sqlite://", poolclass=StaticPool, connect_args=ANY'),
    },
    "not yet": {
        "as it is": repaired(),
        "the check of the thread off": engine('"sqlite://", connect_args=ANY'),
        "a larger pool": engine('"sqlite://", pool_size=50'),
        "memdb without a keeper": engine(f'"{MEMDB}", poolclass=NullPool'),
        "a name that is not shared": engine(f'"{NAMED}", poolclass=SingletonThreadPool'),
        "a file that is emptied by each request": repaired(
            (ENGINE, 'create_engine("sqlite:///rugs.db")'),
            (f'text("{CREATE}")', f'{DROP}; connection.execute(text("{CREATE}")'),
        ),
        "stores nothing": repaired((INSERT, 'connection.execute(text("SELECT 1"))')),
        "a list beside the database": repaired(
            (INSERT, f'STORED.append(request.json["name"]); {INSERT}'),
            (LIST, 'connection.execute(text("SELECT 1")); return STORED'),
        ),
        "a list, and no database": repaired(
            (BEGIN, "if True:\n            if"),
            (INSERT, 'STORED.append(request.json["name"])'),
            (LIST, "return STORED"),
        ),
        "no views": repaired(('"/rugs"', '"/carpets"')),
        "no app": repaired(("return app", "return None")),
        "None": None,
        "a text": "sqlite:///rugs.db",
    },
}  # fmt: skip


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = rugs_stay_in_the_shop(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
