"""Files that may not be written, or not be opened: had, told, cured."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bitten import ROOT, Row
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from helpers.publish import symptoms
from helpers.sample import Base, Item

MakeEngine = Callable[..., Engine]
README = ROOT / "README.md"
NO_RIGHTS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights.")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file that isn't there yet."""
    return f"sqlite:///{tmp_path}/shop.db"


def add(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(Item(name="lamp"))


def error_of(action: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:
        action()
    return caught.value


@pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't delete a file that is open.")
@pytest.mark.parametrize("replaced", [False, True])
def test_deleted_in_use(
    row: Row, tmp_path: Path, url: str, make_engine: MakeEngine, replaced: bool
) -> None:
    engine = make_engine(url)
    Base.metadata.create_all(engine)
    add(engine)
    shop, copy = tmp_path / "shop.db", tmp_path / "copy.db"
    if replaced:
        shutil.copy(shop, copy)
        copy.replace(shop)
    else:
        shop.unlink()
    with row.fails():
        add(engine)
    told = row.tells(error=error_of(lambda: add(engine)))
    assert f"`{told}`" == row.cause.shows
    row.cured_by("`engine.dispose()` first, then delete, then `create_all()`")
    engine.dispose()
    Base.metadata.create_all(engine)
    add(engine)


@contextmanager
def as_user() -> Iterator[None]:
    """As somebody who isn't root, for root may write anything."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def folder(make_engine: MakeEngine) -> Iterator[Path]:
    """A folder that any user reaches, with a shop in it."""
    folder = Path(tempfile.mkdtemp(prefix="rights-"))
    folder.chmod(0o755)
    inner = folder / "data"
    inner.mkdir()
    engine = make_engine(f"sqlite:///{inner}/shop.db")
    Base.metadata.create_all(engine)
    engine.dispose()
    inner.chmod(0o777)
    (inner / "shop.db").chmod(0o666)
    yield inner
    if inner.exists():
        inner.chmod(0o700)
    shutil.rmtree(folder)


@NO_RIGHTS
@pytest.mark.parametrize(
    ("file", "around", "told"),
    [
        (0o444, 0o777, "SQLITE_READONLY"),
        (0o444, 0o555, "SQLITE_READONLY"),
        (0o666, 0o555, "SQLITE_READONLY_DIRECTORY"),
    ],
)
def test_not_writable(
    row: Row, folder: Path, make_engine: MakeEngine, file: int, around: int, told: str
) -> None:
    shop = folder / "shop.db"
    engine = make_engine(f"sqlite:///{shop}")
    shop.chmod(file)
    folder.chmod(around)
    with as_user():
        with row.fails():
            add(engine)
        assert row.tells(error=error_of(lambda: add(engine))) == told
        with closing(sqlite3.connect(shop)) as plain:
            insert = "INSERT INTO item (name, stock) VALUES ('lamp', 1)"
            error = error_of(lambda: plain.execute(insert))
    assert "With plain `sqlite3`, `error.orig` is `error` itself" in README.read_text("utf-8")
    assert isinstance(error, sqlite3.OperationalError) and error.sqlite_errorname == told
    assert f"`{told}`: " in row.cause.shows
    row.cured_by("the file **and** its folder")
    shop.chmod(0o666)
    folder.chmod(0o777)
    engine.dispose()
    with as_user():
        add(engine)


@pytest.mark.parametrize("option", ["mode=ro", "immutable=1"])
def test_url_for_reading(
    row: Row, tmp_path: Path, url: str, make_engine: MakeEngine, option: str
) -> None:
    Base.metadata.create_all(make_engine(url))
    engine = make_engine(
        f"sqlite:///file:{tmp_path.as_posix()}/shop.db?{option}&uri=true", poolclass=QueuePool
    )
    with row.fails():
        add(engine)
    assert option.partition("=")[0] in row.tells(engine=engine)
    assert f"`{option}`" in row.cause.why
    add(make_engine(url))


def test_no_folder(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    folder = tmp_path / "data"
    engine = make_engine(f"sqlite:///{folder}/shop.db")
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine) is False
    row.cured_by("os.makedirs(folder, exist_ok=True)")
    os.makedirs(folder, exist_ok=True)
    engine.connect().close()


def test_is_a_folder(row: Row, tmp_path: Path, url: str, make_engine: MakeEngine) -> None:
    (tmp_path / "shop.db").mkdir()
    engine = make_engine(url)
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine) is True
    (tmp_path / "shop.db").rmdir()
    engine.connect().close()


@NO_RIGHTS
@pytest.mark.parametrize("rights", [0o555, 0o000])
def test_folder_not_writable(row: Row, folder: Path, make_engine: MakeEngine, rights: int) -> None:
    engine = make_engine(f"sqlite:///{folder}/new.db")
    folder.chmod(rights)
    with as_user():
        with row.fails():
            engine.connect()
        assert row.tells(engine=engine) is False
    folder.chmod(0o777)
    with as_user():
        engine.connect().close()


@pytest.mark.parametrize("mode", ["rw", "ro"])
def test_mode_without_file(
    row: Row, tmp_path: Path, url: str, make_engine: MakeEngine, mode: str
) -> None:
    engine = make_engine(
        f"sqlite:///file:{tmp_path.as_posix()}/shop.db?mode={mode}&uri=true", poolclass=QueuePool
    )
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine)["mode"] == mode
    assert f"`mode={mode}`" in row.cause.why
    make_engine(url).connect().close()  # without `mode`
    engine.connect().close()  # the file that is there


# What the look of a cause shows when it says yes.
YES: dict[str, Callable[[Any], bool]] = {
    "deleted_in_use": lambda told: told == "SQLITE_READONLY_DBMOVED",
    "not_writable": lambda told: told in ("SQLITE_READONLY", "SQLITE_READONLY_DIRECTORY"),
    "url_for_reading": lambda told: bool({"mode", "immutable"} & set(told)),
    "no_folder": lambda told: told is False,
    "is_a_folder": lambda told: told is True,
    "folder_not_writable": lambda told: told is False,
    "mode_without_file": lambda told: "mode" in told,
    "too_many_files": lambda told: told > 200,
}


def keep(shop: Path) -> None:
    """The file is all right; it's the URL."""


def file_only(shop: Path) -> None:
    shop.parent.chmod(0o555)


def file_of_another(shop: Path) -> None:
    shop.chmod(0o444)


def all_of_another(shop: Path) -> None:
    shop.chmod(0o444)
    shop.parent.chmod(0o555)


def no_entry(shop: Path) -> None:
    shop.parent.chmod(0o000)


def no_file(shop: Path) -> None:
    shop.unlink()


def neither(shop: Path) -> None:
    shop.unlink()
    shop.parent.chmod(0o555)


def no_folder(shop: Path) -> None:
    shutil.rmtree(shop.parent)


def folder_instead(shop: Path) -> None:
    shop.unlink()
    shop.mkdir()


def with_path(cause: symptoms.Cause, options: str) -> symptoms.Cause:
    """As README says to look where the URL has options."""
    look = cause.look.replace("engine.url.database", "path") if options else cause.look
    return replace(cause, look=look)


@NO_RIGHTS
@pytest.mark.parametrize(
    ("spoil", "options", "expected"),
    [
        (file_only, "", {"not_writable"}),
        (file_of_another, "", {"not_writable"}),
        (all_of_another, "", {"not_writable"}),
        (keep, "mode=ro", {"not_writable", "url_for_reading"}),
        (keep, "immutable=1", {"not_writable", "url_for_reading"}),
        (no_entry, "", {"folder_not_writable"}),
        (neither, "", {"folder_not_writable"}),
        (no_folder, "", {"no_folder", "folder_not_writable"}),
        (folder_instead, "", {"is_a_folder"}),
        (no_file, "mode=rw", {"mode_without_file"}),
        (no_file, "mode=ro", {"mode_without_file"}),
    ],
)
def test_some_look_says_yes(
    folder: Path,
    make_engine: MakeEngine,
    spoil: Callable[[Path], None],
    options: str,
    expected: set[str],
) -> None:
    """Whoever has one of the messages is not told that each of its causes is out."""
    shop = folder / "shop.db"
    path = f"file:{shop}?{options}&uri=true" if options else shop
    [files] = [group for group in symptoms.read() if group.title == "Files"]
    assert "With `file:` in the URL, write the path alone for `engine.url.database`" in files.intro
    engine = make_engine(f"sqlite:///{path}", poolclass=QueuePool)
    known = [*symptoms.each()]  # read by who may read the project
    spoil(shop)
    with as_user():
        error: Any = error_of(lambda: add(engine))
        causes = [each for each in known if each[0].message == str(error.orig)]
        rows = [Row(symptom, with_path(cause, options)) for symptom, cause in causes]
        said = {row.cause.id: row.tells(engine=engine, error=error, path=str(shop)) for row in rows}
    assert {cause for cause, told in said.items() if YES[cause](told)} == expected
