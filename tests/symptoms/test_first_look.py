"""README's first screen and "another engine": what they print, on every kind of engine."""

from __future__ import annotations

import ast
import asyncio
import builtins
import functools
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bitten import MODULES, ROOT, Row, row_of
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from helpers.publish import symptoms
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


def names_in(look: str) -> set[str]:
    """The names that a line reads, and neither makes nor finds in Python."""
    nodes = [node for node in ast.walk(ast.parse(look)) if isinstance(node, ast.Name)]
    made = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return {node.id for node in nodes} - made - set(dir(builtins)) - sys.stdlib_module_names


def test_each_name_in_a_look_is_explained() -> None:
    """Whoever pastes a line knows what to write for its names."""
    intro = README.partition("## You came with a message")[2].partition("<!-- symptoms -->")[0]
    explained = {*re.findall(r"`(\w+)`", intro), *IN_EVERY_APP}
    looks = [cause.look for _, cause in symptoms.each()]
    assert set().union(*map(names_in, looks)) - explained == set()


# What its reader has by this name, and a module that is imported as it is called.
IN_EVERY_APP = {
    "app",
    "context",
    "db",
    "url",
    "port",
    "folder",
    "cursor",
    "flask",
    "Path",
    "create_engine",
}


def test_looks_in_flask_sqlalchemy(tmp_path: Path) -> None:
    """With the names that the introduction gives them there, each line can be pasted."""
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"
    db = SQLAlchemy(app)

    class Item(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)
        stock = db.Column(db.Integer)

    given = {"db": db, "app": app, "Item": Item}
    intro = README.partition("In Flask-SQLAlchemy, inside")[2]
    mine = re.findall(r"`(\w+)` is `(db\.\w+(?:\(\))?)`", intro)[:3]
    assert [name for name, _ in mine] == ["engine", "Base", "session"]
    with app.app_context():
        db.create_all()
        names = given | {name: eval(there, given) for name, there in mine}
        pasted = [
            cause.id
            for _, cause in symptoms.each()
            if "peewee" not in cause.id
            and names_in(cause.look) <= names.keys() | MODULES.keys()
            and names_in(cause.look) & names.keys()
            and eval(cause.look, MODULES | names) is not NotImplemented
        ]
        db.session.remove()
        db.engine.dispose()
    assert {"newer_model", "imported_late", "other_base", "other_engine", "own_engine"} <= {*pasted}


def test_memdb_is_named_in_full() -> None:
    """Its name begins with a slash: without it each connection has its own."""
    for _, cause in symptoms.each():
        cured = cause.cure.replace("sqlite:///file:///shop?vfs=memdb&uri=true", "")
        assert "vfs=memdb" not in cured, cause.id
