"""Notebook 13: does a fixture keep the tests of an app apart?"""

from __future__ import annotations

import re

from helpers.learn import Verdict
from helpers.sample import run_pytest
from helpers.show import waiting

MARKET = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

database = SQLAlchemy()


class Item(database.Model):
    name = database.Column(database.String(20), primary_key=True)


class Note(database.Model):
    __bind_key__ = "notes"
    name = database.Column(database.String(20), primary_key=True)


def views_of(model):
    def names():
        return list(database.session.scalars(database.select(model.name)))

    def add(name):
        database.session.add(model(name=name))
        database.session.commit()
        return name, 201

    return names, add


def open_market(settings):
    app = Flask(__name__)
    app.config.update(settings)
    database.init_app(app)
    for path, model in {"/items": Item, "/notes": Note}.items():
        names, add = views_of(model)
        app.add_url_rule(path, path, names)
        app.add_url_rule(path + "/<name>", path + "/add", add, methods=["POST"])
    return app
"""
TESTS = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from market import Item, database
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

LEFT = []  # sessions
OPEN, USED = {}, set()  # databases: by the pool's record of a connection, and all of them


@event.listens_for(Engine, "do_connect")
def opened(dialect, record, given, options):
    OPEN[record] = given[0]
    USED.add(given[0])


@event.listens_for(Pool, "close")
def closed(connection, record):
    OPEN.pop(record, None)


@pytest.fixture(autouse=True)
def there_before():
    return {name for name in USED if name in OPEN.values() or Path(name).is_file()}


def test_a_mug_is_stored(client):
    assert client.get("/items").json == []
    assert client.post("/items/mug").status_code == 201
    assert client.get("/items").json == ["mug"]


def test_the_same_mug_again(client):
    assert client.get("/items").json == []
    assert client.post("/items/mug").status_code == 201


def test_a_note_is_kept(client):
    assert client.get("/notes").json == []
    assert client.post("/notes/ask").status_code == 201
    assert client.get("/notes").json == ["ask"]


def test_the_same_note_again(client):
    assert client.get("/notes").json == []
    assert client.post("/notes/ask").status_code == 201


def test_another_thread_sees_it(app, client):
    assert client.post("/items/mug").status_code == 201
    with ThreadPoolExecutor(1) as visitor:
        answer = visitor.submit(lambda: app.test_client().get("/items").json)
    assert answer.result() == ["mug"]


def test_nobody_takes_it_away(app):
    database.session.add(Item(name="rug"))
    database.session.flush()
    with app.app_context():
        database.session.connection()
    database.session.commit()
    assert app.test_client().get("/items").json == ["rug"]


def test_sessions_are_left_open(client):
    for path, engine in zip(("/items", "/notes"), database.engines.values(), strict=True):
        assert client.post(f"{path}/mug").status_code == 201
        LEFT.append(Session(engine))
        LEFT[-1].execute(text("SELECT 1"))


def test_nothing_is_left_of_them(client):
    assert client.get("/items").json + client.get("/notes").json == []


def test_the_databases_are_new(there_before, app):
    names = [each.dialect.create_connect_args(each.url)[0][0] for each in database.engines.values()]
    assert there_before & set(names) <= {":memory:"}  # of those, each connection has its own


def test_that_fails():  # whatever the fixtures are, so a file that makes it green is no fixture
    raise AssertionError("as it has to")
"""
FAILS = "test_that_fails"
ERROR = re.compile(
    r"^(?:E  +|\S+:\d+: |)((?:\w+\.)*\w*Error\b.*|fixture '\w+' not found)$", re.MULTILINE
)
PRICES = {  # a test: what is said where it is the first that is red, and others of these at most
    "test_nobody_takes_it_away": "Ann's row was lost in one of them, because two sessions share one"
    " connection: notebook 07.",
    "test_nothing_is_left_of_them": "One of them left its sessions open, and the next one found"
    " what it had stored: a name lasts as long as one connection.",
    "test_the_databases_are_new": "They have the same databases, emptied. What a test"
    " leaves running, a thread or a session, changes the next one. So do two workers on one file.",
}
NAMES = [name for name in re.findall(r"def (test_\w+)", TESTS) if name != FAILS]


def keeps_tests_apart(fixture: object) -> Verdict:
    """Judge a ``conftest.py`` with a fixture ``app`` and a fixture ``client``.

    :param fixture: its text.
    """
    if not isinstance(fixture, str):
        return Verdict("not yet", f"The check was given {fixture!r}: keep the text of the file.")
    said, why = _run(fixture)
    if said.get(FAILS) == "passed":
        text = "Your file changes what pytest says: a test that fails is green with it."
        return Verdict("not yet", f"{text} Keep to the two fixtures, without hooks of pytest.")
    if said.keys() != {*NAMES, FAILS}:
        return Verdict("not yet", f"pytest could not run the tests with it: {why}.")
    red = [name for name in NAMES if said[name] != "passed"]
    if worse := [name for name in red if name not in PRICES]:
        text = f"Of {len(NAMES)} tests, these are red: {', '.join(worse)}. {why}"
        return Verdict("not yet", text)
    if red:
        text = f"the tests are kept apart. {PRICES[red[0]]} Red: {red[0]}. {why}"
        return Verdict("right, but", text)
    return Verdict("right", f"{len(NAMES)} tests that add the same things are green, in one run.")


def _run(fixture: str) -> tuple[dict[str, str], str]:
    """What each test said, and the first error."""
    files = {"market.py": MARKET, "conftest.py": fixture, "test_market.py": TESTS}
    with waiting("pytest runs with your fixture"):
        said, output = run_pytest(files)
    # That pytest could not import the fixture's file says less than what came below it.
    errors = [each for each in ERROR.findall(output) if not each.startswith("ImportError while")]
    last = output.strip().rstrip(".").rpartition("\n")[2]
    return said, errors[0] if errors else last or "it ended pytest, which had said nothing yet"
