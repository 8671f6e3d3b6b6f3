"""The command, run in the folder of an app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from diagnosing import content, mostly_slow, run, write

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
        "one-connection, file",
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
                das_ist_die_engine = create_engine(
                    "sqlite://", connect_args={"check_same_thread": False}
                )
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
        "thread-check-off",
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
        "own-thread",
        "database.somewhere['main']",
    ),
}


@pytest.mark.parametrize("name", mostly_slow(APPS, [*APPS][:2]))
def test_an_app_is_diagnosed_from_the_command_line(name: str, folder: Path) -> None:
    """In its folder, whatever its shape; the output is JSON, whatever the app prints."""
    target, files, finding, path = APPS[name]
    write(folder, files)
    before = content(folder)
    done = run(target, "--output", "json")
    [report] = json.loads(done.stdout)["reports"]
    found = [engine["findings"] or engine["kind"] for engine in report["engines"]]
    assert [each if isinstance(each, str) else each[0]["id"] for each in found] == finding.split(
        ", "
    )
    assert report["engines"][0]["name"] == path
    assert done.returncode == report["exit_status"] == (finding != "file")
    module = target.split(":")[0].removesuffix(".py")
    assert report["ran"][0] == f"importing {module} ran it"
    assert f"importing {module} runs it" in done.stderr
    assert content(folder) == before


def test_a_factory_can_be_written_as_a_call(folder: Path) -> None:
    """As for ``flask --app`` and gunicorn."""
    code = "import sqlalchemy\ndef make():\n    return sqlalchemy.create_engine('sqlite://')"
    write(folder, {"shop.py": code})
    done = run("shop:make()", "--verbose")
    assert done.returncode == 1
    assert done.stdout.startswith(
        "shop:make(): importing shop ran it; shop:make was called twice\n"
    )
