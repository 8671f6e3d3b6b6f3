"""What is named wrongly."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from diagnosing import content, make, make_file, run, write
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from helpers.diagnose import diagnose


class OwnPool(StaticPool):
    """A pool that cannot be made by its class alone."""

    def __init__(self, creator: Any, dialect: Any = None) -> None:
        super().__init__(creator, dialect=dialect)

    def recreate(self) -> OwnPool:
        """What ``engine.dispose`` asks for."""
        return OwnPool(self._creator, self._dialect)


def creator() -> sqlite3.Connection:
    """What could open anything."""
    raise AssertionError("it was called")


BAD: dict[str, tuple[Any, str]] = {
    "no module": ("nowhere:app", "No module named 'nowhere'"),
    "no module in a package": ("json.nowhere:app", "No module named 'json.nowhere'"),
    "no name": ("json:app", "There is no app in json"),
    "an import that raises": ("broken:app", "broken.py:2 ZeroDivisionError"),
    "an import that exits": ("leaving:app", "SystemExit: 3"),
    "a factory that raises": ("factory:create_app", "factory.py:2 TypeError"),
    "a factory with an argument": (
        "factory:create_other",
        "missing 1 required positional argument",
    ),
    "no engine": ("json:dumps", "failed"),
    "no engine in an app": (Flask("empty"), "No SQLAlchemy engine was found"),
    "no driver": ("postgresql+nodriver://host/shop", "nodriver"),
    "no dialect": ("nothing://host/shop", "nothing"),
    "no URL": ("sqlite:/shop.db", "There is no file"),
    "a host for SQLite": ("sqlite://shop.db", "Invalid SQLite URL"),
    "a missing file": ("missing.db", "There is no file"),
    "a missing file as URL": ("sqlite:///missing.db", "There is no file"),
    "a folder": ("sqlite:///.", "is not a file"),
    "a file of something else": ("broken.py.sqlite", "is not a SQLite database"),
    "a file that is read-only": ("locked.db", "read-only"),
    "an engine that reads only": ("sqlite:///file:shop.db?mode=ro&uri=true", "read-only (ro)"),
    "an immutable file": ("sqlite:///file:shop.db?immutable=1&uri=true", "read-only (immutable)"),
    "no folder for the file": (create_engine("sqlite:///nowhere/shop.db"), "cannot make it there"),
    "a function that connects": (
        create_engine("sqlite://", creator=creator),
        "a function of yours",
    ),
    "a pool of its own kind": (
        create_engine("sqlite://", poolclass=OwnPool),
        "No copy of this engine",
    ),
    "an unknown kind of memory": (
        make("sqlite:///file:x?mode=mem&uri=true"),
        "no such access mode",
    ),
    "nothing": (None, "No SQLAlchemy engine was found in nonetype"),
    "an empty text": ("", "failed"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was given and what to do, with status 2; nothing is left behind."""
    write(
        folder,
        {
            "broken.py": "import json\n1 / 0",
            "leaving.py": "raise SystemExit(3)",
            "factory.py": "def create_app():\n    return 1 + ''\ndef create_other(config): ...",
            "broken.py.sqlite": "This is a text, and no database at all.",
        },
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    make_file(folder / "shop.db", wal=False)
    shutil.copy("shop.db", "locked.db")
    (folder / "locked.db").chmod(0o444)
    before = content(folder)
    target, message = BAD[name]
    report = diagnose(target)
    sentence = report.problem or report.engines[0].sentence
    assert message in sentence
    assert "\n" not in sentence
    assert report.exit_status == 2
    assert content(folder) == before
    for loaded in ("broken", "leaving", "factory"):
        sys.modules.pop(loaded, None)


def test_bad_input_is_one_line_on_the_command_line(folder: Path) -> None:
    """Also when a room of diagnose has the name that is missing in the app's folder."""
    done = run("judge:app")
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.splitlines() == [
        (
            f"Importing judge in {folder} failed: ModuleNotFoundError: No module named 'judge';"
            " run this in the folder of your app, with the Python of your app"
        )
    ]
