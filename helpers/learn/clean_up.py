"""Leave nothing behind at the end of a notebook."""

from __future__ import annotations

import gc

from sqlalchemy import Engine
from sqlalchemy.orm import close_all_sessions

from helpers.look import dispose


def clean_up() -> None:
    """Close every session and dispose of every engine in this process."""
    close_all_sessions()
    gc.collect()
    for candidate in gc.get_objects():
        if issubclass(type(candidate), Engine):  # isinstance would ask a proxy
            dispose(candidate)
    gc.collect()
