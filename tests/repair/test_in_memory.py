"""Answers to the repair of notebook 08: every right one passes, and no other."""

from __future__ import annotations

import gc
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bank import answer_of, there_and_back
from test_bought_lamps import BROKEN, HEAD, KEEP, MEMDB, NAMED, ONE, SHARED, URL

from helpers.repair import lamps_stay_in_memory

TWO_THREADS = '{"poolclass": QueuePool, "connect_args": ANY}'
DIRTY = TWO_THREADS.replace("{", '{"isolation_level": "READ UNCOMMITTED", ', 1)
KEEPER = "        app.keeper = db.engine.connect()\n"


def setup(
    url: str, options: str = "{}", keeper: str = "", commit: str = "db.session.commit()"
) -> Any:
    """The cell with another URL, other options, and something that holds a connection."""
    config = (
        f'app.config["SQLALCHEMY_DATABASE_URI"] = "{url}"\n'
        f'    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {options}'
    )
    source = BROKEN.replace(URL, config).replace(KEEP, keeper + KEEP)
    return answer_of(HEAD + source.replace("db.session.commit()", commit), "make_app")


# Elsewhere than in the folder where the judge looks.
ELSEWHERE = Path(tempfile.gettempdir()).resolve() / f"lamps-{os.getpid()}.db"

GRADES = {
    "right": {
        "memdb and a keeper": setup(MEMDB, keeper=KEEPER),
        "memdb, a keeper and a larger pool": setup(MEMDB, '{"pool_size": 20}', KEEPER),
        "memdb, no pool, and a keeper": setup(MEMDB, '{"poolclass": NullPool}', KEEPER),
        "a name without the slash, which Flask-SQLAlchemy makes absolute": setup(
            "sqlite:///file:bought?vfs=memdb&uri=true", "{}", KEEPER
        ),
        "memdb and a keeper of another engine": setup(
            MEMDB, keeper=f'        app.keeper = create_engine("{MEMDB}").connect()\n'
        ),
        "memdb and a keeper of sqlite3": setup(
            MEMDB,
            keeper='        import sqlite3; app.keeper = sqlite3.connect("file:///bought?vfs=memdb",'
            " uri=True, check_same_thread=False)\n",
        ),
    },
    "not yet": {
        "memdb without a keeper": setup(MEMDB),
        "a keeper in a local variable": setup(
            MEMDB, keeper=KEEPER.replace("app.keeper", "keeper")
        ),
        "a pool of one": setup(NAMED, ONE),
        "a pool of one on memdb": setup("sqlite:///file:bought?vfs=memdb&uri=true", ONE),
        "a shared cache that reads what nobody has committed": setup(SHARED, DIRTY, KEEPER),
        "as it is": setup(SHARED, TWO_THREADS, KEEPER),
        "a shared cache that waits longer": setup(
            SHARED, '{"poolclass": QueuePool, "connect_args": {"timeout": 60, **ANY}}', KEEPER
        ),
        "a shared cache without a keeper": setup(SHARED, TWO_THREADS),
        "the default": setup("sqlite://"),
        "the default, with a keeper": setup("sqlite://", keeper=KEEPER),
        "a file": setup("sqlite:///lamps.db"),
        "a file elsewhere": setup(f"sqlite:///{ELSEWHERE.as_posix()}", keeper=KEEPER),
        "the file called :memory:": setup("sqlite:///file::memory:?cache=shared&uri=true"),
        "a name that is not shared": setup(NAMED, TWO_THREADS, KEEPER),
        "the trap": setup(NAMED, '{"poolclass": SingletonThreadPool}', KEEPER),
        "memdb, no pool and no keeper": setup(MEMDB, '{"poolclass": NullPool}'),
        "a pool of one that is held": setup(
            NAMED, ONE.replace("1, ", '1, "pool_timeout": 0.1, '), KEEPER
        ),
        "no commit": setup(MEMDB, "{}", KEEPER, "db.session.flush()"),
        "None": None,
        "a text": MEMDB,
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_elsewhere() -> Iterator[None]:
    """What the answers leave outside of the judge's folder is removed."""
    yield
    ELSEWHERE.unlink(missing_ok=True)


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one, and with a sentence."""
    verdict = lamps_stay_in_memory(GRADES[grade][name])

    assert (verdict.grade, verdict.said != "") == (grade, True), verdict.said


def test_what_is_said_is_what_the_visitor_met() -> None:
    """The message of the database, in words."""
    said = lamps_stay_in_memory(GRADES["not yet"]["as it is"]).said

    assert "was told: GET /lamps got 500 (OperationalError: database table is locked: item)" in said


def test_a_dirty_read_is_told() -> None:
    """And not what dispose() does."""
    answer = GRADES["not yet"]["a shared cache that reads what nobody has committed"]

    said = lamps_stay_in_memory(answer).said

    assert said.endswith("with the second lamp that nobody had committed yet."), said


def test_a_keeper_is_closed_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing appears later, when the app is garbage."""
    lamps_stay_in_memory(GRADES["right"]["memdb and a keeper"])
    with warnings.catch_warnings():
        # The answers of other tests leave connections that no other thread may close.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

    assert caplog.records == []
