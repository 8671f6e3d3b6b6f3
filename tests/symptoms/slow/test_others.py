"""An async engine, and a reloader: had, told, cured."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from bitten import Row, run_program
from sqlalchemy import Engine

from helpers.spawn import Process

MakeEngine = Callable[..., Engine]

ASYNC = """
import asyncio, sys
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from helpers.sample import Base, Item

async def main():
    engine = create_async_engine(sys.argv[1])
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as ann:
        ann.add(Item(name="lamp"))
        await ann.flush()
        async with AsyncSession(engine) as ben:
            await ben.scalars(select(Item.name))
        await ann.commit()
    async with AsyncSession(engine) as cem:
        print(LOOK, list(await cem.scalars(select(Item.name))))
    await engine.dispose()

asyncio.run(main())
"""


def test_lost_async(row: Row, tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    program = ASYNC.replace("LOOK", row.cause.look)
    assert run_program(program, tmp_path, "sqlite+aiosqlite://") == "StaticPool []"
    row.looked = True
    row.cured_by("sqlite+aiosqlite:///shop.db")
    said = run_program(program, tmp_path, "sqlite+aiosqlite:///shop.db")
    assert said == "AsyncAdaptedQueuePool ['lamp']"


RELOADED = """
import glob, os, sys
from flask import Flask

app = Flask("shop")
if os.environ.get("WERKZEUG_RUN_MAIN") and os.path.exists("started.txt"):
    sys.exit()  # it was started again: enough
if os.environ.get("WERKZEUG_RUN_MAIN"):
    open("started.txt", "w").close()

@app.post("/write/<name>")
def write(name):
    with open(name, "a") as file:
        file.write("# a change")
    return ""

app.run(port=0, debug=True, extra_files=glob.glob("*"), reloader_type="stat", OPTIONS)
"""


def changed(folder: Path, program: str, *names: str) -> str:
    """Which file made a served program start again, when these are written in turn."""
    folder.mkdir()
    (folder / "shop.db").touch()
    (folder / "app.py").write_text(program)
    with Process([sys.executable, "app.py"], r"Debugger PIN", cwd=folder) as process:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.output)
        assert address
        for name in names:
            with suppress(requests.RequestException):  # it may be gone before it answers
                requests.post(f"{address[0]}/write/{name}", timeout=10)
        process.wait()
    found = re.search(r"Detected change in '(.+)'", process.output)
    return Path(found[1]).name if found else process.output


def test_reloader_loop(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    assert changed(tmp_path / "a", RELOADED.replace("OPTIONS", ""), "shop.db") == "shop.db"
    url = f"sqlite:///{tmp_path}/a/shop.db"
    assert row.tells(engine=make_engine(url)).startswith(str(tmp_path / "a"))
    exclude = 'exclude_patterns=["*.db*"]'
    row.cured_by(exclude)  # uvicorn's option needs `watchfiles`, which the lesson doesn't have
    program = RELOADED.replace("OPTIONS", exclude)
    assert changed(tmp_path / "b", program, "shop.db", "app.py") == "app.py"
