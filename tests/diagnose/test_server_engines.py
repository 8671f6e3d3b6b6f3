"""Engines of a database server: nothing is connected, and nothing is written."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from diagnosing import findings
from sqlalchemy import create_engine
from sqlalchemy.pool import AssertionPool, NullPool, StaticPool

from helpers.diagnose import diagnose

pytest.importorskip("psycopg")


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({}, "server"),
        ({"poolclass": NullPool}, "server"),
        ({"poolclass": AssertionPool}, "server"),
        ({"pool_size": 1, "max_overflow": 0}, "server"),
        ({"poolclass": StaticPool}, "one-connection"),
    ],
)
def test_a_server_is_judged_without_a_connection(options: dict[str, Any], finding: str) -> None:
    """Its pool and its URL tell: a listening socket hears of nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        report = diagnose(
            create_engine(f"postgresql+psycopg://me@127.0.0.1:{port}/shop", **options)
        )
        assert findings(report) == [finding]
        with pytest.raises(BlockingIOError):
            server.accept()


def test_passwords_are_not_shown() -> None:
    """Neither in the URL, nor in its query, nor in a cure."""
    url = "postgresql+psycopg://me:secret-1@127.0.0.1:1/shop?sslpassword=secret-2"
    report = diagnose(create_engine(url, poolclass=StaticPool, connect_args={"sslmode": "require"}))
    assert findings(report) == ["one-connection"]
    assert "secret" not in str(report) + report.to_json() + report._repr_html_()
