"""Answers to the repair of notebook 12: every right one passes, and no other."""

from __future__ import annotations

import time
from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import the_mugs_are_found

HEAD = """
import os
import sqlite3
from pathlib import Path
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
"""
URL = '"sqlite:///mugs.db"\n'
MADE = '    db.metadata.create_all(create_engine("sqlite:///mugs.db"))\n'
LIST = "return [mug.name for mug in db.session.query(Mug)]"
VIEW = '    @app.get("/mugs")\n'
BROKEN = f"""
def make_app():
    app = Flask("mugs")
    app.config["SQLALCHEMY_DATABASE_URI"] = {URL}
    db = SQLAlchemy(app)
{MADE}
    class Mug(db.Model):
        name = db.Column(db.String, primary_key=True)

{VIEW}    def mugs():
        {LIST}

    @app.post("/mugs")
    def add_mug():
        db.session.add(Mug(name=request.json["name"]))
        db.session.commit()
        return "stored", 201

    return app
"""
OLD = (MADE, "")
ABSOLUTE = '"sqlite:///" + Path("mugs.db").absolute().as_posix()\n'


def repaired(*swaps: tuple[str, str]) -> Any:
    """The function that the learner's cell makes, with some of its text changed."""
    source = BROKEN
    for old, new in swaps:
        assert old in source
        source = source.replace(old, new)
    return answer_of(HEAD + source, "make_app")


def made(code: str) -> tuple[str, str]:
    """Code below the model, where the context of the app is there."""
    return VIEW, f"    with app.app_context():\n        {code}\n\n{VIEW}"


IN_MEMORY = ("sqlite:///mugs.db", "sqlite://")
MEMDB = ("sqlite:///mugs.db", "sqlite:///file:///mugs?vfs=memdb&uri=true")
GRADES = {
    "right": {
        "made below the model": repaired(OLD, made("db.create_all()")),
        "by metadata, with the engine of the app": repaired(
            OLD, made("db.metadata.create_all(db.engine)")
        ),
        "an absolute path": repaired(OLD, (URL, ABSOLUTE), made("db.create_all()")),
        "the table of one model": repaired(OLD, made("Mug.__table__.create(db.engine, True)")),
        "by hand": repaired(
            OLD,
            made(
                "db.session.execute(db.text('CREATE TABLE IF NOT EXISTS mug (name TEXT)'));"
                " db.session.commit()"
            ),
        ),
        "made in each view": repaired(
            OLD,
            ("    def mugs():\n", "    def mugs():\n        db.create_all()\n"),
            ("    def add_mug():\n", "    def add_mug():\n        db.create_all()\n"),
        ),
    },
    "right, but": {
        "an absolute path and the script's engine": repaired(
            OLD,
            (URL, ABSOLUTE),
            (VIEW, f"    db.metadata.create_all(create_engine({ABSOLUTE.strip()}))\n\n{VIEW}"),
        ),
    },
    "not yet": {
        "as it is": repaired(),
        "below the model, with the script's engine": repaired(OLD, (VIEW, MADE + "\n" + VIEW)),
        "the app's engine, above the model": repaired(
            (MADE, "    with app.app_context():\n        db.create_all()\n")
        ),
        "memdb and a keeper": repaired(
            OLD, MEMDB, made("db.create_all(); app.keeper = db.engine.connect()")
        ),
        "one connection in memory": repaired(OLD, IN_MEMORY, made("db.create_all()")),
        "memdb without a keeper": repaired(OLD, MEMDB, made("db.create_all()")),
        "a file that has no name": repaired(
            OLD, ("sqlite:///mugs.db", "sqlite:///file:?uri=true"), made("db.create_all()")
        ),
        "in memory, above the model": repaired(IN_MEMORY),
        "dropped and made at each start": repaired(OLD, made("db.drop_all(); db.create_all()")),
        "the file deleted at each start": repaired(
            OLD,
            made(
                "Path(db.engine.url.database).unlink(missing_ok=True);"
                " db.engine.dispose(); db.create_all()"
            ),
        ),
        "an empty list": repaired(OLD, (LIST, "return []")),
        "an empty list after an error": repaired(
            (
                LIST,
                f"try:\n            {LIST}\n        except OperationalError: return []",
            )
        ),
        "another Base": repaired(
            OLD,
            ("class Mug(db.Model)", "other = SQLAlchemy(Flask('x'))\n\n    class Mug(other.Model)"),
            made("db.create_all()"),
        ),
        "no view": repaired(OLD, made("db.create_all()"), ('get("/mugs")', 'get("/cups")')),
        "no app": repaired(OLD, ("return app\n", "return None\n")),
        "raises": repaired(OLD, ("return app\n", "return app / 0\n")),
        "an app": Any,
        "None": None,
        "a text": "sqlite:///mugs.db",
    },
}


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, within two seconds, and with a sentence."""
    begun = time.monotonic()

    verdict = the_mugs_are_found(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
    assert time.monotonic() - begun < 4  # two seconds, on a machine that has other work
