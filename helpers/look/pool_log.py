"""Keep what SQLAlchemy's connection pools log out of a notebook's output."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from helpers.look.observation import describe_error


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.rows.append(
            {
                "line": len(self.rows) + 1,
                "message": record.getMessage(),
                "error": describe_error(error) if isinstance(error, Exception) else "none",
            }
        )


@contextmanager
def pool_log() -> Iterator[list[dict[str, object]]]:
    """Collect what SQLAlchemy's pools log meanwhile, instead of printing it.

    A pool logs an error when it cannot close or reset a connection, as when SQLite refuses
    because another thread made it.

    :returns: for ``with … as``: a list of rows with the keys line, message and error.
    """
    collector, logger = _Collector(), logging.getLogger("sqlalchemy.pool")
    logger.addHandler(collector)
    try:
        yield collector.rows
    finally:
        logger.removeHandler(collector)


def dispose(engine: Engine) -> None:
    """Dispose of an engine without a line in the log.

    A connection that another thread made cannot be closed from here: SQLite refuses.
    It ends with its pool, which nothing refers to any more.
    """
    with pool_log():
        engine.dispose()
