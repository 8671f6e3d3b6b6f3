"""The fixtures of notebook 13, as a reader copies them: each file as it stands in its cell."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "13_is_your_own_app_in_it.ipynb"


def texts_of_the_notebook() -> dict[str, str]:
    """The texts that cells give a name in capitals, with what later cells add to them."""
    texts: dict[str, str] = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                match node:
                    case ast.Assign([ast.Name(name)], ast.Constant(str(text))) if name.isupper():
                        texts[name] = text
                    case ast.AugAssign(ast.Name(name), ast.Add(), ast.Constant(str(text))):
                        texts[name] += text
    return texts


TEXTS = texts_of_the_notebook()
ROLLBACK = TEXTS["HEAD"] + TEXTS["LISTENERS"] + TEXTS["ROLLBACK"]
MORE = """
import pytest

@pytest.mark.parametrize("number", range(6))
def test_the_same_lamp_in_many_tests(client, number):
    assert client.get("/items").json == []
    assert client.post("/items/lamp").status_code == 201
"""


def run(folder: Path, conftest: str, tests: str, *options: str) -> str:
    """Run tests in a project of their own; the last line that pytest prints."""
    files = {"shop.py": TEXTS["SHOP"], "conftest.py": conftest, "test_shop.py": tests}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip().rpartition("\n")[2].partition(" in ")[0]


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    "fixture",
    [TEXTS["IN_MEMORY"], TEXTS["ON_A_FILE"], ROLLBACK],
    ids=["in memory", "on a file", "rollback"],
)
def test_a_fixture_keeps_tests_apart(
    fixture: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    """In one process, and in two."""
    assert run(tmp_path, fixture, TEXTS["CLIENT_TESTS"] + MORE, *options) == "8 passed"


@pytest.mark.parametrize("name", ["IN_MEMORY", "ON_A_FILE"])
def test_a_visitor_is_served(name: str, tmp_path: Path) -> None:
    """Through the live server, with and without a proxy that is set."""
    conftest = TEXTS[name] + TEXTS["LIVE_SERVER"]

    assert run(tmp_path, conftest, TEXTS["LIVE_TEST"]) == "1 passed"


def test_without_the_listeners_a_rollback_comes_too_late(tmp_path: Path) -> None:
    """The second test finds the first one's lamp."""
    conftest = TEXTS["HEAD"] + TEXTS["ROLLBACK"]

    assert run(tmp_path, conftest, TEXTS["CLIENT_TESTS"]) == "1 failed, 1 passed"
