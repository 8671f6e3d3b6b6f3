"""Answers to the repair of notebook 02: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import lamps_stay

HEAD = """
from functools import cache
from flask import Flask, request
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

CREATE = text("CREATE TABLE IF NOT EXISTS lamp (name TEXT)")
INSERT = text("INSERT INTO lamp VALUES (:name)")
NAMES = text("SELECT name FROM lamp")
ANY = {"check_same_thread": False}
"""
OPTIONS = '{"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}'
RETURN = 'return create_engine("sqlite://", **options)'
LIST = "return list(connection.scalars(NAMES))"
DEF = "    def database():\n"
BROKEN = f"""
def make_app():
    app = Flask("lamps")

    def database():
        options = {OPTIONS}
        {RETURN}

    with database().begin() as connection:
        connection.execute(CREATE)
        if not list(connection.scalars(NAMES)):
            connection.execute(INSERT, {{"name": "desk lamp"}})

    @app.route("/lamps", methods=["GET", "POST"])
    def lamps():
        with database().begin() as connection:
            if request.method == "POST":
                connection.execute(INSERT, request.get_json())
            {LIST}

    return app
"""
ONE = (DEF, "    @cache\n" + DEF)
MEMDB = "sqlite:///file:///lamps?vfs=memdb&uri=true"
NAMED = "sqlite:///file:///lamps?mode=memory&uri=true"


def repaired(*swaps: tuple[str, str]) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    source = BROKEN
    for old, new in swaps:
        assert old in source
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


def one_engine(options: str) -> Any:
    """The cell with one engine for the whole app, made so."""
    return repaired(ONE, (RETURN, f"return create_engine({options})"))


KEPT = "    app.keeper = database().connect()\n\n    with database().begin() as connection:\n"
POOL_OF_ONE = "poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args=ANY"
START = "    with database().begin() as connection:\n        connection.execute(CREATE)"
GRADES = {
    "right": {
        "a file": one_engine('"sqlite:///lamps.db"'),
        "a file without a pool": one_engine('"sqlite:///lamps.db", poolclass=NullPool'),
        "memdb and a keeper": repaired(
            ONE,
            (RETURN, f'return create_engine("{MEMDB}")'),
            (START, KEPT + "        connection.execute(CREATE)"),
        ),
        "a pool of one": one_engine(f'"{NAMED}", {POOL_OF_ONE}'),
    },
    "right, but": {
        "one engine, one connection": repaired(ONE),
        "a file, and a lamp more at each start": repaired(
            ONE,
            (RETURN, 'return create_engine("sqlite:///lamps.db")'),
            ("if not list(connection.scalars(NAMES)):", "if True:"),
        ),
        "an engine for each call, on a file": repaired(
            (RETURN, 'return create_engine("sqlite:///lamps.db")')
        ),
    },
    "not yet": {
        "as it is": repaired(),
        "one engine, a connection for each thread": one_engine('"sqlite://"'),
        "one engine, the check off": one_engine('"sqlite://", connect_args=ANY'),
        "one engine, lends one until two come": one_engine(
            '"sqlite://", poolclass=QueuePool, connect_args=ANY'
        ),
        "an engine for each call, another pool": repaired(
            (OPTIONS, '{"poolclass": SingletonThreadPool}')
        ),
        "tables in the view": repaired((LIST, f"connection.execute(CREATE); {LIST}")),
        "tables for each call": repaired(
            (
                "        with database().begin() as connection:\n            if",
                "        with database().begin() as connection:\n"
                "            connection.execute(CREATE)\n            if",
            )
        ),
        "a constant": repaired((LIST, 'return ["desk lamp"]')),
        "an empty list after an error": repaired(
            (
                LIST,
                f"\n            try: {LIST}\n            except OperationalError: return []",
            )
        ),
        "nothing is committed": repaired(
            ONE,
            (RETURN, 'return create_engine("sqlite:///lamps.db")'),
            ("        with database().begin()", "        with database().connect()"),
        ),
        "the table is dropped at startup": repaired(
            ONE,
            (RETURN, 'return create_engine("sqlite:///lamps.db")'),
            (
                "connection.execute(CREATE)",
                'connection.execute(text("DROP TABLE IF EXISTS lamp")); connection.execute(CREATE)',
            ),
        ),
        "no app": repaired(("return app", "return database")),
        "raises": repaired(("return app", "return app()")),
        "an engine": "create_engine",
        "None": None,
        "a number": 3,
        "a class": int,
    },
}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = lamps_stay(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
