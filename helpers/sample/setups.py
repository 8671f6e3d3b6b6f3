"""The database set-ups that the lesson compares, by name, as in ``setups["memdb"].url``."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool
from sqlalchemy.schema import CreateTable

from helpers.look import dispose
from helpers.sample.shop import Base
from helpers.step import STEPPED, StepPool

ANY_THREAD = {"check_same_thread": False}

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Setup:
    """A kind of database, and how SQLAlchemy reaches it.

    :param name: what the lesson calls it.
    :param about: one sentence that says what it is.
    :param url: for ``create_engine``, or ``SQLALCHEMY_DATABASE_URI``.
    :param options: for ``create_engine``, or ``SQLALCHEMY_ENGINE_OPTIONS``.
    :param keep_alive: whether somebody must hold a connection open for the database to last.
    :param on_connect: SQL statements that each new connection runs first.
    :param trap: whether it loses tables or rows of an app with threads: what people have.
    """

    name: str
    about: str
    url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    keep_alive: bool = False
    on_connect: tuple[str, ...] = ()
    trap: bool = False

    @contextmanager
    def engine(self, folder: str | os.PathLike[str]) -> Iterator[Engine]:
        """An engine of plain SQLAlchemy on a new database, disposed of at the end.

        :param folder: as for ``database``.
        """
        with self.database(folder) as url:
            engine = create_engine(url, **self.options)
            self.prepare(engine)
            try:
                yield engine
            finally:
                dispose(engine)

    @contextmanager
    def database(self, folder: str | os.PathLike[str]) -> Iterator[str]:
        """The URL of a new database, which is kept alive where it needs that.

        A file goes into the folder. A name in memory gets a number, because an engine that
        was not disposed of would still hold the rows of the same name. On PostgreSQL, the
        database is the one that the URL names, with what is in it.

        :param folder: an empty folder, which the caller removes.
        :raises ValueError: when the set-up is PostgreSQL and no server was named.
        :raises RuntimeError: when that server has ended.
        """
        url = make_url(self.url)
        if url.get_backend_name() != "sqlite":
            if url.host is None and not url.query:
                raise ValueError(
                    f"The set-up {self.name!r} has no server yet: name one, as in"
                    f' setups["{self.name}"].at("{self.url}user:password@host/database").'
                )
            socket = str(url.query.get("host", ""))
            if socket.startswith("/") and not os.path.exists(socket):
                raise RuntimeError(
                    f"The server of the set-up {self.name!r} has ended, as by Clean up: start one"
                    " again, in the cell with PostgresServer(), and run the cells below it."
                )
        elif url.database and url.database.startswith("file:"):
            url = url.set(database=f"{url.database}-{next(_numbers)}")
        elif url.database and url.database != ":memory:":
            url = url.set(database=os.fspath(Path(folder, url.database).absolute()))
        keeper = (
            create_engine(url, poolclass=NullPool).connect() if self.keep_alive else nullcontext()
        )
        with keeper:
            yield url.render_as_string(hide_password=False)

    def prepare(self, engine: Engine) -> None:
        """Let each new connection of an engine run ``on_connect``.

        :param engine: an engine that has not connected yet, as that of Flask-SQLAlchemy.
        """

        @event.listens_for(engine, "connect")
        def run(connection: Any, record: Any) -> None:
            for statement in self.on_connect:
                connection.execute(statement)

    def at(self, url: str) -> Setup:
        """The same set-up with another URL."""
        return replace(self, url=url)

    def stepped(self) -> Setup:
        """The same set-up for ``interleave``, which has to hear of it when a step is blocked."""
        if not self.url.startswith("sqlite"):
            return self  # interleave asks the server
        connect_args = {**self.options.get("connect_args", {}), **STEPPED}
        options = {**self.options, "connect_args": connect_args}
        if options.get("poolclass") is QueuePool:
            options |= {"poolclass": StepPool, "pool_timeout": 0}
        return replace(self, options=options)


class Setups(dict[str, Setup]):
    """Set-ups by name."""

    def __missing__(self, name: str) -> NoReturn:
        raise KeyError(f"There is no set-up {name!r}: the names are {', '.join(self)}.")


# Under Flask-SQLAlchemy, sqlite:// always gets the pool of "default". The set-ups below it that
# have a name in memory keep the pool that they ask for.
setups = Setups(
    (setup.name, setup)
    for setup in (
        Setup(
            "default",
            "Flask-SQLAlchemy's own: one connection, which all threads share.",
            "sqlite://",
            {"poolclass": StaticPool, "connect_args": ANY_THREAD},
            trap=True,
        ),
        Setup(
            "plain",
            "SQLAlchemy's own: a connection for each thread, and a database with each connection.",
            "sqlite://",
            trap=True,
        ),
        Setup(
            "trap",
            "As plain, and Flask-SQLAlchemy leaves it alone, because the database has a name.",
            "sqlite:///file:///shop?mode=memory&uri=true",
            {"poolclass": SingletonThreadPool},
            trap=True,
        ),
        Setup(
            "no thread check",
            "As plain, and Python's check of the thread is off.",
            "sqlite://",
            {"connect_args": ANY_THREAD},
            trap=True,
        ),
        Setup(
            "bootstrap",
            "As trap, and each new connection creates the tables in its own database.",
            "sqlite:///file:///shop?mode=memory&uri=true",
            {"poolclass": SingletonThreadPool},
            on_connect=tuple(
                str(CreateTable(table).compile(dialect=sqlite.dialect()))
                for table in Base.metadata.sorted_tables
            ),
            trap=True,
        ),
        Setup("file", "A file on disk.", "sqlite:///shop.db"),
        Setup(
            "wal",
            "A file on disk, with a write-ahead log beside it.",
            "sqlite:///shop.db",
            on_connect=("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"),
        ),
        Setup(
            "memdb",
            "A database in memory with a name, which any connection of the process can open.",
            "sqlite:///file:///shop?vfs=memdb&uri=true",
            keep_alive=True,
        ),
        Setup(
            "shared cache",
            "A database in memory with a name, whose connections share one cache and its locks.",
            "sqlite:///file:///shop?mode=memory&cache=shared&uri=true",
            {"poolclass": QueuePool, "connect_args": ANY_THREAD},
            keep_alive=True,
        ),
        Setup(
            "pool of one",
            "One connection, which one thread has at a time while the others wait.",
            "sqlite:///file:///shop?mode=memory&uri=true",
            {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "connect_args": ANY_THREAD},
        ),
        Setup(
            "postgresql",
            "A database server, which has a process of its own.",
            "postgresql+psycopg://",
        ),
    )
)
