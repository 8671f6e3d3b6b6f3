"""The tables of a database in memory, read in nobody's way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from sqlalchemy.engine import Engine

from .database import Sqlite
from .private import connections_of
from .second_process import tables_of


def content(engine: Engine, sqlite: Sqlite, alone: bool) -> dict[str, Any]:
    """What is in it, as ``second_process`` answers for a file; or why that cannot be told.

    A shared name leads there from a connection of our own. Without one, only the pool's
    connection does. It is not checked out, since giving it back rolls back whatever is open on
    it; it is read where nobody has it and no transaction is open.

    :param alone: whether the app is in a process that waits for us.
    """
    if not alone:
        return {"problem": "others may be at work on it; name the app as a text"}
    try:
        if sqlite.shared:
            with closing(sqlite3.connect(sqlite.database, uri=True, timeout=0)) as own:
                return {"problem": "", "tables": tables_of(own)}
        connections = connections_of(engine.pool)
        if not connections:
            return {"problem": "no connection is open, so it is empty", "tables": {}}
        for connection in connections:
            if isinstance(connection, sqlite3.Connection) and not connection.in_transaction:
                return {"problem": "", "tables": tables_of(connection)}
    except sqlite3.Error as error:
        return {"problem": f"{type(error).__name__}: {error}"}
    return {"problem": "its connection is in use"}
