"""A PostgreSQL server for a notebook, and the reader's own when DATABASE_URL names one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from sqlalchemy import create_engine, inspect, text

from helpers import Observer
from helpers.spawn import PostgresServer

HOLDER = """
import sys
from helpers.spawn import PostgresServer
server = PostgresServer()
print(server._folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresServer]:
    """A server that the lesson starts."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with PostgresServer() as server:
        yield server


def test_a_server_answers(server: PostgresServer) -> None:
    """Its URL is one for SQLAlchemy and psycopg."""
    engine = create_engine(server.url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1 + 1")) == 2
    engine.dispose()


def test_an_observer_tells_its_database_from_others(server: PostgresServer) -> None:
    """Two connections to the server reach one database, and SQLite is another one."""
    one, two, other = (
        create_engine(server.url),
        create_engine(server.url),
        create_engine("sqlite://"),
    )
    observer = Observer(one, two, other)
    for engine in (one, two, other):
        with engine.connect() as connection:
            observer.look("ask", lambda: connection.scalar(text("SELECT 1")))
        engine.dispose()

    assert [look["database"] for look in observer.observations] == ["A", "A", "B"]
    assert [look["connection"] for look in observer.observations] == ["C1", "C2", "C3"]


def test_the_server_in_database_url_is_left_as_it_was(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work goes to a schema of its own, and the reader's table of the same name is untouched."""
    monkeypatch.setenv("DATABASE_URL", server.url.replace("+psycopg", ""))
    readers = create_engine(server.url)
    with readers.begin() as connection:
        connection.execute(text("CREATE TABLE item (name text)"))
        connection.execute(text("INSERT INTO item VALUES ('theirs')"))

    with PostgresServer() as named:
        engine = create_engine(named.url)
        with engine.begin() as connection:
            assert inspect(connection).get_table_names() == []
            connection.execute(text("CREATE TABLE item (name text)"))
            connection.execute(text("DROP TABLE item"))
        engine.dispose()

    with readers.begin() as connection:
        assert connection.scalars(text("SELECT name FROM item")).all() == ["theirs"]
        assert inspect(connection).get_schema_names() == ["information_schema", "public"]
        connection.execute(text("DROP TABLE item"))
    readers.dispose()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "ValueError: it does not begin with postgresql://"),
        ("nonsense", "ArgumentError: Could not parse SQLAlchemy URL"),
        ("postgresql://127.0.0.1:1/shop", "OperationalError: connection failed"),
    ],
)
def test_a_database_url_that_cannot_be_used_is_one_sentence(
    url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong and what to do."""
    monkeypatch.setenv("DATABASE_URL", url)

    with pytest.raises(RuntimeError) as raised:
        PostgresServer()

    assert reason in str(raised.value)
    assert str(raised.value).endswith("or remove it to have a server started here.")
    assert "\n" not in str(raised.value)


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to get a server."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr("helpers.spawn.postgres.find_spec", lambda name: None)

    with pytest.raises(RuntimeError, match="^There is no PostgreSQL to start: install the package"):
        PostgresServer()


def test_stopping_twice_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process, and no folder."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    server = PostgresServer()
    folder = server._folder

    server.stop()
    server.stop()

    assert folder is not None
    assert not folder.path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_kernel_leaves_no_server_and_no_folder() -> None:
    """Both are gone when the pipe that their minders hold is closed."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert holder.stdin and holder.stdout
    folder = holder.stdout.readline().strip()
    family = psutil.Process(holder.pid).children(recursive=True)
    assert any("postgres" in each.name() for each in family)

    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)

    assert alive == []
    assert not os.path.exists(folder)
