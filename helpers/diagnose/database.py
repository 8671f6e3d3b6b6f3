"""What an engine connects to: a file, memory, or a server."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import sqlalchemy as sa

from .process import run_python
from .report import Problem

SCRATCH = "scratch.db"
SERVERS = ("postgresql", "mysql", "mariadb", "mssql", "oracle", "cockroachdb")


HEADER = "import sys; print(open(sys.argv[1], 'rb').read(20).hex())"


class Sqlite:
    """What SQLite opens for the database and ``uri`` of a connection: a file, or memory."""

    def __init__(self, database: str, uri: bool) -> None:
        self.database, self.uri = database, uri and database.startswith("file:")
        parts = urlsplit(database if self.uri else "")
        self.path = unquote(parts.path) if self.uri else database
        self.query = dict(parse_qsl(parts.query))
        self.named = self.path not in ("", ":memory:")
        memdb = self.query.get("vfs") == "memdb"
        self.in_memory = memdb or not self.named or self.query.get("mode") == "memory"
        cache = bool(self.path) and self.query.get("cache") == "shared"
        self.shared = self.path.startswith("/") if memdb else cache
        if not self.in_memory:
            self.path = os.path.abspath(re.sub("^/(?=[A-Za-z]:)", "", self.path))
        name = os.path.basename(self.path)
        self.is_odd = not self.in_memory and (":memory:" in name or name.startswith("file:"))

    def has_wal(self) -> bool:
        """Whether the file has a write-ahead log; or a Problem, when the app cannot write to it.

        A process that opens and closes a file loses SQLite's locks on it: a second one reads.
        """
        mode = "immutable" if "immutable" in self.query else self.query.get("mode", "")
        if mode in ("immutable", "ro"):
            raise Problem(f"{self.path} is opened read-only ({mode}): writing cannot be tried.")
        if not os.path.exists(self.path):
            if mode == "rw" or not os.path.isdir(os.path.dirname(self.path)):
                raise Problem(f"{self.path} is missing, and SQLite cannot make it there.")
            return False
        if not os.path.isfile(self.path):
            raise Problem(f"{self.path} is not a file: name the file of a SQLite database.")
        status = os.stat(self.path)
        if not (status.st_mode & 0o222 and os.access(self.path, os.W_OK)):
            raise Problem(f"{self.path} is read-only for you: writing cannot be tried.")
        header = bytes.fromhex(run_python(HEADER, self.path)) if status.st_size else b""
        if header and not header.startswith(b"SQLite format 3\0"):
            raise Problem(f"{self.path} is not a SQLite database: correct the path.")
        return header[18:20] == b"\2\2"

    def make_scratch(self, folder: str) -> str:
        """Name a database of the same kind that nobody uses."""
        query = {key: each for key, each in self.query.items() if (key, each) != ("mode", "rw")}
        if not self.in_memory:
            path = Path(folder, SCRATCH)
            if self.has_wal():
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            return f"{path.as_uri()}?{urlencode(query)}" if self.uri else str(path)
        if not (self.named or self.shared):
            return self.database
        if not self.named:  # file::memory:?cache=shared is one for the whole process
            query["mode"] = "memory"
        slash = "/" if self.path.startswith("/") else ""
        return f"file:{slash}diagnose-{secrets.token_hex(8)}?{urlencode(query)}"


def connect_arguments(engine: sa.Engine) -> tuple[list[Any], dict[str, Any]] | None:
    """What the engine passes to the driver, or ``None`` when the reader's code does that."""
    creator: Any = engine.pool._creator
    if getattr(creator, "__module__", "") != "sqlalchemy.engine.create":
        return None
    cells = zip(creator.__code__.co_freevars, creator.__closure__, strict=True)
    values = {name: cell.cell_contents for name, cell in cells}
    return list(values["cargs_tup"]), dict(values["cparams"])


def what_it_opens(engine: sa.Engine) -> Sqlite | None:
    """What SQLite opens for an engine, ``None`` for a server; or a Problem."""
    backend = engine.url.get_backend_name()
    if backend in SERVERS:
        return None
    if backend != "sqlite":
        raise Problem(f"This is {backend}: diagnose knows SQLite and the usual database servers.")
    passed = connect_arguments(engine)
    if passed is None or engine.dialect.dispatch.do_connect:
        raise Problem(
            "Its connections come from a function of yours, which could open your data if"
            " diagnose called it: name the URL that it opens instead."
        )
    return Sqlite(os.fspath(passed[0][0]), bool(passed[1].get("uri")))
