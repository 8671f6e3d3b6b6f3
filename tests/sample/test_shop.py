"""The sample app: the same views and steps with plain SQLAlchemy and with the extension."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import LiveServer
from helpers.sample import Shop, make_flask_sqlalchemy_shop, make_shop

MAKERS = [make_shop, make_flask_sqlalchemy_shop]


@pytest.mark.parametrize("make", MAKERS)
def test_what_a_request_adds_the_next_one_lists(
    make: Callable[[str], Shop], tmp_path: Path
) -> None:
    """On a file, every view reaches the same database, and answers its observation."""
    shop = make(f"sqlite:///{(tmp_path / 'shop.db').as_posix()}")
    with LiveServer(shop.app) as server:
        created = server.post("/create").json()
        server.post("/items", json={"name": "lamp"})
        listed = server.get("/items").json()
    shop.engine.dispose()

    assert (created["step"], created["place"]) == ("create tables", "view /create")
    assert listed["result"] == "['lamp']"
    assert listed["database"] == created["database"] == "D1"


@pytest.mark.parametrize("make", MAKERS)
def test_the_bootstrap_runs_in_the_calling_thread(make: Callable[[str], Shop]) -> None:
    """Its three looks are the first rows of the lesson's tables."""
    shop = make("sqlite://")

    looks = shop.bootstrap()
    shop.engine.dispose()

    assert [look["result"] for look in looks] == ["done", "done", "['lamp']"]
    assert {(look["place"], look["thread_name"]) for look in looks} == {("bootstrap", "MainThread")}
