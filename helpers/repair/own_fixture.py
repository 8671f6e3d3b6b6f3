"""Notebook 13: does a fixture keep the tests of an app apart?"""

from __future__ import annotations

import os
import re
import sys

from helpers.learn import Verdict
from helpers.spawn import Process, TemporaryFolder

SHOP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Item(db.Model):
    name = db.Column(db.String(20), primary_key=True)


def items():
    return list(db.session.scalars(db.select(Item.name)))


def add(name):
    db.session.add(Item(name=name))
    db.session.commit()
    return name, 201


def create_app(url="sqlite://"):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    app.add_url_rule("/items", view_func=items)
    app.add_url_rule("/items/<name>", view_func=add, methods=["POST"])
    return app
"""
TESTS = """
from concurrent.futures import ThreadPoolExecutor

from shop import Item, db


def test_a_mug_is_stored(client):
    assert client.get("/items").json == []
    assert client.post("/items/mug").status_code == 201
    assert client.get("/items").json == ["mug"]


def test_the_same_mug_again(client):
    assert client.get("/items").json == []
    assert client.post("/items/mug").status_code == 201


def test_another_thread_sees_it(app, client):
    assert client.post("/items/mug").status_code == 201
    with ThreadPoolExecutor(1) as visitor:
        answer = visitor.submit(lambda: app.test_client().get("/items").json)
    assert answer.result() == ["mug"]


def test_nobody_takes_it_away(app):
    db.session.add(Item(name="rug"))
    db.session.flush()
    with app.app_context():
        db.session.connection()
    db.session.commit()
    assert app.test_client().get("/items").json == ["rug"]
"""
QUIET = ("-m", "pytest", "-q", "-rA", "--tb=line", "--color=no", "-p", "no:cacheprovider")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "COLUMNS": "200"}
SAID = re.compile(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", re.MULTILINE)
ERROR = re.compile(r"^(?:E  +|\S+:\d+: |)((?:\w+\.)*\w*Error\b.*)$", re.MULTILINE)
LAST = "test_nobody_takes_it_away"
NAMES = re.findall(r"def (test_\w+)", TESTS)


def keeps_tests_apart(fixture: object) -> Verdict:
    """Judge a ``conftest.py`` with a fixture ``app`` and a fixture ``client``.

    :param fixture: its text.
    """
    if not isinstance(fixture, str):
        return Verdict("not yet", f"The check was given {fixture!r}: keep the text of the file.")
    said, why = _run(fixture)
    if said.keys() != set(NAMES):
        return Verdict("not yet", f"pytest could not run the tests with it: {why}.")
    red = [name for name in NAMES if said[name] != "PASSED"]
    if [name for name in red if name != LAST]:
        return Verdict("not yet", f"Of four tests, these are red: {', '.join(red)}. {why}")
    if red:
        return Verdict(
            "right, but",
            "the tests are kept apart. Ann's row was lost in one of them, because all sessions"
            " share one connection: notebook 07.",
        )
    return Verdict("right", "Four tests that add the same things are green, in one run.")


def _run(fixture: str) -> tuple[dict[str, str], str]:
    """What each test said, and the first error."""
    with TemporaryFolder() as folder:
        place = folder.new()
        files = {"shop.py": SHOP, "conftest.py": fixture, "test_shop.py": TESTS}
        for name, text in files.items():
            (place / name).write_text(text, encoding="utf-8")
        how = {"cwd": place, "env": os.environ | ALONE}
        command = [sys.executable, *QUIET, "--basetemp=tmp"]
        with Process(command, pass_fds=folder.lifeline, **how) as process:  # type: ignore[arg-type]
            process.wait(timeout=60)
    errors = re.findall(
        r"^(?:E  +|\S+:\d+: |)((?:\w+\.)*\w*Error\b.*)$", process.output, re.MULTILINE
    )
    said = {name: word for word, name in SAID.findall(process.output)}
    return said, errors[0] if errors else process.output.strip().rpartition("\n")[2]
