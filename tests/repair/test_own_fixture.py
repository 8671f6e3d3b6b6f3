"""Answers to the repair of notebook 13: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.repair import keeps_tests_apart

MEMDB = 'f"sqlite:///file:///{uuid4()}?vfs=memdb&uri=true"'
PRIVATE = 'f"sqlite:///file:///{uuid4()}?mode=memory&uri=true"'
HELD = 'with database.engine.connect(), database.engines["notes"].connect():'
ALL = "[each.dispose() for each in database.engines.values()]"
NO_KEEPER = "with nullcontext():"


def conftest(items: str, notes: str, keep: str = NO_KEEPER, end: str = ALL, arg: str = "") -> str:
    """The learner's file with other databases."""
    return f"""
from contextlib import nullcontext
from uuid import uuid4
import pytest
from market import database, open_market

@pytest.fixture
def app({arg}):
    app = open_market({{
        "SQLALCHEMY_DATABASE_URI": {items},
        "SQLALCHEMY_BINDS": {{"notes": {notes}}},
    }})
    with app.app_context():
        {keep}
            database.create_all()
            yield app
        database.session.remove()
        {end}

@pytest.fixture
def client(app):
    return app.test_client()
"""


def fixed(name: str) -> str:
    """A URL that is the same in each test."""
    return f'"sqlite:///file:///{name}?vfs=memdb&uri=true"'


def file(name: str) -> str:
    """A file in the folder of a test."""
    return f"f\"sqlite:///{{(tmp_path / '{name}').as_posix()}}\""


SAME = fixed("tests"), fixed("notes")
EARLIER = """
from uuid import uuid4
import pytest
from shop import create_app, db

@pytest.fixture
def app():
    app = create_app(f"sqlite:///file:///{uuid4()}?vfs=memdb&uri=true")
    with app.app_context():
        with db.engine.connect():  # the keeper
            db.create_all()
            yield app
        db.session.remove()
        db.engine.dispose()

@pytest.fixture
def client(app):
    return app.test_client()
"""
HOOKED = """
import pytest

@pytest.fixture
def app():
    return None

@pytest.fixture
def client():
    return None

def pytest_{hook}
"""
HIDES = """pyfunc_call(pyfuncitem):
    try:
        pyfuncitem.obj(**{name: None for name in pyfuncitem._fixtureinfo.argnames})
    except Exception:
        pass
    return True
"""
SAYS_PASSED = """runtest_makereport(item, call):
    call.excinfo = None
    return pytest.TestReport.from_item_and_call(item, call)
"""
GRADES: dict[str, dict[str, Any]] = {
    "right": {
        "names for each test, and keepers": conftest(MEMDB, MEMDB, HELD),
        "names for each test, held by the pools": conftest(MEMDB, MEMDB),
        "files for each test": conftest(file("shop.db"), file("notes.db"), arg="tmp_path"),
        "one file for both": conftest(file("shop.db"), file("shop.db"), arg="tmp_path"),
        "a name and a file": conftest(MEMDB, file("notes.db"), arg="tmp_path"),
    },
    "right, but": {
        "one connection for all": conftest('"sqlite://"', '"sqlite://"'),
        "the same names, let go of": conftest(*SAME),
        "the same names, held and let go of": conftest(*SAME, HELD),
        "the same name for the notes alone": conftest(MEMDB, SAME[1]),
        "a new name for the notes alone": conftest(SAME[0], MEMDB),
        "the same names, emptied before each test": conftest(
            *SAME, f"{HELD}\n            database.drop_all()"
        ),
        "the same names, dropped after each test": conftest(*SAME, end="database.drop_all()"),
        "one file for all tests, dropped after each": conftest(
            '"sqlite:///shop.db"', '"sqlite:///notes.db"', end="database.drop_all()"
        ),
        "one file for all tests, dropped and let go of": conftest(
            '"sqlite:///shop.db"', '"sqlite:///notes.db"', end=f"database.drop_all(); {ALL}"
        ),
    },
    "not yet": {
        "as it is": conftest(*SAME, end="pass"),
        "the items alone": conftest(MEMDB, SAME[1], end="database.engine.dispose()"),
        "the notes alone": conftest(SAME[0], MEMDB, end="pass"),
        "the items alone, let go of": conftest(*SAME, end="database.engine.dispose()"),
        "the fixture of an earlier cell": EARLIER,
        "the fixture of an earlier cell, with the names of this app": EARLIER.replace(
            "from shop import create_app, db",
            "from market import open_market as create_app, database as db",
        ),
        "one file for all tests": conftest('"sqlite:///shop.db"', '"sqlite:///notes.db"'),
        "a name in memory that is not shared": conftest(PRIVATE, PRIVATE),
        "no tables": conftest(MEMDB, MEMDB).replace("database.create_all()", "pass"),
        "a syntax error": "def app(:\n",
        "no fixture": "import pytest\n",
        "skips": conftest(MEMDB, MEMDB).replace("yield app", "pytest.skip('not today')"),
        "a hook that runs no test": HOOKED.format(hook="pyfunc_call(pyfuncitem):\n    return True"),
        "a hook that hides each exception": HOOKED.format(hook=HIDES),
        "a hook that says passed": HOOKED.format(hook=SAYS_PASSED),
        "ends pytest": "import os\nos._exit(0)\n",
        "None": None,
    },
}
ANSWERS = [(grade, name) for grade, answers in GRADES.items() for name in answers]


@pytest.mark.parametrize(("grade", "name"), ANSWERS, ids=[name for _, name in ANSWERS])
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Alone, and with a sentence."""
    verdict = keeps_tests_apart(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said


def test_what_a_session_that_is_left_open_costs_is_told() -> None:
    """With the test that is red, and what it found."""
    said = keeps_tests_apart(conftest(*SAME)).said

    assert "One of them left its sessions open, and the next one found" in said
    assert "Red: test_nothing_is_left_of_them. AssertionError: assert ['mug', 'mug'] == []" in said


def test_a_fixture_that_is_missing_is_named() -> None:
    """Rather than the tests that wanted it."""
    said = keeps_tests_apart("import pytest\n").said

    assert said.endswith("fixture 'client' not found")


def test_what_the_same_database_costs_is_told() -> None:
    """Emptied between two tests, it is still the same one."""
    said = keeps_tests_apart(conftest(*SAME, end="database.drop_all()")).said

    assert "They have the same databases, emptied." in said


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("def app(:", "SyntaxError: invalid syntax"),
        ("import nonsense", "ModuleNotFoundError: No module named 'nonsense'"),
    ],
)
def test_why_pytest_could_not_run_is_told(code: str, cause: str) -> None:
    """The cause, in plain letters, and not that a file could not be imported."""
    assert (
        keeps_tests_apart(f"{code}\n").said == f"pytest could not run the tests with it: {cause}."
    )


def test_a_file_that_makes_all_green_is_refused() -> None:
    """A test that fails has to be red, also with it."""
    said = keeps_tests_apart(GRADES["not yet"]["a hook that runs no test"]).said

    assert said.startswith("Your file changes what pytest says: a test that fails is green")


def test_a_file_that_ends_pytest_is_told_so() -> None:
    """Although pytest has no time to say why."""
    said = keeps_tests_apart(GRADES["not yet"]["ends pytest"]).said

    assert said == (
        "pytest could not run the tests with it: it ended pytest, which had said nothing yet."
    )
