"""Cleaning up: sessions closed, connections gone, and no line printed."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from helpers.look import dispose, pool_log


def connect(engine: Engine) -> Any:
    """Connect once, and return the driver's connection, which stays in the pool."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        return connection.connection.dbapi_connection


# clean_up is for a notebook, whose process is its own: here it would dispose of the engines
# of other tests.
NOTEBOOK = """
from concurrent.futures import ThreadPoolExecutor
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from helpers import clean_up

engine = create_engine("sqlite://")
session = Session(engine)
session.execute(text("CREATE TABLE item (name TEXT)"))

def ask():
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

with ThreadPoolExecutor() as threads:
    threads.submit(ask).result()

clean_up()
print("session in a transaction:", session.in_transaction())
with engine.connect() as connection:
    print("tables:", connection.execute(text("SELECT name FROM sqlite_schema")).all())
"""


def test_clean_up_closes_sessions_and_connections() -> None:
    """Nothing is open, nothing is printed, and the engine can be used again."""
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK], capture_output=True, text=True, check=True
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "session in a transaction: False",
        "tables: []",
    ]


def test_the_log_of_a_pool_is_collected(capfd: pytest.CaptureFixture[str]) -> None:
    """A pool that drops another thread's connection says so in the rows, and prints nothing."""
    engine = create_engine("sqlite://", pool_size=1)
    mine = connect(engine)
    with ThreadPoolExecutor(max_workers=1) as thread:
        with pool_log() as rows:
            theirs = thread.submit(connect, engine).result()
        thread.submit(theirs.close).result()  # each in its own thread
    mine.close()

    assert [row["line"] for row in rows] == [1]
    assert str(rows[0]["message"]).startswith("Exception closing connection")
    assert str(rows[0]["error"]).startswith("ProgrammingError: SQLite objects created in a thread")
    assert capfd.readouterr().err == ""
    dispose(engine)
