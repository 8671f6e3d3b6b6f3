"""The rule that tells how every case ends, from its releases and its settings alone."""

from __future__ import annotations

from helpers.years.cases import Row
from helpers.years.stacks import release


def expected(row: Row) -> str:
    """How a case has to end: ``rows found`` or ``no such table``.

    A view finds the tables if they are in a file, if all threads share one connection, or if
    the view runs in the very thread that made them.

    :param row: a case with its releases; what was measured is not looked at.
    """
    everywhere = is_file(row) or expected_pool(row) == "StaticPool"
    return "rows found" if everywhere or in_the_same_thread(row) else "no such table"


def is_file(row: Row) -> bool:
    """Whether the database is a file."""
    return row.get("database") == "file"


def expected_pool(row: Row) -> str:
    """The connection pool: shared for ``sqlite://`` since Flask-SQLAlchemy 2.1; of files, later.

    With the driver in its URL, ``sqlite+pysqlite://``, it is shared since 3.0.
    """
    if is_file(row):
        return expected_file_pool(row)
    since = (3, 0) if row.get("database") == "pysqlite" else (2, 1)
    shared = row["extension"] == "yes" and release(row["flask_sqlalchemy"]) >= since
    return "StaticPool" if shared else "SingletonThreadPool"


def expected_file_pool(row: Row) -> str:
    """The connection pool of a file: SQLAlchemy 2.0 keeps connections, 0.7 to 1.4 did not.

    Flask-SQLAlchemy below 3.0 asked for a ``NullPool`` itself.
    """
    kept = release(row["sqlalchemy"]) >= (2, 0)
    if row["extension"] == "yes" and release(row["flask_sqlalchemy"]) < (3, 0):
        kept = False
    return "QueuePool" if kept else "NullPool"


def in_the_same_thread(row: Row) -> bool:
    """Whether the view that looks runs in the thread that made the tables."""
    if a_thread_each(row):
        return False
    if row["bootstrap"] == "handler":
        return True
    reloads = row["mode"].endswith("reloader") or row["mode"] == "debug"
    return not reloads  # the reloader serves from a thread of its own


def a_thread_each(row: Row) -> bool:
    """Whether each request has a thread of its own: the default since Flask 1.0."""
    if row["threaded"] == "default":
        return release(row["flask"]) >= (1, 0)
    return row["threaded"] == "on"


def expected_loss(row: Row) -> str:
    """What becomes of a row that was flushed when another request came in between."""
    if not a_thread_each(row):
        return "row kept"  # nothing comes in between
    return "row lost" if expected_pool(row) == "StaticPool" else "no such table"
