"""Answers to the repair of notebook 09: every right one passes, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import last_lamp_is_sold_once
from helpers.spawn import PostgresServer

HEAD = """
import threading
from flask import Flask
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from helpers.sample import Base, Item

LOCK = threading.Lock()
COUNT = [2, 1, 5, 1]
"""
BROKEN = """
def make_app(url):
    app, engine = Flask("shop"), create_engine(url)

    @app.post("/buy")
    def buy():
        with Session(engine) as session:
            lamp = session.scalars(select(Item).where(Item.name == "lamp")).one()
            if lamp.stock == 0:
                return "sold out", 409
            lamp.stock = lamp.stock - 1
            session.commit()
            return "sold", 200

    return app
"""
LOOK = 'session.scalars(select(Item).where(Item.name == "lamp"))'
LOCKED = 'session.scalars(select(Item).where(Item.name == "lamp").with_for_update())'
CHANGE = "lamp.stock = lamp.stock - 1"
WITH = "        with Session(engine) as session:"
ENGINE = "create_engine(url)"
IN_SQL = """
def make_app(url):
    app, engine = Flask("shop"), create_engine(url)

    @app.post("/buy")
    def buy():
        with engine.begin() as connection:
            sold = connection.execute(
                update(Item).where(Item.name == "lamp", Item.stock > 0)
                .values(stock=Item.stock - 1)
            )
        return ("sold", 200) if sold.rowcount else ("sold out", 409)

    return app
"""
AGAIN = """
def make_app(url):
    app, engine = Flask("shop"), create_engine(url, isolation_level="REPEATABLE READ")

    def try_to_buy():
        with Session(engine) as session:
            lamp = session.scalars(select(Item).where(Item.name == "lamp")).one()
            if lamp.stock == 0:
                return "sold out", 409
            lamp.stock = lamp.stock - 1
            session.commit()
            return "sold", 200

    @app.post("/buy")
    def buy():
        for _ in range(5):
            try:
                return try_to_buy()
            except OperationalError:
                pass
        return "try later", 503

    return app
"""


def repaired(*swaps: tuple[str, str], source: str = BROKEN) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    for old, new in swaps:
        assert old in source, old
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


def lines(*what: str) -> str:
    """Lines inside the session's block."""
    return "\n            ".join(what)


GRADES = {
    "right": {
        "one statement": repaired(source=IN_SQL),
        "the row locked when it is read": repaired((LOOK, LOCKED)),
        "the table locked": repaired(
            (WITH, WITH + '\n            session.execute(text("LOCK TABLE item"))')
        ),
        "repeatable read, and tried again": repaired(source=AGAIN),
        "serializable, and tried again": repaired(
            ("REPEATABLE READ", "SERIALIZABLE"), source=AGAIN
        ),
        "one statement that returns": repaired(
            ("            if lamp.stock == 0:", lines("", "left = session.execute(text(",
             ' "UPDATE item SET stock = stock - 1 WHERE name = \'lamp\' AND stock > 0"',
             ' " RETURNING stock")).all()', "if not left:")),
            ("            " + CHANGE + "\n", ""),
        ),
    },
    "right, but": {
        "repeatable read": repaired(
            (ENGINE, 'create_engine(url, isolation_level="REPEATABLE READ")')
        ),
        "a lock of Python's for all apps": repaired((WITH, WITH.replace("with", "with LOCK,"))),
        "an advisory lock": repaired(
            (WITH, WITH + '\n            session.execute(text("SELECT pg_advisory_xact_lock(7)"))')
        ),
    },
    "not yet": {
        "as it is": repaired(),
        "a longer look": repaired((LOOK, LOOK.replace("select(Item)", "select(Item).distinct()"))),
        "read committed by name": repaired(
            (ENGINE, 'create_engine(url, isolation_level="READ COMMITTED")')
        ),
        "autocommit": repaired((ENGINE, 'create_engine(url, isolation_level="AUTOCOMMIT")')),
        "a lock of Python's in each app": repaired(
            ("    @app.post", "    lock = threading.Lock()\n\n    @app.post"),
            (WITH, "        with lock, Session(engine) as session:"),
        ),
        "the sum in SQL, and the look before it": repaired((CHANGE, "lamp.stock = Item.stock - 1")),
        "locked after the look": repaired(
            (CHANGE, lines("session.refresh(lamp, with_for_update=True)", CHANGE))
        ),
        "every item": repaired(('Item.name == "lamp", ', ""), source=IN_SQL),
        "never sold out": repaired((", Item.stock > 0", ""), source=IN_SQL),
        "always sold out": repaired((LOOK + ".one()", LOOK + ".one(); return 'sold out', 409")),
        "says sold, and sells nothing": repaired((CHANGE, "pass")),
        "counts in Python": repaired(
            (LOOK + ".one()", lines("None", "raise SystemExit")),
        ),
        "another status": repaired(('"sold out", 409', '"sold out", 404')),
        "no app": repaired(("return app", "return None")),
        "None": None,
        "a text": "LOCK TABLE item",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server, where there is one."""
    try:
        server = PostgresServer()
    except RuntimeError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str, server: PostgresServer) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = last_lamp_is_sold_once((GRADES[grade][name], server.url))

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said


@pytest.mark.parametrize("answer", [None, (), (print,), (print, None), ("make_app", "url")])
def test_what_is_no_answer_is_told_so(answer: object) -> None:
    """Whatever the cell was changed to."""
    verdict = last_lamp_is_sold_once(answer)

    assert verdict.grade == "not yet"
    assert verdict.said.endswith("keep the function make_app.")
