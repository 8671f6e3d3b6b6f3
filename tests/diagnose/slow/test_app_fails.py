"""An app that fails while it is imported: what it had made by then is looked at."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from diagnosing import findings, run, write

from helpers.diagnose import diagnose

FACTORY = """
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy()
    class Lamp(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        price = db.Column(db.Integer)
    def create_app():
        app = Flask(__name__)
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///{path}"
        db.init_app(app)
        with app.app_context():
            {first}
        return app
"""


def test_a_factory_that_fails_on_the_database_tells_its_engine(folder: Path) -> None:
    """The folder is missing: the error says no path, the finding does."""
    path = folder / "data" / "shop.db"
    write(folder, {"shop.py": FACTORY.format(path=path, first="db.create_all()")})
    report = diagnose("shop")
    assert findings(report) == ["no-folder"]
    assert report.exit_status == 1
    assert report.engines[0].opens == str(path)
    assert report.problem.endswith("OperationalError: unable to open database file")
    shown = run("shop").stdout
    assert "FAILED  Calling shop:create_app in" in shown
    assert "[no-folder]" in shown


def test_a_module_that_fails_on_its_tables_tells_them(folder: Path) -> None:
    """It reads while it is imported, from a table that has a column less."""
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE lamp (id INTEGER)")
    source = FACTORY.format(path=path, first="db.session.query(Lamp).all()")
    write(folder, {"shop.py": source + "    app = create_app()\n"})
    report = diagnose("shop:app")
    assert findings(report) == ["columns-missing"]
    assert report.engines[0].url == f"sqlite:///{path}"


def test_an_engine_that_is_safe_does_not_hide_the_failure(folder: Path) -> None:
    """The app did not get far enough for a verdict."""
    code = "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///a.db')\n1 / 0"
    write(folder, {"shop.py": code})
    report = diagnose("shop")
    assert (report.exit_status, findings(report)) == (2, ["file"])
    assert report.engines[0].name == "shop.engine"
    assert "shop.py:3 ZeroDivisionError" in report.problem


def test_an_app_that_fails_before_it_makes_an_engine(folder: Path) -> None:
    """There is nothing to look at: the sentence alone."""
    write(folder, {"shop.py": "def create_app():\n    1 / 0"})
    report = diagnose("shop:create_app")
    assert (report.exit_status, report.engines) == (2, [])
    assert report.ran == ["importing shop ran it", "shop:create_app was called"]


def test_an_error_in_a_factory_is_not_about_its_arguments(folder: Path) -> None:
    """Only a call that lacks some is told how to write them."""
    write(folder, {"shop.py": "def create_app(name=1):\n    dict(1, 2)"})
    assert "at most 1 argument" in diagnose("shop:create_app").problem
    assert "write them as" not in diagnose("shop:create_app").problem
    write(folder, {"shop.py": "def create_app(name): ..."})
    assert "write them as" in diagnose("shop:create_app").problem


EACH_CALL = """
    from functools import lru_cache
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool
    {above}
    def get_engine():
        return create_engine({url!r}, poolclass=StaticPool)
    def start():
        return get_engine().connect()
    def view():
        return get_engine().connect()
"""


def test_a_function_that_makes_another_engine_at_each_call_is_found(folder: Path) -> None:
    """In memory, each has its own tables; there is one finding, whose cures end it."""
    write(folder, {"shop.py": EACH_CALL.format(above="", url="sqlite://")})
    [finding] = diagnose("shop:get_engine").findings
    assert (finding.id, finding.notebook) == ("engine-each-call", "12")
    for cure in finding.cures:
        *others, made = cure.lines
        code = EACH_CALL.replace("create_engine({url!r}, poolclass=StaticPool)", made)
        write(folder, {"shop.py": code.replace("{above}", "\n    ".join(others))})
        report = diagnose("shop:get_engine")
        assert report.safe, report
    assert "at the top of the module" in cure.where and others[1].startswith("keeper")
    write(folder, {"shop.py": code.replace("{above}", "import sqlite3")})  # in the call, it ends
    [finding] = diagnose("shop:get_engine").findings
    assert (finding.id, finding.cures[0].lines) == ("no-keeper", others)
    assert finding.cures[0].where.startswith("At the top of a module")
    write(folder, {"shop.py": EACH_CALL.format(above="", url="sqlite:///shop.db")})
    assert "engine-each-call" not in findings(diagnose("shop:get_engine"))[0]


TWICE = """
    from functools import lru_cache
    from sqlalchemy import Column, Integer, MetaData, Table, create_engine
    from sqlalchemy.orm import sessionmaker
    metadata = MetaData()
    Table("lamp", metadata, Column("id", Integer, primary_key=True))
    {above}
    def get_engine():
        {code}
    metadata.create_all(get_engine())
    Session = sessionmaker(get_engine())
"""
MADE = {
    "return create_engine('sqlite://')": ("", "engine-each-call"),
    "made = create_engine('sqlite://'); return made": ("", "engine-each-call"),
    "global made; made = create_engine('sqlite://'); return made": ("", "engine-each-call"),
    "global made; made = made or create_engine('sqlite://')": (
        "made = 0",
        "own-thread",
    ),
    "made = create_engine('sqlite://'); metadata.create_all(made); return made": ("", "own-thread"),
    "return create_engine('sqlite:///shop.db')": ("", "file"),
    "return  create_engine('sqlite://')": ("@lru_cache", "own-thread"),
}


@pytest.mark.parametrize("code", MADE)
def test_an_app_that_calls_such_a_function_twice_is_told(code: str, folder: Path) -> None:
    """Its tables are in one engine and its sessions in another, whatever the thread."""
    above, found = MADE[code]
    write(folder, {"shop.py": TWICE.format(above=above, code=code)})
    report = diagnose("shop")
    assert findings(report) == [found]
    if found == "engine-each-call":
        assert "Each call of shop:get_engine makes another engine" in report.findings[0].sentence
        assert report.findings[0].message == "OperationalError: no such table: lamp"


def test_a_function_that_is_called_in_one_place_may_make_its_engine(folder: Path) -> None:
    """Whoever calls it may keep the engine: a note says what would happen otherwise."""
    source = EACH_CALL.format(above="", url="sqlite://").partition("    def view")[0]
    write(folder, {"shop.py": source})
    report = diagnose("shop:get_engine")
    assert findings(report) == ["other-thread-refused"]
    assert report.engines[0].notes[-1].startswith("each call makes another engine")
    assert report.ran[-1] == "shop:get_engine was called twice"


def test_a_method_is_not_offered_as_a_target(folder: Path) -> None:
    """It needs its object."""
    code = """
        import sqlite3
        class Storage:
            def __init__(self, path):
                self.connection = sqlite3.connect(path)
    """
    write(folder, {"shop.py": code})
    assert "Name an object with this method" in diagnose("shop").problem


STORAGE = """
    import sqlite3
    class Storage:
        def __init__(self, path):
            self.path = path
        def query(self, text):
            {connection} = sqlite3.connect(self.path)
            return {connection}.execute(text).fetchall()
    storage = Storage(":memory:")
"""


@pytest.mark.parametrize("target", ["shop", "shop:storage"])
def test_an_object_tells_what_its_method_opens(target: str, folder: Path) -> None:
    """By the attribute; where the connection is kept for the next call, it is out of reach."""
    write(folder, {"shop.py": STORAGE.format(connection="connection")})
    [finding] = diagnose(target).findings
    assert finding.id == "sqlite3-own-memory"
    assert "Each call of shop:Storage.query opens an empty database" in finding.sentence
    write(folder, {"shop.py": STORAGE.format(connection="self.connection")})
    problem = diagnose(target).problem
    assert "shop:Storage.query (shop.py:6) when that is called" in problem
    assert "Name the database that it opens, by its path or URL, as the target" in problem


IN_A_CALL = {
    "a lifespan": "async def start(app):\n    engine = create_async_engine(URL)\n    yield",
    "a dependency": "def start():\n    engine = create_engine(url=URL)\n    yield engine",
    "a function with arguments": "def start(app):\n    return create_engine('sqlite:///a.db')",
}


@pytest.mark.parametrize("name", IN_A_CALL)
def test_an_engine_of_a_call_that_nobody_can_make_has_a_url(name: str, folder: Path) -> None:
    """To name the function would lead nowhere."""
    head = "from sqlalchemy import create_engine\nURL = 'sqlite:///a.db'\n"
    write(folder, {"shop.py": head + IN_A_CALL[name]})
    assert diagnose("shop").problem.endswith("Name its URL, sqlite:///a.db, as the target.")


def test_a_function_is_named_as_it_can_be_called(folder: Path) -> None:
    """Without arguments, or with them: then what was advised leads to the engine."""
    code = "from sqlalchemy import create_engine\ndef start({}):\n    return create_engine({})"
    write(folder, {"shop.py": code.format("", "'sqlite:///a.db'")})
    assert diagnose("shop").problem.endswith("Name the function as the target.")
    assert diagnose("shop:start").safe
    write(folder, {"shop.py": code.format("url", "url")})
    said = """Name the function with its arguments, as in "shop:start('...')", as the target."""
    assert diagnose("shop").problem.endswith(said)
    assert diagnose("shop:start('sqlite:///a.db')").safe


STRANGE = """
    import sqlite3, sys
    from sqlalchemy import create_engine
    class Strange:
        def __getattribute__(self, name):
            raise RuntimeError(name)
        def __eq__(self, other):
            raise ValueError("as an array does")
        __hash__ = None
    class Storage:
        strange = Strange()
        path = "shop.db"
        def query(self):
            return strange, sqlite3.connect(self.path)
    from werkzeug.local import LocalProxy
    def not_ready():
        raise ValueError("not ready")
    strange, storage, lazy = Strange(), Storage(), LocalProxy(not_ready)
"""
REST = [
    "sys.modules['strange'] = strange; engine = create_engine('sqlite:///shop.db')",
    "storage.path = 'a.db'",
]


@pytest.mark.parametrize("rest", REST)
def test_values_that_answer_nothing_are_passed_over(rest: str, folder: Path) -> None:
    """They are neither compared nor asked for their class."""
    write(folder, {"shop.py": STRANGE + f"    {rest}\n"})
    assert diagnose("shop").safe


def test_models_of_peewee_have_their_own_words(folder: Path) -> None:
    """Its connections are out of reach; a process that has it imported is no app of it."""
    pytest.importorskip("peewee")
    code = "from peewee import Model, SqliteDatabase\n"
    write(folder, {"shop.py": code + "class Lamp(Model):\n    pass"})
    assert diagnose("shop").problem.startswith("These are models of peewee")
    write(folder, {"shop.py": "import peewee"})
    assert diagnose("shop").problem.startswith("No SQLAlchemy engine")
