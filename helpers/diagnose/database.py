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

from sqlalchemy.engine import URL, Engine

from .clone import passed_by
from .private import Arguments, connect_arguments, connects_by_event, creator_of
from .readers import line_of
from .words import Problem

SCRATCH = "scratch.db"
SERVERS = ("postgresql", "mysql", "mariadb", "mssql", "oracle", "cockroachdb")


class Sqlite:
    """What SQLite opens for the database and ``uri`` of a connection: a file, or memory."""

    def __init__(self, database: str, uri: bool) -> None:
        self.database, self.uri = database, uri and database.startswith("file:")
        self.passed: Arguments = ([database], {"uri": uri})  # to the driver
        self.creator: Any = None  # the reader's function that connects
        parts = urlsplit(database if self.uri else "")
        self.path = unquote(parts.path) if self.uri else database
        self.query = dict(parse_qsl(parts.query))
        self.mode = self.query.get("mode", "")
        reads = "mode=ro" if self.mode == "ro" else ""
        self.reads_only = "immutable" if "immutable" in self.query else reads
        self.named = self.path not in ("", ":memory:")
        self.memdb = self.query.get("vfs") == "memdb"
        self.in_memory = self.memdb or not self.named or self.mode == "memory"
        cache = bool(self.path) and self.query.get("cache") == "shared"
        self.shared = self.path.startswith("/") if self.memdb else cache
        self.fails_at_once = cache and not self.memdb  # whoever meets a lock, whatever the timeout
        self.relative = not (self.in_memory or os.path.isabs(self.path))
        if not self.in_memory:
            self.path = os.path.abspath(re.sub("^/(?=[A-Za-z]:)", "", self.path))
        name = os.path.basename(self.path).lower()
        self.is_odd = not self.in_memory and (":memory:" in name or name.startswith("file:"))

    @property
    def url(self) -> str:
        """The URL that opens the same, for what a creator opened."""
        query = ("&" if "?" in self.database else "?") + "uri=true"
        return f"sqlite:///{self.database}{query if self.uri else ''}"

    @property
    def key(self) -> str:
        """The same text for the same database; empty where each connection has its own."""
        if not self.in_memory:
            return os.path.realpath(self.path)
        return f"{'memdb' if self.memdb else 'shared'} {self.path}" if self.shared else ""

    @property
    def where(self) -> str:
        """What a reader is told about its place: a path, or the kind of memory."""
        if not self.in_memory:
            return self.path
        if not self.shared:
            return "memory, a name that is not shared" if self.named else "memory without a name"
        return f"memory named {self.path} ({'memdb' if self.memdb else 'shared cache'})"

    def missing_folder(self) -> str:
        """Why SQLite cannot make or open the file, if so."""
        real = Path(os.path.realpath(self.path))  # a link may lead to a folder that is missing
        if self.in_memory or real.is_file():
            return ""
        if not real.parent.is_dir():
            return f"The folder {real.parent} is missing, and SQLite makes none"
        if real.exists():
            return f"{real} is {'a folder' if real.is_dir() else 'not a file'}"
        makes_none = self.mode in ("rw", "ro")
        return f"{real} is missing, and mode={self.mode} makes none" if makes_none else ""

    def forbidden(self) -> tuple[str, str]:
        """What the reader's account may not do with the file, and SQLite's error; else nothing."""
        real, denied = os.path.realpath(self.path), "unable to open database file"
        if self.in_memory:
            return "", ""
        if not os.path.exists(real):
            may = os.access(os.path.dirname(real), os.W_OK | os.X_OK)
            return ("", "") if may else (f"Your account may not make {real} in its folder", denied)
        if not os.access(real, os.R_OK):
            return f"Your account may not read {real}", denied
        if self.reads_only or os.access(real, os.W_OK):
            return "", ""
        return f"Your account may not write to {real}", "attempt to write a readonly database"

    def make_scratch(self, folder: str, wal: bool) -> str:
        """Name a database of the same kind that nobody uses."""
        query = {key: each for key, each in self.query.items() if key != "immutable"}
        if self.mode in ("rw", "ro"):
            del query["mode"]
        if not self.in_memory:
            path = Path(folder, SCRATCH)
            if wal:
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute("PRAGMA journal_mode = WAL")
            return f"{path.as_uri()}?{urlencode(query)}" if self.uri else str(path)
        if not (self.named or self.shared):
            return self.database
        if not self.named:  # file::memory:?cache=shared is one for the whole process
            query["mode"] = "memory"
        slash = "/" if self.path.startswith("/") else ""
        return f"file:{slash}diagnose-{secrets.token_hex(8)}?{urlencode(query)}"


def what_it_opens(engine: Engine, alone: bool) -> Sqlite | None:
    """What SQLite opens for an engine, ``None`` for a server; or a Problem.

    :param alone: whether nothing else is at work in this process, so a creator may be tried.
    """
    backend = engine.url.get_backend_name()
    if backend in SERVERS:
        return None
    if backend != "sqlite":
        raise Problem.of("other-database", backend=backend)
    creator, by_url = creator_of(engine), connect_arguments(engine)
    passed = by_url or (passed_by(creator) if alone else None)
    if passed is None or connects_by_event(engine):
        raise Problem.of("creator", place=line_of(creator))
    sqlite = Sqlite(os.fspath(passed[0][0]), bool(passed[1].get("uri")))
    sqlite.passed, sqlite.creator = passed, None if by_url else creator
    if by_url and not (sqlite.in_memory or sqlite.uri):  # SQLAlchemy has made the path absolute
        sqlite.relative = not os.path.isabs(engine.url.database or "")
    return sqlite


def shown(url: URL) -> str:
    """A URL without its password; the query of a server's could hold one, too."""
    if url.get_backend_name() != "sqlite" or url.password:
        url = url.set(query={})
        return url.render_as_string()
    return unquote(url.render_as_string())
