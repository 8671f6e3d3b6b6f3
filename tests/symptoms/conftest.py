"""A row of README's tables, and engines that end with their test."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from bitten import Row, row_of

from helpers.look import dispose, pool_log


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    """The cause that the test is named for."""
    row = row_of(request.node.originalname.removeprefix("test_"))
    yield row
    assert row.looked, "the line that tells was not tried"


@pytest.fixture
def make_engine() -> Iterator[Callable[..., sa.Engine]]:
    """``create_engine``, with an end."""
    engines: list[sa.Engine] = []

    def make(*url: Any, **options: Any) -> sa.Engine:
        engines.append(sa.create_engine(*url, **options))
        return engines[-1]

    yield make
    with pool_log(), warnings.catch_warnings():
        # A connection that only its thread may close ends unclosed: that is the trap.
        warnings.simplefilter("ignore", ResourceWarning)
        debris = any("shop.db" not in str(engine.url) for engine in engines)
        while engines:
            dispose(engines.pop())
        if debris:
            gc.collect()
