"""Record each look at a database: which thread, which connection, which database, what came back.

A look must not change what it looks at, so an :class:`Observer` runs no SQL of its own
and checks out no connection. It labels a connection once, when the pool makes it, and
then listens to hear which connection a statement runs on.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from flask import has_request_context, request
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from helpers.look.identity import in_transaction, mark_of
from helpers.look.labels import numbered
from helpers.look.observation import Observation, describe_error


class Observer:
    """Runs steps and records each as an :class:`Observation`.

    Threads (T1, T2, ...), connections (C1, C2, ...) and databases (D1, D2, ...) get their
    labels at first sight. An id proves less: ``threading.get_ident()`` and ``id()`` are used
    again once their owner is gone, and some systems use ``threading.get_native_id()``, which
    is recorded, again as well.

    :param engines: the engines to listen to, before they make their first connection.
    :param db: the object that the code calls its database; ``id(db)`` is recorded.
        The first engine, when left out.
    :raises TypeError: when something that is not an engine is given.
    """

    def __init__(self, *engines: Engine, db: object = None) -> None:
        self.observations: list[Observation] = []
        self._db = engines[0] if db is None and engines else db
        self._lock = threading.Lock()
        self._here = threading.local()
        self._threads: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()
        self._thread_labels = numbered("T")
        self._connection_labels = numbered("C")
        self._databases: dict[str, str] = {}
        self._database_labels = numbered("D")
        for engine in engines:
            self._listen(engine)

    def look(self, step: str, action: Callable[[], Any], place: str | None = None) -> Observation:
        """Run ``action`` in the calling thread and record what came back.

        An error of the database is recorded, word for word. Any other error is a
        mistake in the code and is raised as usual.

        :param step: what the action does, in a few words.
        :param action: a function without arguments. What it returns is the result.
        :param place: where in the code this is; the route, when left out in a view.
        :returns: the observation, which is also appended to ``observations``.
        :raises RuntimeError: when the connection is older than the observer.
        """
        self._here.labels, self._here.used = ("none", "none"), None
        try:
            value, failed = action(), False
        except (SQLAlchemyError, sqlite3.Error) as error:
            value, failed = describe_error(error), True
        finally:
            used, self._here.used = self._here.used, None  # else this would keep the connection
        thread = threading.current_thread()
        if self._here.labels is None:
            raise RuntimeError(
                "This Observer met a connection that was made before it, and can no longer"
                " tell which database that is: make the Observer right after the engine."
            )
        connection, database = self._here.labels
        with self._lock:
            observation = Observation(
                step=step,
                place=place or _current_place(),
                thread=self._label_thread(thread),
                thread_name=thread.name,
                thread_id=f"tid-{threading.get_native_id()}",
                db=f"id-{id(self._db)}",
                connection=connection,
                database=database,
                transaction=in_transaction(used),
                result="done" if value is None else str(value),
                failed=failed,
            )
            self.observations.append(observation)
        return observation

    def _listen(self, engine: Engine) -> None:
        if not isinstance(engine, Engine):
            raise TypeError(
                f"Observer was given {engine!r}, and it listens to SQLAlchemy engines:"
                " pass what create_engine returned, or db.engine."
            )
        event.listen(engine, "connect", self._label_connection)
        # A commit or a rollback may come without a statement.
        for name in ("before_cursor_execute", "commit", "rollback"):
            event.listen(engine, name, self._note_connection)

    def _label_connection(self, dbapi_connection: Any, record: Any) -> None:
        mark = mark_of(dbapi_connection)
        with self._lock:
            if mark not in self._databases:
                self._databases[mark] = next(self._database_labels)
            # Keyed by observer, as each gives labels of its own.
            record.info[self] = next(self._connection_labels), self._databases[mark]

    def _note_connection(self, connection: Connection, *_: Any) -> None:
        self._here.labels = connection.info.get(self)
        self._here.used = connection.connection.dbapi_connection

    def _label_thread(self, thread: threading.Thread) -> str:
        if thread not in self._threads:
            self._threads[thread] = next(self._thread_labels)
        return self._threads[thread]


def _current_place() -> str:
    return f"view {request.path}" if has_request_context() else "notebook cell"
