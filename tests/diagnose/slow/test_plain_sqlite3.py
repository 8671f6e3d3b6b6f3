"""Connections of plain sqlite3: held by a module, a class, a cache, or made in each call."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from diagnosing import MEMDB, findings, make_file, run, write
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from helpers.diagnose import diagnose


@lru_cache
def cached(database: str) -> sqlite3.Connection:
    """A connection for everybody."""
    return sqlite3.connect(database)


class Storage:
    """What keeps a connection for a program."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection


def in_a_cache(connection: sqlite3.Connection) -> Any:
    """A function that remembers what it returned."""
    return lru_cache(lambda: connection)


@pytest.mark.parametrize("wrap", [lambda each: each, Storage, lambda each: {"db": [each]}])
@pytest.mark.parametrize(
    ("checked", "finding"), [(True, "sqlite3-refused"), (False, "sqlite3-one-connection")]
)
def test_a_connection_that_is_held_is_found(
    wrap: Any, checked: bool, finding: str, folder: Path
) -> None:
    """And used from another thread: a cursor reads nothing."""
    with closing(sqlite3.connect("shop.db", check_same_thread=checked)) as connection:
        report = diagnose(wrap(connection))
    assert findings(report) == [f"{finding} no-tables"]
    assert report.engines[0].opens == str(folder / "shop.db")
    if checked:
        assert report.findings[0].message == (
            "ProgrammingError: SQLite objects created in a thread can only be used in that same"
            " thread."
        )


def test_the_tables_of_its_file_are_told(folder: Path) -> None:
    """A program that was started in another folder has two faults, and may see either first."""
    with closing(sqlite3.connect("shop.db")) as connection:
        report = diagnose(connection)
        refused, empty = report.findings
        assert refused.notebook == "14" and empty.message == "OperationalError: no such table: item"
        assert "This file has no tables" in str(report) and str(folder / "shop.db") in str(report)
        assert "name that by its full path" in empty.cures[0].where
        connection.execute("CREATE TABLE item (name)")
        report = diagnose(connection)
    assert findings(report) == ["sqlite3-refused"]
    assert report.engines[0].tables.there == ["item"]


def test_the_rows_of_the_app_may_be_anything(folder: Path) -> None:
    """What ``row_factory`` makes of a row does not matter."""
    with closing(sqlite3.connect("shop.db")) as connection:
        connection.row_factory = lambda cursor, row: dict(enumerate(row))
        [engine] = diagnose(connection).engines
    assert engine.opens == str(folder / "shop.db")


def test_a_cached_connection_is_found(folder: Path) -> None:
    """What a cache holds is held."""
    with closing(cached("shop.db")):
        assert findings(diagnose({"get": cached})) == ["sqlite3-refused no-tables"]
        cached.cache_clear()


def test_a_connection_for_each_thread_is_no_fault(folder: Path) -> None:
    """A ``threading.local`` gives another one to each."""
    local = threading.local()
    local.connection = sqlite3.connect("shop.db")
    with closing(local.connection):
        assert not diagnose({"local": local}).engines


def test_the_thread_that_opened_it_may_be_another(folder: Path) -> None:
    """Then only that one can say what it opens."""
    with ThreadPoolExecutor(1) as thread:
        connection = thread.submit(sqlite3.connect, "shop.db").result()
        report = diagnose([connection])
        thread.submit(connection.close).result()
    assert findings(report) == ["sqlite3-refused"]
    assert "opened in another thread" in report.engines[0].notes[0]


def test_a_closed_connection_is_nothing(folder: Path) -> None:
    """It holds no database open, and cannot be used."""
    connection = sqlite3.connect("shop.db")
    connection.close()
    assert diagnose([connection]).exit_status == 2


KEEPERS = {
    "none": (None, "no-keeper"),
    "its own": ("file:///shop?vfs=memdb", "memory"),
    "of another name": ("file:///other?vfs=memdb", "no-keeper"),
    "of a file": ("file:shop.db", "no-keeper"),
    "of other memory": (":memory:", "no-keeper"),
}


@pytest.mark.parametrize("name", KEEPERS)
def test_a_keeper_keeps_its_own_database_only(name: str, folder: Path) -> None:
    """Another connection of the app's keeps nothing."""
    database, finding = KEEPERS[name]
    engine = create_engine(MEMDB, poolclass=NullPool)
    if database is None:
        assert findings(diagnose({"engine": engine})) == [finding]
        return
    with closing(sqlite3.connect(database, uri=True, check_same_thread=False)) as keeper:
        report = diagnose({"engine": engine, "keeper": keeper})
        assert findings(report)[0] == finding
    assert findings(diagnose({"engine": engine, "keeper": keeper})) == ["no-keeper"]


def test_a_shared_cache_is_kept_by_its_own_connection_only(folder: Path) -> None:
    """SQLite does not tell its name, but the command has seen what was opened."""
    code = """
        import sqlite3
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool
        url = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"
        engine = create_engine(url, poolclass=NullPool)
        keeper = sqlite3.connect("{}", uri=True)
    """
    write(folder, {"one.py": code.format("file:/shop?mode=memory&cache=shared")})
    write(folder, {"two.py": code.format(":memory:")})
    assert findings(diagnose("one")) == ["memory"]
    assert findings(diagnose("two")) == ["no-keeper", "sqlite3-refused"]


def test_a_raw_connection_is_a_keeper_too(folder: Path) -> None:
    """And one that is checked out, as long as it is."""
    engine = create_engine(MEMDB, poolclass=NullPool)
    raw = engine.raw_connection()
    assert findings(diagnose({"engine": engine, "raw": raw})) == ["memory"]
    raw.close()
    assert findings(diagnose({"engine": engine, "raw": raw})) == ["no-keeper"]


LIBRARY = """
class Saver:
    def __init__(self, connection):
        self.connection = connection
"""


@pytest.mark.slow
def test_a_library_answers_for_its_own_connection(folder: Path) -> None:
    """Where the check is off, it may have a lock; where it is on, no other thread gets in."""
    code = """
        import sqlite3, sys
        sys.path.insert(0, "site-packages")
        from saver_of_tests import Saver
        saver = Saver(sqlite3.connect("shop.db", check_same_thread={}))
    """
    write(folder, {"site-packages/saver_of_tests.py": LIBRARY, "one.py": code.format(False)})
    write(folder, {"two.py": code.format(True)})
    one, two = diagnose("one"), diagnose("two")
    assert one.safe
    assert "held by Saver" in one.engines[0].notes[0]
    assert findings(two) == ["sqlite3-refused no-tables"]


def test_what_is_made_only_when_called_is_out_of_reach_and_said_to_be(folder: Path) -> None:
    """With the name of the function, which can be the target."""
    code = """
        import sqlite3
        from flask import Flask, g
        from sqlalchemy import create_engine
        app = Flask(__name__)
        def get_connection():
            return sqlite3.connect("shop.db")
        def get_engine():
            return create_engine("sqlite://")
        @app.get("/")
        def index():
            return str(get_engine().pool)
    """
    write(folder, {"shop.py": code})
    report = diagnose("shop")
    assert "made by shop:get_engine (shop.py:8) when that is called" in report.problem
    assert [engine.name for engine in report.engines] == ["shop:get_connection"]
    assert findings(diagnose("shop:get_engine")) == ["own-thread"]
    assert run("shop").returncode == 2


FLASKR = """
    import os, sqlite3
    from flask import Flask, current_app, g
    app = Flask(__name__)
    app.config["DATABASE"] = os.path.abspath("flaskr.sqlite")
    def get_db():
        if "db" not in g:
            g.db = sqlite3.connect(current_app.config["DATABASE"], detect_types=1)
            g.db.row_factory = sqlite3.Row
        return g.db
    @app.get("/")
    def index():
        return str(get_db())
"""
CALLS = """
    import sqlite3 as sql
    from functools import lru_cache
    kept = None
    def by_constant():
        with sql.connect("shop.db") as connection:
            return connection
    def in_memory():
        connection = sql.connect(":memory:")
        return connection
    def nowhere():
        return sql.connect("missing/shop.db")
    def keeping():
        global kept
        kept = kept or sql.connect("kept.db", check_same_thread=False)
        return kept
    @lru_cache
    def cached():
        return sql.connect("cached.db")
"""


def test_an_empty_file_is_named_for_plain_sqlite3_too(folder: Path) -> None:
    """One that this start has made, or an earlier one; the message has the table of the app."""
    code = """
        import sqlite3
        connection = sqlite3.connect("shop.db")
        def prices():
            return connection.execute("SELECT price FROM lamp").fetchall()
    """
    write(folder, {"shop.py": code})
    report = diagnose("shop")
    assert findings(report) == ["sqlite3-refused no-tables"]
    assert report.findings[1].message == "OperationalError: no such table: lamp"
    write(folder, {"flaskr.py": FLASKR})
    (folder / "flaskr.sqlite").touch()
    assert findings(diagnose("flaskr")) == ["no-tables"]
    make_file(folder / "flaskr.sqlite", wal=False)
    report = diagnose("flaskr")
    assert (findings(report), report.engines[0].tables.there) == (["calls"], ["item"])


def test_a_connection_for_each_request_is_no_fault(folder: Path) -> None:
    """As Flask's tutorial has it: its database stands in the configuration."""
    write(folder, {"flaskr.py": FLASKR})
    report = diagnose("flaskr")
    assert (report.safe, findings(report)) == (True, ["calls"]), report
    assert report.engines[0].opens == str(folder / "flaskr.sqlite")


@pytest.mark.parametrize("again", [False, True])
def test_a_connection_to_what_a_local_variable_says_is_read(again: bool, folder: Path) -> None:
    """Where it has one value only: with two, nobody knows which."""
    lines = ["path = current_app.config['DATABASE']", "g.db = sqlite3.connect(path)"]
    lines[1:1] = ["path = path + '.old'"] * again
    code = FLASKR.replace('g.db = sqlite3.connect(current_app.config["DATABASE"], detect_types=1)',
        ("\n" + " " * 12).join(lines))  # fmt: skip
    write(folder, {"flaskr.py": code})
    report = diagnose("flaskr")
    assert report.safe != again, report
    assert ("made by flaskr:get_db" in report.problem) == again


def test_functions_that_open_a_connection_are_read(folder: Path) -> None:
    """Those whose code tells what they open are judged; the others are named."""
    write(folder, {"shop.py": CALLS})
    report = diagnose("shop")
    names = [engine.name for engine in report.engines]
    assert dict(zip(names, findings(report), strict=True)) == {
        "shop:by_constant": "calls",
        "shop:in_memory": "sqlite3-own-memory",
        "shop:nowhere": "no-folder",
    }
    assert "shop:keeping (shop.py:" in report.problem
    assert "shop:cached (shop.py:" in report.problem


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("by_constant", "calls"),
        ("in_memory", "sqlite3-own-memory"),
        ("keeping", "sqlite3-one-connection no-tables"),
        ("cached", "sqlite3-refused no-tables"),
    ],
)
def test_a_function_that_is_named_is_called_twice(name: str, finding: str, folder: Path) -> None:
    """That tells whether each call opens another connection."""
    write(folder, {"shop.py": CALLS})
    assert findings(diagnose(f"shop:{name}")) == [finding]
