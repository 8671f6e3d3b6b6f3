"""A shop whose views say in which process they run."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from helpers.look import ProcessObservation
from helpers.sample.shop import Shop

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy


class WorkerShop(Shop):
    """The shop of a process, with ``POST /items/<name>`` beside the views of ``Shop``.

    Make it in the app's context. Each look has two more keys, for ``across_processes``.

    :param app: a Flask app without views.
    :param db: its Flask-SQLAlchemy, on the metadata of ``Base``.
    """

    def __init__(self, app: Flask, db: SQLAlchemy) -> None:
        super().__init__(app, db.engine, db.session, db)
        app.add_url_rule("/items/<name>", view_func=self._add_named, methods=["POST"])
        app.before_request(read_the_whole_request)

    def look(
        self, step: str, action: Callable[[], Any], place: str | None = None
    ) -> ProcessObservation:
        """Do something and say what came back, and in which process.

        Parameters are those of ``Observer.look``.
        """
        seen = self.observer.look(step, action, place)
        return ProcessObservation(
            **seen, process="", process_id=f"pid-{os.getpid()}", file=self.engine.url.database
        )

    def _add_named(self, name: str) -> ProcessObservation:
        return self.look(f"add {name}", lambda: self.add_item(name))

    def _items(self) -> ProcessObservation:
        return self.look("list items", self.list_items)


def read_the_whole_request() -> None:
    """Read a request to its end before its view runs, as ``take_turns`` needs it."""
    request.get_data()
