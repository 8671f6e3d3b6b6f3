"""Answers to the repair of notebook 01: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import rugs_stay

HEAD = """
from flask import Flask, g, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

ANY = {"check_same_thread": False}

class Base(DeclarativeBase):
    pass

class Rug(Base):
    __tablename__ = "rug"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

def rugs_in(session):
    return list(session.scalars(select(Rug.name)))
"""
URL = '"sqlite:///file:///rugs?mode=memory&uri=true"'
OPTIONS = '{"poolclass": SingletonThreadPool}'
CREATE = "db.create_all()"
COMMIT = "db.session.commit()"
LIST = "return rugs_in(db.session)"
BROKEN = f"""
def make_app():
    app = Flask("rugs")
    app.config["SQLALCHEMY_DATABASE_URI"] = {URL}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {OPTIONS}
    db = SQLAlchemy(app, metadata=Base.metadata)

    @app.route("/rugs", methods=["GET", "POST"])
    def rugs():
        if request.method == "POST":
            db.session.add(Rug(name=request.get_json()["name"]))
            {COMMIT}
        {LIST}

    with app.app_context():
        {CREATE}
        if not rugs_in(db.session):
            db.session.add(Rug(name="red rug"))
            {COMMIT}
    return app
"""
MEMDB = '"sqlite:///file:///rugs?vfs=memdb&uri=true"'
SHARED = '"sqlite:///file:///rugs?mode=memory&cache=shared&uri=true"'


def repaired(*swaps: tuple[str, str]) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    source = BROKEN
    for old, new in swaps:
        assert old in source
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


def setup(url: str, options: str = "{}") -> Any:
    """The cell with another URL and other options of the engine."""
    return repaired((URL, url), (OPTIONS, options))


KEEPER = (CREATE, "app.keeper = db.engine.connect(); " + CREATE)
FILE = (URL, '"sqlite:///rugs.db"'), (OPTIONS, "{}")
CAUGHT = "\n        try: {0}\n        except OperationalError: {1}"
GRADES = {
    "right": {
        "a file": setup('"sqlite:///rugs.db"'),
        "a file, the pool as it was": repaired((URL, '"sqlite:///rugs.db"')),
        "a file without a pool": setup('"sqlite:///rugs.db"', '{"poolclass": NullPool}'),
        "memdb and a keeper": repaired((URL, MEMDB), (OPTIONS, "{}"), KEEPER),
        "a pool of one": setup(
            URL, '{"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "connect_args": ANY}'
        ),
    },
    "right, but": {
        "a shared cache and a keeper": repaired(
            (URL, SHARED), (OPTIONS, '{"poolclass": QueuePool, "connect_args": ANY}'), KEEPER
        ),
        "a file, and a rug more at each start": repaired(
            *FILE, ("if not rugs_in(db.session):", "if True:")
        ),
        "the default": setup('"sqlite://"'),
        "the default, spelled out": setup('"sqlite:///:memory:"'),
        "the default overwrites the pool": repaired((URL, '"sqlite://"')),
        "one connection by name": setup(URL, '{"poolclass": StaticPool, "connect_args": ANY}'),
    },
    "not yet": {
        "as it is": repaired(),
        "the check of the thread off": setup(
            URL, '{"poolclass": SingletonThreadPool, "connect_args": ANY}'
        ),
        "a larger pool": setup(URL, '{"poolclass": SingletonThreadPool, "pool_size": 50}'),
        "lends one until two come": setup(URL, '{"poolclass": QueuePool, "connect_args": ANY}'),
        "tables in the view": repaired((LIST, f"{CREATE}; {LIST}")),
        "tables before each request": repaired(
            ("    with app", "    app.before_request(db.create_all)\n    with app")
        ),
        "tables and a rug in the view": repaired(
            (LIST, f'{CREATE}; db.session.add(Rug(name="red rug")); db.session.flush(); {LIST}')
        ),
        "a constant": repaired((LIST, 'return ["red rug"]')),
        "an empty list after an error": repaired((LIST, CAUGHT.format(LIST, "return []"))),
        "a list beside the database": repaired(
            (LIST, "return app.names"),
            ("db.session.add(Rug(name=request", "app.names.append(request"),
            ('["name"]))', '["name"])'),
            ("    with app", '    app.names = ["red rug"]\n    with app'),
        ),
        "nothing is committed": repaired(*FILE, (f"{COMMIT}\n        {LIST}", LIST)),
        "the tables are dropped at startup": repaired(*FILE, (CREATE, f"db.drop_all(); {CREATE}")),
        "the tables are dropped in the view": repaired(
            *FILE, (LIST, f"found = rugs_in(db.session); db.drop_all(); {CREATE}; return found")
        ),
        "POST is refused": repaired(*FILE, ('["GET", "POST"]', '["GET"]')),
        "no app": repaired(("return app", "return db")),
        "raises": repaired((CREATE, "db.create()")),
        "an app": repaired()(),
        "None": None,
        "a text": "sqlite:///rugs.db",
        "a class": Exception,
    },
}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = rugs_stay(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
