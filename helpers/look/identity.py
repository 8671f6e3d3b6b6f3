"""Tell a database from any other, and leave its rows alone."""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
from typing import Any

_marks = itertools.count(1)
_marking = threading.Lock()


def mark_of(connection: Any) -> str:
    """Tell a database from any other."""
    if isinstance(connection, sqlite3.Connection):
        return _sqlite_mark(connection)
    with connection.cursor() as cursor:  # of PostgreSQL
        cursor.execute("SELECT system_identifier, current_schemas(false) FROM pg_control_system()")
        mark = f"server {cursor.fetchone()}"
    connection.rollback()  # the driver has opened a transaction
    return mark


def _sqlite_mark(connection: sqlite3.Connection) -> str:
    """Tell a file by its identity, and a database in memory by a mark.

    The mark is ``PRAGMA user_version``, a number that SQLite keeps for the application
    (https://www.sqlite.org/pragma.html#pragma_user_version). The first connection to a
    database finds 0 and writes a number; whoever reads the same number later is in the
    same database. A file is not marked, as that would write to it.
    """
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    if os.path.isfile(path):
        status = os.stat(path)
        return f"file {status.st_dev} {status.st_ino}"
    with _marking:  # two threads that both find 0 would give one database two marks
        mark = connection.execute("PRAGMA user_version").fetchone()[0]
        if mark == 0:
            mark = next(_marks)
            connection.execute(f"PRAGMA user_version = {mark}")
        connection.commit()  # with autocommit=False a transaction is always open
    return f"mark {mark}"


def in_transaction(connection: Any) -> bool:
    """Whether a driver's connection has a transaction open; runs no SQL.

    :param connection: of ``sqlite3`` or ``psycopg``, also a closed one.
    """
    try:
        if isinstance(connection, sqlite3.Connection):
            return connection.in_transaction
        return connection.info.transaction_status.name in ("INTRANS", "INERROR")
    except (AttributeError, sqlite3.ProgrammingError):  # no such attribute, or closed
        return False
