"""How the engines are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diagnosing import ANY_THREAD, MEMDB, NAMED, ONE, PRIVATE, findings, flask_app
from flask import Flask
from flask.views import MethodView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import QueuePool, SingletonThreadPool

from helpers.diagnose import diagnose

FLASK: dict[str, tuple[str, dict[str, Any], str]] = {
    "default": ("sqlite://", {}, "one-connection"),
    "its pool is overwritten": ("sqlite://", {"poolclass": SingletonThreadPool}, "one-connection"),
    "file": ("sqlite:///shop.db", {}, "file"),
    "memdb": (MEMDB, {}, "memory"),
    "shared": (NAMED, {"poolclass": QueuePool, "connect_args": ANY_THREAD}, "memory"),
    "shared, checked": (NAMED, {"poolclass": QueuePool}, "other-thread-refused"),
    "pool of one": (PRIVATE, ONE, "turns"),
    "the trap of 2013": (PRIVATE, {"poolclass": SingletonThreadPool}, "name-not-shared"),
    "as documented": ("sqlite:///file::memory:?cache=shared&uri=true", {}, "odd-file"),
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
        f"{start}['audit']": "to mend",
        f"{start}['log']": "safe",
    }
    [finding] = report.findings
    assert finding.cures[0].lines == [
        'app.config["SQLALCHEMY_BINDS"]["audit"] = "sqlite:///audit.db"'
    ]
    assert report.exit_status == 1


def test_the_engine_of_an_extension_is_cured_in_the_configuration(folder: Path) -> None:
    """Also where the app's own code keeps the engine within easier reach."""
    app: Any = flask_app(folder, "sqlite://")
    with app.app_context():
        app.engine = app.extensions["sqlalchemy"].engine
    (engine,) = diagnose(app).engines
    assert engine.findings[0].cures[0].lines == [
        'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"'
    ]


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
    report = diagnose(app)
    assert findings(report) == ["file", "one-connection", "one-connection"]
    assert [finding.cures[0].lines for finding in report.findings] == [
        ['app.config["SQLALCHEMY_ENGINES"]["audit"] = "sqlite:///audit.db"'],
        [
            'uri = "sqlite+aiosqlite:///shop.db"',
            'app.config["SQLALCHEMY_ASYNC_ENGINES"]["default"] = uri',
        ],
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
    assert findings(diagnose(sick)) == ["own-thread"]


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
    assert findings(diagnose(wrap(create_engine("sqlite://")))) == ["own-thread"]
