"""A PostgreSQL server for a notebook, and the reader's own when DATABASE_URL names one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from helpers import Observer
from helpers.spawn import PostgresServer, Process


def own_server() -> dict[str, str]:
    """Return an environment in which the lesson starts a server."""
    return {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}


def folder_of(url: str) -> Path:
    """Return the folder of a server that the lesson started, where its socket is."""
    return Path(str(make_url(url).query["host"]))


def servers() -> list[psutil.Process]:
    """Return the servers that this process started, without the processes of their own."""
    family = [each for each in psutil.Process().children(recursive=True) if each.is_running()]
    return [each for each in family if "-D" in each.cmdline() and each.name() == "postgres"]


def ask(url: str, statement: str) -> Any:
    """Return the answer to a statement."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.scalar(text(statement))
    finally:
        engine.dispose()


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

    assert [look["database"] for look in observer.observations] == ["D1", "D1", "D2"]
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


def test_stopping_twice_leaves_nothing(server: PostgresServer) -> None:
    """No process, and no folder."""
    folder = folder_of(server.url)

    server.stop()
    server.stop()

    assert not folder.exists()
    assert psutil.Process().children() == []


def test_threads_that_ask_a_stopped_server_get_one_new_server(server: PostgresServer) -> None:
    """Else `stop` would end one of several."""
    server.stop()
    with ThreadPoolExecutor(3) as threads:
        urls = set(threads.map(lambda _: server.url, range(3)))
    server.stop()

    assert len(urls) == 1
    assert psutil.Process().children() == []


def test_a_section_that_runs_again_after_the_clean_up_gets_a_new_server(
    server: PostgresServer,
) -> None:
    """Whoever asks for the URL of a server that was stopped starts one."""
    first = server.url
    server.stop()

    assert server.url != first
    assert ask(server.url, "SELECT 1") == 1


def test_a_cell_that_runs_again_ends_the_server_of_its_first_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It hung: the folder waited for the server, which nobody could end any more."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    postgres = PostgresServer()
    first = folder_of(postgres.url)

    postgres = PostgresServer()

    assert not first.exists()
    assert len(servers()) == 1
    assert ask(postgres.url, "SELECT 1") == 1
    postgres.stop()
    assert servers() == []


@pytest.mark.slow
def test_a_script_that_never_stops_its_server_comes_to_an_end() -> None:
    """It hung at the interpreter's exit, with one server and with two; now nothing is left."""
    script = """
from helpers.spawn import PostgresServer
first = PostgresServer()
second = PostgresServer()
print(first.url)
print(second.url)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=False,
        text=True,
        env=own_server(),
        timeout=120,
    )

    assert done.stderr == ""
    urls = done.stdout.split()
    assert len(urls) == 2
    assert [url for url in urls if folder_of(url).exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize("waits", ["wait", "_wait_until_ready"])
def test_an_interrupted_start_leaves_the_first_server_only(
    waits: str, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it waits for, initdb or the server, an interrupt ends it, with its folder."""
    before = psutil.Process().children()  # the server's, and the one that removes its folder

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Process, waits, interrupt)
    with pytest.raises(KeyboardInterrupt):
        PostgresServer()

    assert len(servers()) == 1
    assert psutil.Process().children() == before
    assert ask(server.url, "SELECT 1") == 1


def test_a_long_name_of_the_temporary_folder_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of a socket has some hundred bytes, so another folder serves."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long-" * 20)))
    (tmp_path / ("long-" * 20)).mkdir()

    with PostgresServer() as server:
        assert ask(server.url, "SELECT 1") == 1


def test_a_schema_goes_also_while_somebody_is_in_it(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that runs again drops the first run's schema on the reader's server."""
    monkeypatch.setenv("DATABASE_URL", server.url)
    count = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'lesson%'"
    named = PostgresServer()
    engine = create_engine(named.url)
    with engine.connect() as open_transaction:
        open_transaction.execute(text("CREATE TABLE item (name text)"))

        named = PostgresServer()
        assert ask(server.url, count) == 1
        named.stop()
        assert ask(server.url, count) == 0
        open_transaction.invalidate()  # the server has ended it
    engine.dispose()


def test_a_schema_that_cannot_be_dropped_is_named(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader's server may have gone in the meantime."""
    monkeypatch.setenv("DATABASE_URL", server.url)
    named = PostgresServer()
    server.stop()

    with pytest.raises(RuntimeError, match=r"^The schema lesson_\w+ on .*: drop it by hand\.$"):
        named.stop()
    named.stop()


def test_a_missing_driver_is_one_sentence() -> None:
    """Nothing but this needs it, so it need not be installed."""
    script = """
import sys
sys.modules["psycopg"] = None
from helpers.spawn import PostgresServer
PostgresServer()
"""
    for environment in (own_server(), own_server() | {"DATABASE_URL": "postgresql:///shop"}):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            check=False,
            text=True,
            env=environment,
        )
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("RuntimeError: There is no driver for PostgreSQL (import of")
        assert last.endswith("All else in this lesson works without it.")
