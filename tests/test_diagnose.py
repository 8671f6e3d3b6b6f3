"""The reader's own app: what is found, and that their data stays as it is."""

from __future__ import annotations

import ast
import json
import os
import shutil
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
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import AssertionPool, NullPool, QueuePool, SingletonThreadPool, StaticPool

from helpers import diagnose as module
from helpers.cleanup import dispose
from helpers.diagnose import Report, diagnose
from helpers.setups import setups

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
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=os.environ | environment
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
    "a thread at a time": ("sqlite://", {"poolclass": SingletonThreadPool, "pool_size": 1}, "own thread", "nn---"),
    "static": ("sqlite://", {"poolclass": StaticPool, "connect_args": ANY_THREAD}, "one connection", "ynnnn"),
    "static, checked": ("sqlite://", {"poolclass": StaticPool}, "refused", "nn---"),
    "static file": ("sqlite:///shop.db", {"poolclass": StaticPool}, "one connection", "yynny"),
    "no pool": ("sqlite://", {"poolclass": NullPool}, "own connection", "nn---"),
    "queue": ("sqlite://", {"poolclass": QueuePool}, "refused", "nn---"),
    "queue, unchecked": ("sqlite://", {"poolclass": QueuePool, "connect_args": ANY_THREAD}, "own connection", "nn--n"),
    "pool of one": (PRIVATE, ONE, "turns", "ynyyn"),
    "pool of one, no name": ("sqlite://", ONE, "turns", "ynyyn"),
    "assertion": ("sqlite://", {"poolclass": AssertionPool, "connect_args": ANY_THREAD}, "turns", "ynyyn"),
    "memdb": (MEMDB, {}, "memory", "ynyyn"),
    "memdb, no slash": ("sqlite:///file:shop?vfs=memdb&uri=true", {}, "name not shared", "nn--n"),
    "memdb, no pool": (MEMDB, {"poolclass": NullPool}, "not kept", "nn---"),
    "shared": (NAMED, {"poolclass": QueuePool, "connect_args": ANY_THREAD}, "memory", "ynyyn"),
    "shared, checked": (NAMED, {"poolclass": QueuePool}, "name refused", "nnyyy"),
    "shared, a thread each": (NAMED, {"poolclass": SingletonThreadPool}, "one a thread", "ynnny"),
    "shared, dirty": (
        NAMED,
        {"poolclass": QueuePool, "connect_args": ANY_THREAD, "isolation_level": "READ UNCOMMITTED"},
        "dirty",
        "ynnyn",
    ),
    "shared, as documented": ("sqlite:///file::memory:?cache=shared&uri=true", {}, "memory", "ynyyn"),
    "uri forgotten": ("sqlite:///file::memory:?cache=shared", {}, "odd file", "yyyyy"),
    "name, uri forgotten": ("sqlite:///file:shop?mode=memory&cache=shared", {"poolclass": QueuePool}, "odd file", "nyyyy"),
    "nameless file": ("sqlite:///file:?uri=true", {}, "own connection", "nn--n"),
    "file": ("sqlite:///shop.db", {}, "file", "yyyyy"),
    "file, no pool": ("sqlite:///shop.db", {"poolclass": NullPool}, "file", "yyyyy"),
    "file, a thread each": ("sqlite:///shop.db", {"poolclass": SingletonThreadPool}, "one a thread", "yynny"),
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
    "shared, checked": (NAMED, {"poolclass": QueuePool}, "name refused"),
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
    extension.SQLAlchemy(app)
    report = diagnose(app)
    assert [engine.verdict for engine in report.engines] == ["safe", "trapped"]
    assert report.engines[1].cure.startswith('SQLALCHEMY_ENGINES = {"audit": "sqlite:///shop.db"}')


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


@pytest.mark.parametrize(
    "wrap",
    [
        sessionmaker,
        lambda engine: sessionmaker(engine)(),
        lambda engine: scoped_session(sessionmaker(engine)),
        lambda engine: engine.execution_options(isolation_level="AUTOCOMMIT"),
        lambda engine: [{"engines": (engine,)}],
        lambda engine: lambda: engine,
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
    assert report["ran"].startswith(f"Importing {target.split(':')[0].removesuffix('.py')} ran it")
    assert content(folder) == before


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
@pytest.mark.parametrize("name", ["shop.db", "sqlite:///shop.db", "shop:engine"])
def test_a_file_stays_as_it_is(journal: str, name: str, folder: Path) -> None:
    """Byte by byte, without a new file beside it; the scratch has the same kind of journal."""
    write(folder, {"shop.py": "import sqlalchemy\nengine = sqlalchemy.create_engine('sqlite:///shop.db')"})
    make_file(folder / "shop.db", wal=journal != "delete")
    with closing(sqlite3.connect(folder / "shop.db")) as connection:
        if journal == "open wal":
            connection.execute("UPDATE item SET name = 'rug'")
            connection.commit()  # stays in the log as long as this connection is open
        before = content(folder)
        assert len(before) == (4 if journal == "open wal" else 2)
        done = run(name, "--json")
        assert content(folder) == before
    (engine,) = json.loads(done.stdout)["engines"]
    assert (done.returncode, engine["finding"]) == (0, "file")
    assert ("shop.db-wal" in engine["files"]) == (journal != "delete")
