"""Two threads in one connection, in processes of their own: which messages come is chance."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from bitten import ROOT, Row
from sqlalchemy import Engine
from sqlalchemy.pool import StaticPool

from helpers.publish import symptoms

STRESS = """
import os, sys, threading
from sqlalchemy import Column, Integer, String, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from helpers.sample import Base, Item

class Entry(Base):
    __tablename__ = "entry"
    id = Column(Integer, primary_key=True)
    state = Column(String, server_default="new")

url = sys.argv[1]
shared = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
engine = create_engine(url, **(shared if url == "sqlite://" else {"connect_args": {"timeout": 60}}))

def work(number):
    for count in range(int(sys.argv[2])):
        try:
            with Session(engine) as session:
                item = Item(name=f"{number}-{count}")
                session.add(item)
                session.commit()
                item.stock = 1
                session.commit()
                if sys.argv[3:]:
                    session.add(Entry())
                    session.commit()
                    session.scalars(select(Entry).order_by(Entry.id.desc())).first()
        except Exception as error:
            cause = getattr(error, "orig", None) or error
            line = f"E {type(cause).__name__} {str(cause).splitlines()[0]}\\n"
            os.write(1, line.encode())  # whole, whatever the other threads write

Base.metadata.create_all(engine)
threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
engine.dispose()
"""
RUNS = 12  # at most; a run without the message in question has been seen in a third of them


def run(url: str, rounds: int = 100, *more: str) -> tuple[int, list[str]]:
    """How a run ended, and the errors that it printed.

    :param more: anything: a second table, whose rows come back with ``RETURNING``, and a query.
    """
    done = subprocess.run(
        [sys.executable, "-c", STRESS, url, str(rounds), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, re.findall(r"^E (.+)$", done.stdout, re.MULTILINE)


@cache
def run_number(number: int) -> tuple[int, list[str]]:
    """The same runs for all tests of this file."""
    return run("sqlite://")


def seen_in_a_run(message: str) -> bool:
    """Whether a run has the message; they are made until one has."""
    return any(message in error for number in range(RUNS) for error in run_number(number)[1])


def told(row: Row, make_engine: Callable[..., Engine]) -> object:
    return row.tells(engine=make_engine("sqlite://", poolclass=StaticPool))


def test_two_threads(row: Row, make_engine: Callable[..., Engine]) -> None:
    assert seen_in_a_run(row.symptom.message)
    assert told(row, make_engine) == "StaticPool"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 has other messages.")
def test_two_threads_312(row: Row) -> None:
    assert seen_in_a_run(row.symptom.message)
    assert row.tells() is True


def test_null_key(row: Row, make_engine: Callable[..., Engine]) -> None:
    assert seen_in_a_run(row.symptom.message)
    assert told(row, make_engine) == "StaticPool"


def test_every_message_has_its_row() -> None:
    text = "\n".join(symptom.shown + cause.why for symptom, cause in symptoms.each())
    quoted = [quote.split(" …")[0] for quote in re.findall("`([^`]+)`", text)]
    runs = [run_number(number)[1] for number in range(3)]
    runs += [run("sqlite://", 100, "returning")[1] for _ in range(3)]
    for error in itertools.chain.from_iterable(runs):
        assert any(quote in error for quote in quoted if len(quote) > 11), error


def test_a_connection_for_each_thread_ends_it(tmp_path: Path) -> None:
    assert run(f"sqlite:///{tmp_path}/shop.db", 10, "returning") == (0, [])
