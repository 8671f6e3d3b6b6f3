"""What ``you see`` promises: measured with sessions that take turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from diagnosing import ANY_THREAD, make
from sqlalchemy import Connection, Engine, text
from sqlalchemy.pool import StaticPool

from helpers.diagnose import diagnose

ONE = {"poolclass": StaticPool, "connect_args": ANY_THREAD}
ADD = "INSERT INTO item (name) VALUES ('lamp')"


@contextmanager
def shop(**options: Any) -> Iterator[Engine]:
    """An engine in memory with a table."""
    engine = make("sqlite://", **ONE, **options)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"))
    yield engine
    engine.dispose()


def in_another_thread(work: Callable[[], Any]) -> Any:
    """What a thread of Ben's returns."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def count(engine: Engine) -> int:
    """Look, and change nothing."""
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM item")).scalar_one())


def test_a_row_that_was_answered_with_201_is_gone() -> None:
    """Ann adds a lamp, Ben looks, Ann commits without an error."""
    with shop() as engine:
        [finding] = diagnose(engine).findings
        with engine.connect() as ann:
            ann.execute(text(ADD))
            assert in_another_thread(lambda: count(engine)) == 1
            ann.commit()
        assert count(engine) == 0
    assert finding.id == "one-connection"
    assert finding.message.startswith("A row that was answered with 201 is gone")


def add(connection: Connection) -> None:
    """Add a lamp, which commits by itself."""
    connection.execute(text(ADD))


def last(connection: Connection) -> Any:
    """The number of the row that was added last."""
    return connection.execute(text("SELECT last_insert_rowid()")).scalar()


def test_results_belong_to_another_thread() -> None:
    """Ann adds lamp 1, Ben adds lamp 2; Ann asks which she has added, and is told Ben's."""
    with shop(isolation_level="AUTOCOMMIT") as engine:
        [finding] = diagnose(engine).findings
        with engine.connect() as ann, engine.connect() as ben:
            add(ann)
            assert last(ann) == 1
            in_another_thread(lambda: add(ben))
            assert last(ann) == 2
    assert finding.id == "one-connection-no-transactions"
    assert finding.message.startswith("Results that belong to another thread")


@pytest.mark.parametrize("driver", ["sqlite+aiosqlite://", "postgresql+psycopg://u@127.0.0.1:1/x"])
def test_what_only_threads_of_sqlite_see_is_not_promised_to_others(driver: str) -> None:
    """An asynchronous driver, and a server's, let nobody in at the same time."""
    pytest.importorskip("aiosqlite")
    pytest.importorskip("psycopg")
    from sqlalchemy.ext.asyncio import create_async_engine

    is_server = driver.startswith("postgresql")
    engine = make(driver, poolclass=StaticPool) if is_server else create_async_engine(driver)
    [finding] = diagnose(engine).findings
    assert (finding.id, finding.message) == (
        "one-connection",
        "A row that was answered with 201 is gone",
    )
