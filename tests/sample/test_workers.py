"""A script is served as its command line says, and each worker answers in turn."""

from __future__ import annotations

import os
import sys

import pytest

from helpers.look import ProcessObservation, across_processes
from helpers.sample import ask_workers, workers

SHOP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from helpers.sample import Base, WorkerShop

app = Flask("shop")
app.config.from_prefixed_env()
db = SQLAlchemy(app, metadata=Base.metadata)
with app.app_context():
    shop = WorkerShop(app, db)
    shop.create_tables()
"""
PRINTS = (
    SHOP
    + """
import json
with app.app_context():
    shop.add_item("lamp")
    print(json.dumps(shop.look("list items", shop.list_items, "startup")), flush=True)
app.run(port=0)
"""
)
REQUESTS = ["POST /items/lamp", "POST /items/rug", "GET /items", "GET /items"]
TWO = "gunicorn --workers 2 shop:app"


def in_short(looks: list[ProcessObservation]) -> list[str]:
    """Each look as ``P1 D1: ['lamp']``."""
    return [
        f"{look['process']} {look['database']}: {look['result']}"
        for look in across_processes(looks)
    ]


def test_two_workers_have_two_databases_in_memory() -> None:
    """Each answers every other request, from a database of its own."""
    one, _, seen, other = in_short(ask_workers(TWO, SHOP, REQUESTS))

    assert one.split()[0] == seen.split()[0]
    assert seen.endswith("['lamp']")
    assert other.endswith("['rug']")


def test_two_workers_have_one_file() -> None:
    """The tables are made by a command that runs before."""
    looks = ask_workers(TWO, SHOP, REQUESTS, "sqlite:///shop.db", "python shop.py")

    assert [look["result"] for look in looks[2:]] == ["['lamp', 'rug']"] * 2
    assert len({look["process_id"] for look in looks}) == 2


def test_where_there_is_no_gunicorn_two_processes_of_another_server_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows, where each has a port of its own."""
    monkeypatch.setattr(workers, "HAS_GUNICORN", False)
    looks = ask_workers(TWO, SHOP, REQUESTS)

    assert [look["result"] for look in looks[2:]] == ["['lamp']", "['rug']"]
    assert {look["thread_name"] for look in looks} == {"waitress-0"}


def test_what_a_script_prints_as_json_comes_first() -> None:
    """So the looks of startup code stand above those of the views."""
    looks = ask_workers("python shop.py", PRINTS, ["GET /items"])

    assert [(look["place"], look["result"]) for look in looks] == [
        ("startup", "['lamp']"),
        ("view /items", "['lamp']"),
    ]
    assert len({look["process_id"] for look in looks}) == 1


def test_a_command_that_fails_before_is_told_with_its_output() -> None:
    """And no server is started."""
    with pytest.raises(RuntimeError, match=r"'python shop\.py' failed .*\n.*"):
        ask_workers(TWO, "raise SystemExit('no stock')", [], first="python shop.py")


@pytest.mark.parametrize("command", ["gunicorn shop:app", "flask run", "uvicorn shop:app"])
def test_another_command_is_refused(command: str) -> None:
    """One sentence says which ones there are."""
    with pytest.raises(ValueError, match="write 'gunicorn --workers 2 shop:app', or"):
        ask_workers(command, SHOP, [])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn needs a fork")
def test_a_worker_that_cannot_start_is_told_with_its_error() -> None:
    """Gunicorn gives up, and so does whoever asks it."""
    with pytest.raises(RuntimeError, match=r"shop:app' doesn't answer .* LookupError: no stock$"):
        ask_workers(TWO, "raise LookupError('no stock')", ["GET /items"])


def test_nothing_of_the_folder_stays_on_the_path() -> None:
    """The script runs in its processes only."""
    before = list(sys.path)

    ask_workers("python shop.py", PRINTS, [])

    assert sys.path == before
