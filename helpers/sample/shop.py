"""The sample app of the lesson: a shop with one table, and the views that read and change it."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from helpers.look import Observation, Observer


class Base(DeclarativeBase):
    """The base class of the model."""


class Item(Base):
    """Something that the shop sells."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    stock: Mapped[int] = mapped_column(default=0)


class Shop:
    """An app, its engine and session, and an observer that records every look.

    The views are ``POST /create``, ``POST /items`` with a name as JSON, and
    ``GET /items``. Each answers its observation.

    :param app: a Flask app without views.
    :param engine: an engine that has not connected yet.
    :param session: a session for each thread or each app context.
    :param db: the object that the code calls its database.
    """

    def __init__(self, app: Flask, engine: Engine, session: Any, db: object) -> None:
        self.app = app
        self.engine = engine
        self.session = session
        self.observer = Observer(engine, db=db)
        app.add_url_rule("/create", view_func=self._create, methods=["POST"])
        app.add_url_rule("/items", view_func=self._add, methods=["POST"])
        app.add_url_rule("/items", view_func=self._items)

    def create_tables(self) -> None:
        """Create the tables of the model, where they are missing."""
        Base.metadata.create_all(self.engine)

    def add_item(self, name: str) -> None:
        """Store one item and commit."""
        self.session.add(Item(name=name))
        self.session.commit()

    def list_items(self) -> list[str]:
        """The names of all items."""
        return list(self.session.scalars(select(Item.name).order_by(Item.id)))

    def bootstrap(self) -> list[Observation]:
        """Create the tables, add a lamp and list the items, in the calling thread."""
        look = self.observer.look
        with self.app.app_context():
            return [
                look("create tables", self.create_tables, place="bootstrap"),
                look("add lamp", lambda: self.add_item("lamp"), place="bootstrap"),
                look("list items", self.list_items, place="bootstrap"),
            ]

    def _create(self) -> Observation:
        return self.observer.look("create tables", self.create_tables)

    def _add(self) -> Observation:
        name = request.get_json()["name"]
        return self.observer.look(f"add {name}", lambda: self.add_item(name))

    def _items(self) -> Observation:
        return self.observer.look("list items", self.list_items)


def make_shop(url: str, **engine_options: Any) -> Shop:
    """The shop with plain SQLAlchemy: ``create_engine`` and a session for each thread.

    :param url: the URL of the database, as ``sqlite://``.
    :param engine_options: what ``create_engine`` takes beside the URL.
    """
    app = Flask("shop")
    engine = create_engine(url, **engine_options)
    db = scoped_session(sessionmaker(engine))

    @app.teardown_appcontext
    def close_session(error: BaseException | None) -> None:
        db.remove()

    return Shop(app, engine, db, db)


def make_flask_sqlalchemy_shop(url: str, **engine_options: Any) -> Shop:
    """The shop with Flask-SQLAlchemy, which makes the engine from the configuration.

    :param url: goes to ``SQLALCHEMY_DATABASE_URI``.
    :param engine_options: go to ``SQLALCHEMY_ENGINE_OPTIONS``.
    """
    from flask_sqlalchemy import SQLAlchemy

    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options
    db = SQLAlchemy(app, metadata=Base.metadata)
    with app.app_context():
        return Shop(app, db.engine, db.session, db)
