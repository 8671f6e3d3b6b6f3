"""Look at the database of the tests at three moments, with the learner's fixture ``app``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask
from shop.models import db  # type: ignore[import-not-found]
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.pool import NullPool, Pool

opened: set[int] = set()
rows: list[dict[str, str]] = []


@event.listens_for(Pool, "connect")
def _opened(connection: Any, record: Any) -> None:
    opened.add(id(connection))


@event.listens_for(Pool, "close")
def _closed(connection: Any, record: Any) -> None:
    opened.discard(id(connection))


@event.listens_for(db.metadata, "after_create", once=True)
def _created(metadata: object, connection: Any, **rest: object) -> None:
    look("1 the tables have just been made", connection.engine)


def look(moment: str, engine: Engine) -> None:
    """Count the open connections, and ask a new one for the tables."""
    count = len(opened)
    other = create_engine(engine.url, poolclass=NullPool)
    names = ", ".join(sorted(inspect(other).get_table_names())) or "none"
    rows.append({"moment": moment, "open connections": f"{count}", "tables": names})


def test_moments(app: Flask) -> None:
    """Send a request to the app that a test gets, and store what was there as JSON."""
    with app.app_context():
        engine = db.engine
    look("2 the fixture has made its app", engine)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    status = app.test_client().get("/products").status_code
    look(f"3 GET /products has returned {status}", engine)
    Path("moments.json").write_text(json.dumps(rows), encoding="utf-8")
