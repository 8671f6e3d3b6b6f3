"""README's first screen and "another engine": what they print, on every kind of engine."""

from __future__ import annotations

import asyncio
import functools
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bitten import MODULES, ROOT, Row, row_of
from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from helpers.sample import Base, Item

MakeEngine = Callable[..., Engine]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCREEN = README.partition("**I have another message.**")[0]
_, FIRST_LINE, REST = re.split(r"```(?:python)?\n", SCREEN)
MEMORY = re.findall(r"<summary>(.+?)</summary>", SCREEN)[0]


def printed(code: str, **names: Any) -> str:
    lines: list[str] = []
    exec(code, names | {"print": lambda *values: lines.append(" ".join(map(str, values)))})
    return lines[0]


def is_in_memory(line: str) -> bool:
    """Whether a printed line belongs below the first heading, and not below *path of a file*."""
    alone, *parts = re.findall(r"<code>(.+?)</code>", MEMORY)
    url = line.partition(" ")[0]
    return url == alone or any(part in url for part in parts)


@pytest.mark.parametrize(
    ("url", "in_memory"),
    [
        ("sqlite://", True),
        ("sqlite:///:memory:", True),
        ("sqlite:///file:/shop?mode=memory&cache=shared&uri=true", True),
        ("sqlite:///file:///shop?vfs=memdb&uri=true", True),
        ("sqlite:///shop.db", False),
        ("sqlite:///{folder}/shop.db", False),
    ],
)
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
def test_each_engine_has_its_heading(
    url: str,
    in_memory: bool,
    tmp_path: Path,
    make_engine: MakeEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the first line prints leads to one of the two, on SQLAlchemy 2.0 and 2.1."""
    monkeypatch.chdir(tmp_path)
    engine = make_engine(url.format(folder=tmp_path.as_posix()))
    line = printed(textwrap.dedent(FIRST_LINE), engine=engine)
    assert line.endswith("[]") and is_in_memory(line) is in_memory


def test_the_line_for_an_async_engine() -> None:
    """The same question where ``inspect(engine)`` raises."""
    [line] = {each for each in re.findall(r"`([^`]+)`", REST) if "run_sync" in each}

    async def look() -> str:
        engine = create_async_engine("sqlite+aiosqlite:///:memory:")
        async with engine.connect() as connection:
            await connection.run_sync(Base.metadata.create_all)
            tables = await eval(line.removeprefix("await "), MODULES | {"connection": connection})
        await engine.dispose()
        return f"{engine.url} {tables}"

    shown = asyncio.run(look())
    assert shown.endswith("['item']") and is_in_memory(shown)


def names(session: Session) -> list[str]:
    return list(session.scalars(select(Item.name)))


def test_own_engine(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    def get_engine() -> Engine:
        return make_engine("sqlite://", poolclass=StaticPool)

    engine, app = get_engine(), get_engine()  # the test's and the app's
    Base.metadata.create_all(engine)
    with Session(app) as session:
        with row.fails():
            names(session)
        assert row.tells(session=session, engine=engine) is False
    assert eval(row.cause.shows.split("`")[-4], {"get_engine": get_engine}) is False
    row.cured_by("@functools.cache", "sessionmaker(engine)")
    with sessionmaker(engine)() as session:
        assert names(session) == []
        assert row.tells(session=session, engine=engine) is True
    cached = functools.cache(get_engine)
    Base.metadata.create_all(cached())
    with Session(cached()) as session:
        assert names(session) == []
    for url in (f"sqlite:///{tmp_path}/shop.db", "sqlite:///file:///own?vfs=memdb&uri=true"):
        with make_engine(url).connect() as keeper:
            Base.metadata.create_all(keeper)
            keeper.commit()
            with Session(make_engine(url)) as session:
                assert names(session) == []


def test_own_engine_of_an_async_app() -> None:
    row = row_of("own_engine")
    made: list[AsyncEngine] = []

    def get_engine() -> AsyncEngine:
        made.append(create_async_engine("sqlite+aiosqlite:///:memory:"))
        return made[-1]

    async def ask(get_engine: Callable[[], AsyncEngine]) -> tuple[object, list[str]]:
        engine = get_engine()
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        try:
            async with AsyncSession(get_engine()) as session:
                told = row.tells(session=session, engine=engine.sync_engine)
                return told, list(await session.scalars(select(Item.name)))
        finally:
            while made:
                await made.pop().dispose()

    with row.fails():
        asyncio.run(ask(get_engine))
    assert asyncio.run(ask(functools.cache(get_engine))) == (True, [])
