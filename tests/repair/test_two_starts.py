"""Answers to the repair of notebook 10: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import both_workers_start

HEAD = """
import threading
from pathlib import Path
from sqlalchemy import create_engine, select, text, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from helpers.sample import Base, Item

LAMP = {"id": 1, "name": "lamp", "stock": 0}

def make_tables(engine):
    Base.metadata.create_all(engine)

def add_a_lamp(engine):
    with Session(engine) as session:
        if not session.scalars(select(Item)).all():
            session.add(Item(id=1, name="lamp"))
            session.commit()

def without_looking(engine):
    with Session(engine) as session:
        session.add(Item(id=1, name="lamp"))
        session.commit()

def nothing(engine):
    pass

def on_conflict(engine):
    with engine.begin() as connection:
        connection.execute(insert(Item).values(LAMP).on_conflict_do_nothing())

def replace(engine):
    with engine.begin() as connection:
        connection.execute(text(
            "INSERT OR REPLACE INTO item (id, name, stock) VALUES (1, 'lamp', 0)"
        ))

def if_not_exists(engine):
    with engine.begin() as connection:
        connection.execute(text(
            "CREATE TABLE IF NOT EXISTS item"
            " (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stock INTEGER NOT NULL)"
        ))

def caught(function):
    def run(engine):
        try:
            function(engine)
        except (IntegrityError, OperationalError):
            pass
    return run

def in_one_transaction(engine):
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        Base.metadata.create_all(connection)
        if not connection.execute(select(Item)).all():
            connection.execute(insert(Item).values(LAMP))
        connection.commit()

def deferred(engine):
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        Base.metadata.create_all(connection)
        if not connection.execute(select(Item)).all():
            connection.execute(insert(Item).values(LAMP))
        connection.commit()

def start_over(engine):
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)

def without_a_number(engine):
    with Session(engine) as session:
        if not session.scalars(select(Item)).all():
            session.add(Item(name="lamp"))
            session.commit()

LOCK, SEEN = threading.Lock(), set()

def with_a_lock(engine):
    with LOCK:
        make_tables(engine)
        add_a_lamp(engine)

def once_for_each_file(engine):
    with LOCK:
        if engine.url.database not in SEEN:
            make_tables(engine)
            add_a_lamp(engine)
            SEEN.add(engine.url.database)

def the_first_only(engine):
    if engine.url.database not in SEEN:
        SEEN.add(engine.url.database)
        make_tables(engine)
        add_a_lamp(engine)

def if_nobody_is_at_it(engine):
    try:
        Path(engine.url.database).with_suffix(".starting").mkdir()
    except FileExistsError:
        return
    make_tables(engine)
    add_a_lamp(engine)

def elsewhere(engine):
    other = create_engine("sqlite://")
    Base.metadata.create_all(other)
"""


def start(once: str, each: str) -> Any:
    """The dictionary with these functions."""
    source = f'start = {{"before the server": [{once}], "in each worker": [{each}]}}'
    return answer_of(f"{HEAD}\n{source}", "start")


GRADES = {
    "right": {
        "a command": start("make_tables, add_a_lamp", ""),
        "a command, and workers that do nothing": start("make_tables, add_a_lamp", "nothing"),
        "tables by the command, and a row that may be there": start("make_tables", "on_conflict"),
        "if not exists, on conflict": start("", "if_not_exists, on_conflict"),
        "one transaction that locks at its beginning": start("", "in_one_transaction"),
        "both ways": start("make_tables, add_a_lamp", "make_tables, add_a_lamp"),
    },
    "right, but": {
        "errors caught": start("", "caught(make_tables), caught(add_a_lamp)"),
        "a lock file": start("", "if_nobody_is_at_it"),
        "a command that catches": start("make_tables, caught(without_looking)", ""),
    },
    "not yet": {
        "as it is": start("", "make_tables, add_a_lamp"),
        "only the tables by the command": start("make_tables", "add_a_lamp"),
        "only the lamp by the command": start("add_a_lamp", "make_tables"),
        "a command that does not look": start("make_tables, without_looking", ""),
        "no number": start("make_tables", "without_a_number"),
        "all errors of the rows caught, not those of the tables": start(
            "", "make_tables, caught(add_a_lamp)"
        ),
        "replaces what is there": start("make_tables", "replace"),
        "begins all over": start("", "start_over, on_conflict"),
        "begins all over in the command": start("start_over, add_a_lamp", ""),
        "a transaction that locks too late": start("", "deferred"),
        "a lock of threads": start("", "with_a_lock"),
        "a lock of threads, and what has been made": start("", "once_for_each_file"),
        "the first thread only": start("", "the_first_only"),
        "nothing at all": start("", ""),
        "no lamp": start("make_tables", ""),
        "another database": start("elsewhere", ""),
        "a function that ends the program": start("make_tables, add_a_lamp", "lambda e: exit(1)"),
        "None": None,
        "a list": [],
        "other words": {"before": [], "after": []},
        "no functions": {"before the server": ["make_tables"], "in each worker": []},
        "one function": {"before the server": print, "in each worker": []},
    },
}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = both_workers_start(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said


def test_what_is_said_is_what_happened() -> None:
    """The message that the worker met, in words."""
    said = both_workers_start(GRADES["not yet"]["only the tables by the command"]).said

    assert "IntegrityError: UNIQUE constraint failed: item.id" in said


def test_one_statement_is_one() -> None:
    """The second worker came in before it."""
    said = both_workers_start(start("make_tables, add_a_lamp", "add_a_lamp")).said

    assert said.endswith(
        "The second one came in before the one statement of the first, and after it."
    )
