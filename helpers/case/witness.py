"""What the judge adds to a web process of the shop. gunicorn runs this as its configuration.

It reads each request to its end before a view runs, which is what lets workers take turns; it
answers every request with 200 and says in JSON what the shop answered; it cuts a wait for a lock
to a fraction of a second; and it asks at the gate before tables and products are made.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from flask import got_request_exception, request
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

OUTSIDE = os.environ["CASE_OUTSIDE"]
WAIT = 300  # milliseconds
FILLS = re.compile(r"\s*(CREATE TABLE|INSERT( OR \w+)? INTO \W?product\b)", re.IGNORECASE)
OWN = Path("gunicorn.conf.py")  # the learner's

Start = Callable[..., Callable[[bytes], object]]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]

_asked: set[str] = set()
_booted = False
_lent: set[int] = set()  # the connections that are in use
_inherited = False  # whether a connection of another process was used here

if OWN.is_file():
    exec(compile(OWN.read_text(encoding="utf-8"), str(OWN), "exec"), globals())
_own_post_worker_init = globals().get("post_worker_init")


def post_worker_init(worker: Any) -> None:
    """Gunicorn's hook: the app has been loaded in a worker."""
    if _own_post_worker_init:
        _own_post_worker_init(worker)
    worker.wsgi = watched(worker.wsgi)


def watched(app: App) -> App:
    """The app with the witness around it, once it has been loaded."""
    global _booted
    _booted = True
    got_request_exception.connect(_remember)
    _call("booted")

    def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        statuses: list[str] = []

        def start(status: str, headers: object, exc_info: object = None) -> Callable[..., object]:
            statuses.append(status)
            return lambda data: None

        parts = app(environ, start)
        text = b"".join(parts).decode(errors="replace")
        getattr(parts, "close", lambda: None)()
        seen = {"status": int(statuses[-1][:3]), "error": environ.get("case.error", "")}
        seen |= {"body": _read(text), "inherited": _inherited, "process": os.getpid()}
        seen["lent"] = len(_lent)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(seen).encode()]

    return answer


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _remember(sender: object, exception: BaseException, **rest: object) -> None:
    cause = getattr(exception, "orig", None) or exception
    first = (str(cause).splitlines() or [""])[0]
    request.environ["case.error"] = f"{type(cause).__name__}: {first}"


def _call(path: str) -> None:
    build_opener(ProxyHandler({})).open(f"{OUTSIDE}/{path}", timeout=30).close()


@event.listens_for(Engine, "before_cursor_execute")
def _stop_at_the_gate(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
    found = FILLS.match(statement)
    what = found[1][:6].upper() if found else ""
    if what and what not in _asked:
        _asked.add(what)
        _call(f"gate/{'request' if _booted else 'start'}/{what}")


@event.listens_for(Pool, "connect")
def _remember_the_process(connection: Any, record: Any) -> None:
    record.info["case.process"] = os.getpid()
    if isinstance(connection, sqlite3.Connection):
        _wait_less(connection)  # first, for in memory the next line may have to wait for a lock
        # A slow disk is no lock, and nobody needs this file after a power cut.
        with suppress(sqlite3.OperationalError):  # a transaction is open from the start
            connection.execute("PRAGMA synchronous = OFF")


@event.listens_for(Pool, "checkout")
def _is_lent(connection: Any, record: Any, proxy: Any) -> None:
    global _inherited
    _lent.add(id(record))
    _inherited |= record.info.get("case.process", os.getpid()) != os.getpid()
    if isinstance(connection, sqlite3.Connection):
        _wait_less(connection)


def _wait_less(connection: sqlite3.Connection) -> None:
    if _booted:
        connection.execute(f"PRAGMA busy_timeout = {WAIT}")


@event.listens_for(Pool, "checkin")
def _is_back(connection: Any, record: Any) -> None:
    _lent.discard(id(record))
