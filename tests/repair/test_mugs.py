"""Answers to the repair of notebook 00: every right one passes, and no other."""

from __future__ import annotations

import time
from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import mugs_reach_the_visitors

HEAD = """
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

ANY = {"check_same_thread": False}
"""
BROKEN = """
def make_app():
    app = Flask("mugs")
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS mug (name TEXT)"))
        if not connection.scalar(text("SELECT count(*) FROM mug")):
            connection.execute(text("INSERT INTO mug VALUES ('blue mug')"))

    @app.get("/mugs")
    def mugs():
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT name FROM mug")))

    return app
"""
ENGINE = 'create_engine("sqlite://")'
LIST = 'return list(connection.scalars(text("SELECT name FROM mug")))'
MEMDB = "sqlite:///file:///mugs?vfs=memdb&uri=true"
NAMED = "sqlite:///file:///mugs?mode=memory&uri=true"
SHARED = "sqlite:///file:///mugs?mode=memory&cache=shared&uri=true"
KEPT = f'create_engine("{MEMDB}"); app.keeper = engine.connect()'
FILE = (ENGINE, 'create_engine("sqlite:///mugs.db")')
CREATE = 'connection.execute(text("CREATE TABLE IF NOT EXISTS mug (name TEXT)"))'
DROP = 'connection.execute(text("DROP TABLE IF EXISTS mug"))'


def repaired(*swaps: tuple[str, str]) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    source = BROKEN
    for old, new in swaps:
        assert old in source
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


IN_ONE_THREAD = """
def make_app():
    app = Flask("mugs")
    engine = create_engine("sqlite://")
    worker = ThreadPoolExecutor(1)

    def make():
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE mug (name TEXT)"))
            connection.execute(text("INSERT INTO mug VALUES ('blue mug')"))

    def names():
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT name FROM mug")))

    worker.submit(make).result()
    app.get("/mugs")(lambda: worker.submit(names).result())
    return app
"""


def engine(options: str) -> Any:
    """The cell with another engine."""
    return repaired((ENGINE, f"create_engine({options})"))


GRADES = {
    "right": {
        "a file": engine('"sqlite:///mugs.db"'),
        "a file without a pool": engine('"sqlite:///mugs.db", poolclass=NullPool'),
        "a file, a thread's own connection": engine(
            '"sqlite:///mugs.db", poolclass=SingletonThreadPool'
        ),
        "memdb and a keeper": repaired((ENGINE, KEPT)),
        "a pool of one": engine(
            f'"{NAMED}", poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args=ANY'
        ),
        "one thread for all that asks": answer_of(HEAD + IN_ONE_THREAD, "make_app"),
    },
    "right, but": {
        "a shared cache": engine(f'"{SHARED}", poolclass=QueuePool, connect_args=ANY'),
        "one connection for all": engine('"sqlite://", poolclass=StaticPool, connect_args=ANY'),
        "a file, and a table that is made at each start": repaired(FILE, ("IF NOT EXISTS ", "")),
        "a file, and a mug more at each start": repaired(
            FILE, ('not connection.scalar(text("SELECT count(*) FROM mug"))', "True")
        ),
        "one connection, unchecked": engine(f'"{NAMED}", poolclass=StaticPool, connect_args=ANY'),
    },
    "not yet": {
        "as it is": repaired(),
        "the check of the thread off": engine('"sqlite://", connect_args=ANY'),
        "a larger pool": engine('"sqlite://", pool_size=50'),
        "lends one until two come": engine('"sqlite://", poolclass=QueuePool, connect_args=ANY'),
        "a name that is not shared": engine(f'"{NAMED}", poolclass=SingletonThreadPool'),
        "a table for each visitor": repaired((LIST, f"{CREATE}; {LIST}")),
        "a table and a mug for each visitor": repaired(
            (
                LIST,
                f"{CREATE}; connection.execute("
                f"text(\"INSERT INTO mug VALUES ('blue mug')\")); {LIST}",
            )
        ),
        "one thread for all that asks, and a constant": answer_of(
            HEAD
            + IN_ONE_THREAD.replace(
                'return list(connection.scalars(text("SELECT name FROM mug")))',
                "connection.execute(text('SELECT 1')); return ['blue mug']",
            ),
            "make_app",
        ),
        "one thread that makes, and others that ask": answer_of(
            HEAD + IN_ONE_THREAD.replace("lambda: worker.submit(names).result()", "names"),
            "make_app",
        ),
        "a file that is emptied at each start": repaired(
            FILE, (f"        {CREATE}", f"        {DROP}\n        {CREATE}")
        ),
        "a constant": repaired((LIST, "return ['blue mug']")),
        "a constant after a question": repaired(
            (LIST, 'connection.execute(text("SELECT 1")); return ["blue mug"]')
        ),
        "a constant after an error": repaired(
            (
                LIST,
                "\n            try: " + LIST + "\n            except OperationalError:"
                " return ['blue mug']",
            )
        ),
        "an empty list after an error": repaired(
            (
                LIST,
                "\n            try: " + LIST + "\n            except OperationalError: return []",
            )
        ),
        "a dropped table": repaired(
            (LIST, 'connection.execute(text("DROP TABLE mug")); return []')
        ),
        "no view": repaired(('@app.get("/mugs")', '@app.get("/cups")')),
        "no app": repaired(("return app", "return None")),
        "raises": repaired(("return app", "return app / 0")),
        "exits": repaired(("return app", "raise SystemExit(1)")),
        "an app": repaired()(),
        "None": None,
        "a number": 7,
        "a text": "sqlite:///mugs.db",
        "a class": dict,
    },
}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, within two seconds, and with a sentence."""
    begun = time.monotonic()

    verdict = mugs_reach_the_visitors(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
    assert time.monotonic() - begun < 4  # two seconds, on a machine that has other work
