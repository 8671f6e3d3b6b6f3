"""Answers to the repair of notebook 07: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import bought_lamps_stay

HEAD = """
import tempfile, threading
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool
from helpers.sample import Base, Item

ANY = {"check_same_thread": False}
LOCK = threading.RLock()
STORED = []
"""
BROKEN = """
def make_app():
    app = Flask("lamps")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app, metadata=Base.metadata)

    @app.post("/lamps")
    def buy():
        lamp = Item(name=request.json["name"])
        db.session.add(lamp)
        db.session.flush()
        answer = {"number": lamp.id}
        db.session.commit()
        return answer, 201

    @app.get("/lamps")
    def lamps():
        return list(db.session.scalars(select(Item.name).order_by(Item.id)))

    with app.app_context():
        db.create_all()
    return app
"""
URL = 'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"'
KEEP = "        db.create_all()\n"
MEMDB = "sqlite:///file:///bought?vfs=memdb&uri=true"
SHARED = "sqlite:///file:///bought?mode=memory&cache=shared&uri=true"
NAMED = "sqlite:///file:///bought?mode=memory&uri=true"


def repaired(*swaps: tuple[str, str]) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    source = BROKEN
    for old, new in swaps:
        assert old in source, old
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


def setup(url: str, options: str = "{}", keep: bool = False) -> Any:
    """The cell with another URL and other options."""
    config = (
        f'app.config["SQLALCHEMY_DATABASE_URI"] = "{url}"\n'
        f'    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {options}'
    )
    keeper = KEEP + "        app.keeper = db.engine.connect()\n" * keep
    return repaired((URL, config), (KEEP, keeper))


ONE = '{"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "connect_args": ANY}'
GRADES = {
    "right": {
        "a file": setup("sqlite:///lamps.db"),
        "a file without a pool": setup("sqlite:///lamps.db", '{"poolclass": NullPool}'),
        "memdb and a connection that is held open": setup(MEMDB, keep=True),
    },
    "right, but": {
        "a file, and all starts anew": repaired(
            (URL, URL.replace("sqlite://", "sqlite:///lamps.db")),
            (KEEP, "        db.drop_all(); db.create_all()\n"),
        ),
        "a file, emptied at the start": repaired(
            (URL, URL.replace("sqlite://", "sqlite:///lamps.db")),
            (KEEP, KEEP + "        db.session.query(Item).delete(); db.session.commit()\n"),
        ),
        "a file, of which the start leaves the first lamp": repaired(
            (URL, URL.replace("sqlite://", "sqlite:///lamps.db")),
            (KEEP, KEEP + "        db.session.query(Item).filter(Item.id > 1).delete()\n"
             "        db.session.commit()\n"),
        ),
        "a new file at each start": repaired(
            (URL, URL.replace('"sqlite://"', "f'sqlite:///{tempfile.mkdtemp()}/lamps.db'")),
        ),
        "a file, and a start that fails when the tables are there": repaired(
            (URL, URL.replace("sqlite://", "sqlite:///lamps.db")),
            (KEEP, "        Base.metadata.create_all(db.engine, checkfirst=False)\n"),
        ),
        "memdb": setup(MEMDB),
        "a pool of one": setup(NAMED, ONE),
        "a shared cache": setup(SHARED, '{"poolclass": QueuePool, "connect_args": ANY}', keep=True),
        "stored once more where it is gone": repaired(
            ("        return answer", "        if not db.session.get(Item, answer['number']):\n"
             "            db.session.add(Item(name=request.json['name'])); db.session.commit()\n"
             "        return answer"),
        ),
        "a lock around both views": repaired(
            ("        lamp = Item", "        with LOCK:\n          lamp = Item"),
            ("        db.session.add", "          db.session.add"),
            ("        db.session.flush", "          db.session.flush"),
            ("        answer =", "          answer ="),
            ("        db.session.commit", "          db.session.commit"),
            ("        return list", "        with LOCK:\n          return list"),
        ),
    },
    "not yet": {
        "as it is": repaired(),
        "a commit at once": repaired(("        db.session.flush()\n", "")),
        "the id after the commit": repaired(("        db.session.flush()\n", ""),
            ("        answer = {\"number\": lamp.id}\n        db.session.commit()\n",
             "        db.session.commit()\n        answer = {\"number\": lamp.id}\n")),
        "StaticPool by name": setup("sqlite://", '{"poolclass": StaticPool}'),
        "another pool for sqlite://": setup("sqlite://", '{"poolclass": NullPool}'),
        "the trap": setup(NAMED, '{"poolclass": SingletonThreadPool}'),
        "memdb without a pool": setup(MEMDB, '{"poolclass": NullPool}'),
        "a lock around the purchase only": repaired(
            ("        db.session.add(lamp)\n        db.session.flush()\n",
             "        with LOCK:\n            db.session.add(lamp); db.session.flush()\n"),
        ),
        "a list beside the database": repaired(
            ("        return answer", '        STORED.append(request.json["name"]); return answer'),
            ("        return list(", "        return STORED or list("),
        ),
        "answers 200": repaired((", 201", ", 200")),
        "stores nothing": repaired(("db.session.add(lamp)", "lamp.id = 1")),
        "starts all over": repaired(
            ("        return list", "        db.drop_all(); db.create_all(); return list")
        ),
        "no app": repaired(("    return app", "    return None")),
        "None": None,
        "a text": "sqlite:///lamps.db",
    },
}  # fmt: skip


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = bought_lamps_stay(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said


def test_a_right_answer_in_memory_is_told_how_long_it_lasts() -> None:
    """A file isn't."""
    said = {
        name: bought_lamps_stay(GRADES["right"][name]).said
        for name in ("a file", "memdb and a connection that is held open")
    }

    assert said["a file"].endswith("whoever looked.")
    assert said["memdb and a connection that is held open"].endswith("memory ends with it.")
