"""Look at the database of the tests at three moments. Run in the folder of the project."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

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


def look(moment: str, engine: Engine) -> None:
    """Count the open connections, and ask a new one for the tables."""
    count = len(opened)
    other = create_engine(engine.url, poolclass=NullPool)
    names = ", ".join(sorted(inspect(other).get_table_names())) or "none"
    rows.append({"moment": moment, "open connections": f"{count}", "tables": names})


def main() -> None:
    """Make an app, send it a request, and print what was there as JSON."""
    sys.path.insert(0, os.getcwd())
    import shop  # type: ignore[import-not-found]
    from shop.models import db  # type: ignore[import-not-found]

    @event.listens_for(db.metadata, "after_create")
    def created(metadata: object, connection: Any, **rest: object) -> None:
        look("1 the tables have just been made", connection.engine)

    app = shop.create_app("testing")
    with app.app_context():
        engine = db.engine
        look("2 create_app() has returned", engine)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True
    status = app.test_client().get("/products").status_code
    look(f"3 GET /products has returned {status}", engine)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
