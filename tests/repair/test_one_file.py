"""Answers to the repair of notebook 05: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of

from helpers.repair import script_and_app_share_a_file

HEAD = """
import os
from pathlib import Path
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
"""
BROKEN = """
def make_tables(home):
    with create_engine(SCRIPT).begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS rug (name TEXT)"))
        connection.execute(text("INSERT INTO rug VALUES ('red rug')"))

def make_app(home):
    app, engine = Flask("rugs"), create_engine(APP)

    @app.get("/rugs")
    def rugs():
        with engine.connect() as connection:
            return LIST

    return app

both = make_tables, make_app
"""
LIST = "list(connection.scalars(text('SELECT name FROM rug')))"
CREATE = "connection.execute(text('CREATE TABLE IF NOT EXISTS rug (name TEXT)'))"
HOME = "f\"sqlite:///{(home / 'rugs.db').as_posix()}\""


def both(app: str, script: str = "", listed: str = LIST) -> Any:
    """The two functions of the learner's cell, with the URLs that they use."""
    source = BROKEN.replace("SCRIPT", script or app).replace("APP", app).replace("LIST", listed)
    return answer_of(HEAD + source, "both")


KEPT = """
kept = {}
def make_tables(home):
    kept.setdefault(str(home), []).append("red rug")

def make_app(home):
    app = Flask("rugs")
    app.get("/rugs")(lambda: kept[str(home)])
    return app

both = make_tables, make_app
"""


GRADES = {
    "right": {
        "in the project": both(HOME),
        "absolute": both("f\"sqlite:///{(home / 'rugs.db').absolute().as_posix()}\""),
        "joined as text": both("'sqlite:///' + os.path.join(home, 'rugs.db')"),
        "in the instance folder": both(
            "(os.makedirs(home / 'instance', exist_ok=True),"
            " f\"sqlite:///{(home / 'instance' / 'rugs.db').as_posix()}\")[1]"
        ),
        "by a URI": both("f\"sqlite:///file:{(home / 'rugs.db').as_posix()}?uri=true\""),
        "without a pool": both(f"{HOME}, poolclass=NullPool"),
    },
    "right, but": {
        "by the working directory": both("(os.chdir(home), 'sqlite:///rugs.db')[1]"),
    },
    "not yet": {
        "as it is": both("'sqlite:///rugs.db'"),
        "only the app": both(HOME, script="'sqlite:///rugs.db'"),
        "only the script": both("'sqlite:///rugs.db'", script=HOME),
        "absolute from the working directory": both("f'sqlite:///{os.path.abspath(\"rugs.db\")}'"),
        "one file for all projects": both(
            "f\"sqlite:///{Path('..', 'rugs.db').resolve().as_posix()}\""
        ),
        "in memory": both("'sqlite://'"),
        "tables made by the view": both("'sqlite://'", listed=f"({CREATE}, {LIST})[1]"),
        "a dictionary in Python": answer_of(HEAD + KEPT, "both"),
        "a constant": both("'sqlite://'", listed="['red rug']"),
        "two names": both(HOME, script=HOME.replace("rugs.db", "rug.db")),
        "one function": both(HOME)[0],
        "swapped": both(HOME)[::-1],
        "None": None,
        "no functions": (1, 2),
    },
}
ANSWERS = [(grade, name) for grade, answers in GRADES.items() for name in answers]


@pytest.mark.parametrize(("grade", "name"), ANSWERS, ids=[name for _, name in ANSWERS])
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Alone, and with a sentence."""
    try:
        verdict = script_and_app_share_a_file(GRADES[grade][name])
    except Exception as error:  # noqa: BLE001 - as check() would say it
        assert grade == "not yet", error
        return

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
