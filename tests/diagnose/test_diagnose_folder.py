"""The folder: run by its path, copied alone, with any Python, and never in the app's way."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from diagnosing import FOLDER, run, write


def test_it_needs_the_standard_library_and_sqlalchemy_only(folder: Path) -> None:
    """A copy of it runs alone, isolated too, and imports nothing else that was installed."""
    names = set()
    for room in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(room.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    assert names - sys.stdlib_module_names == {"sqlalchemy"}
    shutil.copytree(FOLDER, folder / "elsewhere")
    for options in ([], ["-I"]):
        command = [sys.executable, *options, "elsewhere", "sqlite://"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, "")
        assert "TO MEND" in done.stdout


@pytest.mark.slow
def test_a_copy_is_imported_by_a_test_of_the_app(folder: Path) -> None:
    """Under its own name, beside the test."""
    shutil.copytree(FOLDER, folder / "diagnose")
    code = "from diagnose import diagnose; print(diagnose('sqlite://').findings[0].id)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "own-thread\n"


def test_no_room_hides_a_module() -> None:
    """While Python starts, the folder is first on its path; no room is named like the function."""
    rooms = {room.stem for room in FOLDER.glob("*.py")}
    assert not rooms & {*sys.stdlib_module_names, "diagnose", "sqlalchemy", "flask"}


def test_rooms_hide_nothing_of_the_app(folder: Path) -> None:
    """An app with modules called like rooms, and like this project, gets its own."""
    names = ["report", "find", "words", "tables", "app", "helpers", "diagnose", "command"]
    write(folder, {f"{name}.py": "" for name in names})
    imports = "".join(f"import {name}; assert {name}.__file__[-11:] != ''\n" for name in names)
    checks = f"import os\nfor each in ({', '.join(names)},):\n"
    checks += f"    assert os.path.dirname(each.__file__) == {str(folder)!r}\n"
    engine = "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///shop.db')\n"
    write(folder, {"shop.py": imports + checks + engine})
    done = run("shop")
    assert done.returncode == 0, done.stdout


def test_an_old_python_gets_one_sentence(folder: Path) -> None:
    """The first file is read by any Python 3, which says what it needs."""
    first = (FOLDER / "__main__.py").read_text(encoding="utf-8")
    ast.parse(first, feature_version=(3, 6))
    (folder / "__main__.py").write_text(first.replace("(3, 9)", "(9, 9)"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(folder)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("diagnose needs Python 3.9 or later and was run by Python 3.")
    assert done.stderr.count("\n") == 1


def test_no_room_has_more_than_200_lines() -> None:
    """And each says in its first line what it is for."""
    for room in FOLDER.glob("*.py"):
        text = room.read_text(encoding="utf-8")
        assert text.count("\n") <= 200, room.name
        assert text.startswith('"""'), room.name


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.3.24"])
def test_an_old_sqlalchemy_gets_one_sentence(version: str, folder: Path) -> None:
    """Without an import of it."""
    write(folder, {"sqlalchemy/__init__.py": f"__version__ = '{version}'", "shop.py": ""})
    done = run("shop", PYTHONPATH=str(folder))
    assert done.returncode == 2
    assert f"This is SQLAlchemy {version}: diagnose knows 1.4 and later." in done.stdout


def test_a_missing_sqlalchemy_gets_one_sentence(folder: Path) -> None:
    """Which Python was it?"""
    write(folder, {"sqlalchemy.py": "raise ImportError"})
    done = run("shop", PYTHONPATH=str(folder))
    assert done.returncode == 2
    assert "This Python has no SQLAlchemy" in done.stdout
