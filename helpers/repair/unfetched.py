"""A SELECT whose rows are not fetched yet: who comes to its connection in the meantime."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass

from helpers.repair.overlap import TIME, Overlap, kind
from helpers.step import give_time


@dataclass
class Unfetched(Overlap):
    """What happens around one SELECT, and the others who come before its rows are fetched.

    Each caller comes as soon as the SELECT is done, and has time there and before each fetch.
    """

    cursor: sqlite3.Cursor | None = None
    inserted: bool = False  # into the SELECT's connection, after the SELECT
    between: bool = False  # and rows were fetched after that
    uncommitted: bool = False

    def after(self, cursor: sqlite3.Cursor, sql: str) -> None:
        """Let the others come after a SELECT, and note their INSERT."""
        here = threading.current_thread()
        if kind(sql) in ("SELECT", "WITH") and self.thread in (None, here):
            self.thread, self.connection, self.cursor = here, cursor.connection, cursor
            self.inserted = False
            if not self.others:
                self.pausing = True
                self.others = {who: call() for who, call in self.callers.items()}
            self.let_come(TIME)
        elif kind(sql) in ("INSERT", "REPLACE") and self._is_read(cursor.connection):
            self.inserted, self.uncommitted = True, cursor.connection.in_transaction

    def fetches(self, cursor: sqlite3.Cursor) -> None:
        """Let the others come before the SELECT's rows are fetched."""
        if cursor is self.cursor:
            self.let_come(TIME)
            self.between = self.between or self.inserted

    def let_come(self, seconds: float) -> None:
        """Give time to the others, unless they have come to another connection."""
        self.pausing = True
        give_time([call for who, call in self.others.items() if who not in self.elsewhere], seconds)
        self.pausing = False

    def _is_read(self, connection: sqlite3.Connection) -> bool:
        return self.cursor is not None and self.cursor.connection is connection
