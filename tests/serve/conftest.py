"""An app and clients of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import Views


@pytest.fixture
def views() -> Views:
    """Return an app of its own for each test."""
    return Views()


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    """Return threads to send requests from."""
    with ThreadPoolExecutor(8) as pool:
        yield pool
