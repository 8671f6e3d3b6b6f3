"""Answers to the repair of notebook 13: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.repair import keeps_tests_apart

MEMDB = 'f"sqlite:///file:///{uuid4()}?vfs=memdb&uri=true"'
FILE = "f\"sqlite:///{(tmp_path / 'shop.db').as_posix()}\""


def conftest(
    url: str, keep: str = "with db.engine.connect():", end: str = "", arg: str = ""
) -> str:
    """The learner's file with another database."""
    return f"""
from contextlib import nullcontext
from uuid import uuid4
import pytest
from shop import create_app, db

@pytest.fixture
def app({arg}):
    app = create_app({url})
    with app.app_context():
        {keep}
            db.create_all()
            yield app
        db.session.remove()
        {end or "db.engine.dispose()"}

@pytest.fixture
def client(app):
    return app.test_client()
"""


NO_KEEPER = "with nullcontext():"
FIXED = '"sqlite:///file:///tests?vfs=memdb&uri=true"'
GRADES: dict[str, dict[str, Any]] = {
    "right": {
        "a name for each test, and a keeper": conftest(MEMDB),
        "a name for each test, held by the pool": conftest(MEMDB, NO_KEEPER),
        "a file for each test": conftest(FILE, NO_KEEPER, arg="tmp_path"),
        "one name, emptied before each test": conftest(
            FIXED, "with db.engine.connect():\n            db.drop_all()"
        ),
        "one name, dropped after each test": conftest(FIXED, NO_KEEPER, "db.drop_all()"),
        "one name, let go of": conftest(FIXED, NO_KEEPER),
    },
    "right, but": {"one connection for all": conftest("", NO_KEEPER)},
    "not yet": {
        "as it is": conftest(FIXED, NO_KEEPER, "pass"),
        "one file for all tests": conftest('"sqlite:///shop.db"', NO_KEEPER),
        "a name in memory that is not shared": conftest(
            'f"sqlite:///file:///{uuid4()}?mode=memory&uri=true"', NO_KEEPER
        ),
        "no tables": conftest(MEMDB).replace("db.create_all()", "pass"),
        "a syntax error": "def app(:\n",
        "no fixture": "import pytest\n",
        "skips": conftest(MEMDB).replace("yield app", "pytest.skip('not today')"),
        "None": None,
    },
}
ANSWERS = [(grade, name) for grade, answers in GRADES.items() for name in answers]


@pytest.mark.parametrize(("grade", "name"), ANSWERS, ids=[name for _, name in ANSWERS])
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Alone, and with a sentence."""
    verdict = keeps_tests_apart(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said
