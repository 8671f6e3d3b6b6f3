"""Leave nothing behind at the end of a notebook."""

from __future__ import annotations

import gc
import logging

from sqlalchemy import Engine
from sqlalchemy.orm import close_all_sessions


def clean_up() -> None:
    """Close every session and dispose of every engine in this process.

    A connection that another thread made cannot be closed from here: SQLite refuses.
    It ends with its pool, which nothing refers to any more.
    """
    log = logging.getLogger("sqlalchemy.pool")
    level = log.level
    log.setLevel(logging.CRITICAL)  # the pool reports each refusal as an error
    try:
        close_all_sessions()
        gc.collect()
        for candidate in gc.get_objects():
            if issubclass(type(candidate), Engine):  # isinstance would ask a proxy
                candidate.dispose()
        gc.collect()
    finally:
        log.setLevel(level)
