"""What the desk sheet has, and that its code runs when it is pasted."""

from __future__ import annotations

import re
import threading
import types
from html import unescape
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, text

from helpers.look import dispose
from helpers.publish.desk import ALSO, CAUSES, OTHERS, commonest, desk_sheet
from helpers.publish.files import read_notebooks
from helpers.publish.papers import read_lesson
from helpers.sample import setups

ROOT = Path(__file__).parents[2]
NAMES = ("memdb", "pool of one", "file", "wal", "postgresql")


@pytest.fixture(scope="module")
def sheet() -> str:
    """The desk sheet as HTML."""
    return desk_sheet(read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False)), "A4")


@pytest.fixture(scope="module")
def blocks(sheet: str) -> list[str]:
    """The code that is to be pasted, parted where a blank line is."""
    code = re.findall(r"<pre><code>(.*?)</code></pre>", sheet, re.DOTALL)
    return [block for part in code for block in unescape(part).split("\n\n")]


def pasted(name: str, blocks: list[str], file: Path, engine: str = "") -> dict[str, Any]:
    """The names of a module that has the code of a setup, and of one way to make its engine.

    :param name: of the setup.
    :param file: the module, beside which a database is put.
    :param engine: words of the way, or nothing for no engine.
    """
    chosen = [blocks[0]]  # what is imported
    chosen += [block for block in blocks[1:] if f": {name}" in block and "url = " in block]
    if engine:
        chosen += [block for block in blocks if engine in block]
        chosen += [block for block in blocks if name == "wal" and "def use_wal" in block]
    module = types.ModuleType("pasted")
    vars(module)["__file__"] = str(file)
    vars(module)["app"] = app = Flask("pasted", instance_path=str(file.parent))
    for block in chosen:
        if "listens_for" in block and "engine" not in vars(module):
            db = SQLAlchemy(app)
            with app.app_context():
                vars(module)["engine"] = db.engine
        exec(compile(block, str(file), "exec"), vars(module))
    return vars(module)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_the_setup_of_the_lesson(
    name: str, blocks: list[str], tmp_path: Path
) -> None:
    """The same URL, but for the folder and for the host of a server, and the same options."""
    found = pasted(name, blocks, tmp_path / "app.py")
    url = found["url"].replace(tmp_path.as_posix() + "/", "").replace("user:password@host/shop", "")
    if "keeper" in found:
        found["keeper"].close()

    assert url == setups[name].url
    assert found["options"] == setups[name].options
    assert ("keeper" in found) == setups[name].keep_alive


@pytest.mark.parametrize("way", ["plain SQLAlchemy", "Flask-SQLAlchemy"])
@pytest.mark.parametrize("name", NAMES[:-1])
def test_what_is_printed_can_be_pasted(
    name: str, way: str, blocks: list[str], tmp_path: Path
) -> None:
    """A table that one thread makes is found by another one; WAL is on where it is asked for."""
    own = [block.replace("/shop?", f"/desk-{tmp_path.name}?") for block in blocks]
    ways = {"plain SQLAlchemy": "# then,", "Flask-SQLAlchemy": "app.config["}
    found = pasted(name, own, tmp_path / "app.py", ways[way])
    engine = found.get("engine")
    if engine is None:
        db = SQLAlchemy(found["app"])
        with found["app"].app_context():
            engine = db.engine
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE item (name TEXT)"))
        assert in_a_thread(engine) == []
        mode = "PRAGMA journal_mode"
        with engine.connect() as connection:
            assert (connection.execute(text(mode)).scalar() == "wal") == (name == "wal")
    finally:
        dispose(engine)
        if "keeper" in found:
            found["keeper"].close()


def in_a_thread(engine: Engine) -> list[Any]:
    """The rows that another thread finds."""
    found: list[Any] = []

    def look() -> None:
        with engine.connect() as connection:
            found.append(connection.execute(text("SELECT * FROM item")).all())

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return list(found[0])


def test_the_commonest_symptoms_are_there(sheet: str) -> None:
    """The causes of the first message, and one row for each other one."""
    causes, others = commonest()
    shown = [symptom.shown for symptom, _ in others]

    assert len(causes) == CAUSES
    assert len(others) == OTHERS + len(ALSO)
    assert set(ALSO) < set(shown)
    assert sheet.count("<tr>") == len(causes) + len(others) + 2


def test_each_cause_in_memory_is_there(sheet: str) -> None:
    """A thread, a process, an engine and a connection: the notebooks of the day are about them."""
    everything = [cause for _, cause in commonest()[0]]
    in_memory = [cause.id for cause in everything if cause.why.startswith("In memory")]

    assert in_memory == ["own_thread", "own_process", "own_engine", "disposed"]
    assert sheet.count("<td><p>In memory") == len(in_memory)


def test_it_says_where_the_rest_is(sheet: str) -> None:
    """By a heading that README.md has, and by the command that a reader can run."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    place = re.search(r"README\.md, <em>(.+?)</em>", sheet)

    assert place
    assert f"## {place[1]}" in readme
    assert "<code>python path/to/helpers/diagnose myapp:app</code>" in sheet
    assert resources.files("helpers").joinpath("diagnose", "__main__.py").is_file()
