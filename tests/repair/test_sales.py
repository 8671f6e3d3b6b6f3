"""Answers to the repair of notebook 06: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of

from helpers.learn import Verdict
from helpers.repair import sells_what_it_has

HEAD = """
from sqlalchemy import create_engine, event, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, StaticPool
import threading
from helpers.sample import Item

LOCK = threading.Lock()

def begin_with(engine, statement):
    event.listen(engine, "connect", lambda c, _: setattr(c, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(statement))
    return engine
"""
PYTHON = """
    with Session(engine) as session:
        lamp = session.get(Item, 1)
        if lamp.stock == 0:
            return False
        lamp.stock = lamp.stock - 1
        session.commit()
        return True
"""
SQL = """
    with Session(engine) as session:
        done = session.execute(update(Item).where(WHERE).values(stock=Item.stock - 1))
        session.commit()
        return done.rowcount == 1
"""
ONE = "Item.id == 1, Item.stock > 0"


def shop(sale: str, engine: str = "create_engine(url)") -> Any:
    """The two functions of the learner's cell."""
    source = f"{HEAD}\ndef open_engine(url):\n    return {engine}\n\ndef sell_one(engine):{sale}\n"
    return answer_of(f"{source}\nboth = open_engine, sell_one", "both")


RETRY = """
    for _ in range(20):
        with Session(engine) as session:
            seen = session.scalar(select(Item.stock).where(Item.id == 1))
            if seen == 0:
                return False
            where = (Item.id == 1, Item.stock == seen)
            done = session.execute(update(Item).where(*where).values(stock=seen - 1))
            session.commit()
            if done.rowcount:
                return True
"""
RETURNING = """
    with engine.begin() as connection:
        sql = "UPDATE item SET stock = stock - 1 WHERE id = 1 AND stock > 0 RETURNING stock"
        return connection.scalar(text(sql)) is not None
"""
IN_TURNS = "\n    with LOCK:" + PYTHON.replace("\n    ", "\n        ")
ONE_CONNECTION = "create_engine(url, pool_size=1, max_overflow=0)"
STATIC = 'create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})'
IMMEDIATE = 'begin_with(create_engine(url), "BEGIN IMMEDIATE")'

GRADES = {
    "right": {
        "one statement": shop(SQL.replace("WHERE", ONE)),
        "one statement, without a pool": shop(
            SQL.replace("WHERE", ONE), "create_engine(url, poolclass=NullPool)"
        ),
        "RETURNING": shop(RETURNING),
        "BEGIN IMMEDIATE": shop(PYTHON, IMMEDIATE),
        "BEGIN EXCLUSIVE": shop(PYTHON, 'begin_with(create_engine(url), "BEGIN EXCLUSIVE")'),
        "compare and try again": shop(RETRY),
    },
    "right, but": {
        "a lock of threads": shop(IN_TURNS),
        "a pool of one": shop(PYTHON, ONE_CONNECTION),
        "one connection for all, and a lock": shop(IN_TURNS, STATIC),
    },
    "not yet": {
        "as it is": shop(PYTHON),
        "subtracts in SQL, without a condition": shop(SQL.replace("WHERE", "Item.id == 1")),
        "looks first, then subtracts in SQL": shop(
            PYTHON.replace("lamp.stock - 1", "Item.stock - 1")
        ),
        "every item": shop(SQL.replace("WHERE", "Item.stock > 0")),
        "forgets the commit": shop(SQL.replace("WHERE", ONE).replace("session.commit()", "pass")),
        "a longer timeout": shop(PYTHON, 'create_engine(url, connect_args={"timeout": 30})'),
        "BEGIN": shop(PYTHON, 'begin_with(create_engine(url), "BEGIN")'),
        "BEGIN IMMEDIATE that doesn't wait": shop(
            PYTHON, 'begin_with(create_engine(url, connect_args={"timeout": 0}), "BEGIN IMMEDIATE")'
        ),
        "always sold": shop("\n    return True"),
        "never sold": shop("\n    return False"),
        "deletes the lamp": shop(
            "\n    with engine.begin() as connection:\n"
            "        sql = 'DELETE FROM item WHERE id = 1 AND stock > 0'\n"
            "        return connection.execute(text(sql)).rowcount == 1"
        ),
        "a number": shop(SQL.replace("WHERE", ONE).replace("done.rowcount == 1", "done.rowcount")),
        "raises": shop("\n    raise KeyError('lamp')"),
        "no engine": shop(PYTHON, "url"),
        "one function": shop(PYTHON)[0],
        "None": None,
    },
}  # fmt: skip
ANSWERS = [(grade, name) for grade, answers in GRADES.items() for name in answers]


@pytest.mark.parametrize(("grade", "name"), ANSWERS, ids=[name for _, name in ANSWERS])
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Alone, and with a sentence."""
    verdict: Verdict = sells_what_it_has(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
