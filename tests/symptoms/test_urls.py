"""URLs that SQLAlchemy or SQLite reads otherwise than they were meant: had, told, cured."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from bitten import Row, in_thread
from sqlalchemy import Engine, create_engine, inspect, make_url, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import QueuePool

from helpers.sample import ANY_THREAD, Base

MakeEngine = Callable[..., Engine]
WARNS = pytest.mark.skipif(sqlalchemy.__version__ < "2.1", reason="SQLAlchemy warns from 2.1 on.")


def test_two_slashes(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with row.fails():
        create_engine("sqlite://shop.db").connect()
    assert row.tells(url="sqlite://shop.db") == 2
    row.cured_by("sqlite:///shop.db", "sqlite:////srv/shop.db")
    assert make_url("sqlite:///shop.db").database == "shop.db"
    assert make_url("sqlite:////srv/shop.db").database == "/srv/shop.db"


def test_no_scheme(row: Row) -> None:
    for url in ("shop.db", ""):
        with row.fails():
            create_engine(url)
        assert "sqlite:///" not in row.tells(url=url)
    assert make_url(f"sqlite:///{'shop.db'}").database == "shop.db"


def test_no_memdb(row: Row) -> None:
    with row.fails():  # as an older SQLite answers to the right name
        sqlite3.connect("file:/shop?vfs=memdbx", uri=True)
    assert row.tells() == sqlite3.sqlite_version
    sqlite3.connect("file:/shop?vfs=memdb", uri=True).close()


def test_authority(row: Row, make_engine: MakeEngine) -> None:
    options = {"poolclass": QueuePool, "connect_args": ANY_THREAD}
    engine = make_engine("sqlite:///file://shop/?mode=memory&uri=true", **options)
    with row.fails():
        engine.connect()
    assert row.tells(engine=engine).startswith("file://shop")
    row.cured_by("file:///shop")
    make_engine("sqlite:///file:///shop?mode=memory&uri=true", **options).connect().close()


@WARNS
def test_no_uri_true(row: Row, make_engine: MakeEngine) -> None:
    with row.fails():  # a warning is an error here
        make_engine("sqlite:///:memory:?cache=shared").connect()
    assert row.tells(engine=make_engine("sqlite:///:memory:")) is False
    row.cured_by("sqlite:///file:///shop?vfs=memdb&uri=true")
    engine = make_engine("sqlite:///file:///shop?vfs=memdb&uri=true")
    assert row.tells(engine=engine) is True
    engine.connect().close()


MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"


@WARNS
@pytest.mark.parametrize("options", ["mode=memory", "mode=memory&cache=shared"])
@pytest.mark.parametrize("name", ["shop", "/shop", ":memory:"])
def test_pool_of_memory(row: Row, make_engine: MakeEngine, options: str, name: str) -> None:
    """Each fix is pasted on each URL that warns."""
    url = f"sqlite:///file:{name}?{options}&uri=true"
    with row.fails():
        make_engine(url)
    with pytest.warns(sqlalchemy.exc.SADeprecationWarning):
        engine = make_engine(url)
    assert row.tells(engine=engine) == "SingletonThreadPool"
    row.cured_by(MEMDB, "one connection held open", "**only** where the URL says `cache=shared`")
    pool = eval("dict(" + row.cause.cure.split("`")[-4] + ")", {"QueuePool": QueuePool})
    named = make_engine(url, **pool)
    for cured in (named, make_engine(MEMDB)):
        Base.metadata.create_all(cured)
        with cured.connect():  # another request is running
            shared = cured is not named or "cache=shared" in url
            tables = in_thread(inspect(cured).get_table_names)
            assert tables == (["item"] if shared else [])


def test_memory_as_port(row: Row, make_engine: MakeEngine) -> None:
    url = "sqlite://:memory:"
    with row.fails():
        make_engine(url)
    assert row.tells(url=url) is True
    row.cured_by("`sqlite:///:memory:`", "`sqlite://`")
    for cured in ("sqlite:///:memory:", "sqlite://"):
        assert row.tells(url=cured) is False
        make_engine(cured).connect().close()


def test_sqlite3_scheme(row: Row, make_engine: MakeEngine) -> None:
    for url in ("sqlite3:///shop.db", "postgres://shop"):
        with pytest.raises(Exception, match=f"sqlalchemy.dialects:{row.tells(url=url)}"):
            make_engine(url)
        assert f"`{row.tells(url=url)}`" in row.cause.shows
    with row.fails():
        make_engine("sqlite3:///shop.db")
    row.cured_by("sqlite:///shop.db")
    assert make_url("sqlite:///shop.db").get_backend_name() == "sqlite"


def test_sync_driver(row: Row, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    with row.fails():
        create_async_engine(url)
    assert row.tells(url=url).startswith("sqlite:///")
    row.cured_by("sqlite+aiosqlite:///shop.db")

    async def ask() -> Any:
        engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"))
        async with engine.connect() as connection:
            answer = await connection.scalar(select(1))
        await engine.dispose()
        return answer

    assert asyncio.run(ask()) == 1


def test_unknown_mode(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    def engine(option: str) -> Engine:
        (tmp_path / "shop.db").touch()
        url = f"sqlite:///file:{tmp_path.as_posix()}/shop.db?{option}&uri=true"
        return make_engine(url, poolclass=QueuePool)

    with row.fails():
        engine("mode=readonly").connect()
    assert row.tells(engine=engine("mode=readonly"))["mode"] == "readonly"
    row.cured_by("mode=ro")
    for word in ("ro", "rw", "rwc", "memory"):
        assert f"`{word}`" in row.cause.why
        engine(f"mode={word}").connect().close()
    for word in ("shared", "private"):
        assert f"`{word}`" in row.cause.why
        engine(f"cache={word}").connect().close()
