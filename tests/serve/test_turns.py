"""Asking several workers on purpose, and telling apart what several processes answered."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from helpers import LiveServer, Observer
from helpers.look import across_processes
from helpers.serve import ask, take_turns
from helpers.show import COLUMNS, process_table
from helpers.spawn import Process

SCRIPT = """
import os
import threading

from flask import Flask, request

app = Flask(__name__)
app.before_request(lambda: request.get_data() and None)


@app.get("/who")
def who():
    return {"process": os.getpid(), "thread": threading.current_thread().name}
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn needs a fork")


@pytest.fixture
def app() -> Flask:
    """An app that reads a request to its end, as one that takes turns must."""
    app = Flask("app")

    @app.before_request
    def wait_for_the_whole_request() -> None:
        request.get_data()

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"said": "hello"}

    @app.get("/broken")
    def broken() -> str:
        raise LookupError("a mistake in the view")

    return app


def gunicorn(folder: Path, options: str, *requests: str, workers: int = 2) -> list[dict[str, Any]]:
    """Serve the script and let its workers take turns."""
    Path(folder, "who.py").write_text(SCRIPT)
    words = f"-m gunicorn --bind 127.0.0.1:0 --no-control-socket {options} who:app"
    command = [sys.executable, *words.split()]
    with Process(command, ready=r"(http://127\.0\.0\.1:\d+)", cwd=folder) as server:
        assert server.ready
        return take_turns(server.ready[1], *requests, workers=workers)


@needs_fork
def test_two_processes_take_turns(tmp_path: Path) -> None:
    """However many requests there are, each worker answers every other one."""
    answers = gunicorn(tmp_path, "--workers 2", *["GET /who"] * 8)

    processes = [answer["process"] for answer in answers]
    assert processes == processes[:2] * 4
    assert processes[0] != processes[1]


@needs_fork
def test_three_processes_take_turns(tmp_path: Path) -> None:
    """All of them do, and not two of them alone."""
    answers = gunicorn(tmp_path, "--workers 3", *["GET /who"] * 9, workers=3)

    processes = [answer["process"] for answer in answers]
    assert processes == processes[:3] * 3
    assert len(set(processes)) == 3


@needs_fork
def test_two_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    """A worker may as well be a thread."""
    answers = gunicorn(tmp_path, "--workers 1 --threads 2", *["GET /who"] * 8)

    threads = [answer["thread"] for answer in answers]
    assert len({answer["process"] for answer in answers}) == 1
    assert threads == threads[:2] * 4
    assert threads[0] != threads[1]


def test_answers_come_in_the_order_of_the_requests(app: Flask) -> None:
    """One answer a request, read as JSON."""
    app.add_url_rule("/bye", view_func=lambda: {"said": "bye"}, methods=["POST"])
    requests = ["GET /hello", "POST /bye", "GET /hello"]
    said = [{"said": "hello"}, {"said": "bye"}, {"said": "hello"}]

    with LiveServer(app) as server:
        assert ask(server.url, *requests) == said
        assert take_turns(server.url, *requests) == said
        assert take_turns(server.url) == []


def test_one_worker_can_be_asked_but_cannot_take_turns(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request keeps the only worker busy, so the second one waits in vain."""
    monkeypatch.setattr("helpers.serve.turns.NEXT", 0.1)

    with LiveServer(app, threads=1) as server:
        assert len(ask(server.url, "GET /hello", "GET /hello")) == 2
        sentence = (
            "While 1 of the workers had a request, no other one took 'GET /hello' within 0.1 s"
        )
        with pytest.raises(TimeoutError, match=sentence):
            take_turns(server.url, "GET /hello", "GET /hello")


def test_a_worker_that_is_missing_is_counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers cannot do what three are asked for, and nobody waits long for the third."""
    monkeypatch.setattr("helpers.serve.turns.NEXT", 0.1)

    with LiveServer(app, threads=2) as server:
        assert len(take_turns(server.url, *["GET /hello"] * 6, workers=2)) == 6
        with pytest.raises(TimeoutError, match="While 2 of the workers had a request"):
            take_turns(server.url, *["GET /hello"] * 6, workers=3)


@pytest.mark.parametrize("workers", [0, -1, 2.0, "3", None, True])
def test_a_wrong_number_of_workers_is_refused(workers: Any) -> None:
    """Before anything is sent."""
    sentence = f"how many workers the server has, but was {workers!r}: pass 1 or more"
    with pytest.raises(ValueError, match=sentence):
        take_turns("http://127.0.0.1:9", "GET /hello", workers=workers)


@pytest.mark.parametrize("nonsense", ["", "GET", "/items", "get /items", "GET items", "GET /a b"])
def test_what_is_no_request_is_refused(nonsense: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match="give a method and a path, as 'GET /items'"):
        ask("http://127.0.0.1:9", nonsense)


def test_an_error_of_the_server_is_one_here(app: Flask) -> None:
    """Its status and the request are named."""
    with LiveServer(app) as server:
        with pytest.raises(RuntimeError, match="answered 'GET /nowhere' with 404 NOT FOUND"):
            ask(server.url, "GET /nowhere")
        with pytest.raises(RuntimeError, match="answered 'GET /broken' with 500"):
            take_turns(server.url, "GET /hello", "GET /broken", "GET /hello")


def test_a_server_that_is_gone_is_named_as_the_cause(app: Flask) -> None:
    """Its output says more than the error can."""
    with LiveServer(app) as server:
        url = server.url

    with pytest.raises(ConnectionError, match="did not answer 'GET /hello': it is not there"):
        ask(url, "GET /hello")


@pytest.fixture
def looks() -> Iterator[list[dict[str, Any]]]:
    """What two processes answer that have an observer each, whose labels are the same."""
    answers = []
    for pid in ["pid-70", "pid-80"]:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        engine = create_engine("sqlite://", **options)
        observer = Observer(engine)
        with engine.connect() as connection:
            seen = observer.look("look", lambda c=connection: c.scalar(text("SELECT 1")))  # type: ignore[misc]
        answers.append({**seen, "process_id": pid, "file": None})
        engine.dispose()
    yield [answers[1], answers[0], answers[1]]


def labels(looks: list[Any], key: str) -> list[Any]:
    """One column of what is labeled."""
    labeled: list[Any] = [*across_processes(looks)]
    return [look[key] for look in labeled]


def test_equal_labels_of_two_processes_become_different(looks: list[Any]) -> None:
    """At first sight, in the order of the looks."""
    assert {look["database"] for look in looks} == {"D1"}

    assert labels(looks, "process") == ["P1", "P2", "P1"]
    assert labels(looks, "thread") == ["T1", "T2", "T1"]
    assert labels(looks, "connection") == ["C1", "C2", "C1"]
    assert labels(looks, "database") == ["D1", "D2", "D1"]


def test_a_file_is_one_database_in_every_process(looks: list[Any]) -> None:
    """But another connection in each."""
    looks = [{**look, "file": "shop.db"} for look in looks]

    assert labels(looks, "database") == ["D1", "D1", "D1"]
    assert labels(looks, "connection") == ["C1", "C2", "C1"]


def test_a_look_without_sql_stays_without_a_connection(looks: list[Any]) -> None:
    """It says none, as that of one process does."""
    none = {**looks[0], "connection": "none", "database": "none", "file": "shop.db"}

    assert labels([none, looks[1]], "connection") == ["none", "C1"]
    assert labels([none, looks[1]], "database") == ["none", "D1"]


def test_looks_that_are_labeled_keep_their_labels(looks: list[Any]) -> None:
    """A table and a picture of the same looks say the same."""
    labeled = across_processes(looks)

    assert across_processes(labeled) == labeled


def test_a_look_must_say_which_process_it_is_of(looks: list[Any]) -> None:
    """And whatever is no look at all is refused as elsewhere."""
    del looks[0]["process_id"]

    with pytest.raises(TypeError, match="let the view add process_id and file"):
        across_processes(looks)
    with pytest.raises(TypeError, match="across_processes was given 7"):
        across_processes([7])


def test_the_table_has_the_columns_of_the_lesson(looks: list[Any]) -> None:
    """A row is named by the number of its look, and the process stands before its thread."""
    shown = process_table(looks, "A caption.")

    assert tuple(shown.frame.columns) == (COLUMNS[0], "process", *COLUMNS[1:])
    assert list(shown.frame["process"]) == [
        "P1 (pid-80)",
        "P2 (pid-70)",
        "P1 (pid-80)",
    ]
    assert list(shown.frame.index) == [1, 2, 3]
    assert shown.frame.index.name == "look"
