"""Old versions of SQLAlchemy and of Python: the same findings on both sides of each change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from diagnosing import FOLDER

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
SHOP = """
import sqlite3
from sqlalchemy import Column, Integer, create_engine
from sqlalchemy.orm import declarative_base
from sqlalchemy.pool import AssertionPool, QueuePool, StaticPool
Base = declarative_base()
class Lamp(Base):
    __tablename__ = "lamp"
    id = Column(Integer, primary_key=True)
one = create_engine("sqlite://")
two = create_engine("sqlite://", poolclass=StaticPool)
three = create_engine("sqlite://", poolclass=QueuePool)
four = create_engine("sqlite://", poolclass=AssertionPool)
five = create_engine("sqlite://", creator=lambda: sqlite3.connect(":memory:"))
for each in (one, two, three, four, five):
    Base.metadata.create_all(each)
"""
WHOSE = """
from sqlalchemy import Column, Integer, create_engine
from sqlalchemy.orm import declarative_base, sessionmaker
Base, Log, Stock = declarative_base(), declarative_base(), declarative_base()
class Lamp(Base):
    __tablename__ = "lamp"
    id = Column(Integer, primary_key=True)
class Line(Log):
    __tablename__ = "line"
    id = Column(Integer, primary_key=True)
class Place(Stock):
    __tablename__ = "place"
    id = Column(Integer, primary_key=True)
shop = create_engine("sqlite:///shop.db")
log = create_engine("sqlite:///log.db")
stock = create_engine("sqlite:///stock.db")
Session = sessionmaker(binds={Line: log})
Stock.metadata.create_all(stock)
def start():
    with shop.begin() as connection:
        Base.metadata.create_all(connection)
"""
VERSIONS = [("3.9", "1.4.54"), ("3.9", "2.0.0"), ("3.10", "2.0.47"), ("3.12", "2.0.48")]


def python_of(version: str) -> str:
    """The command of a Python, where pyenv or the path has one; or the test is skipped."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    found = sorted(pyenv.glob(f"{version}.*/bin/python"))
    command = str(found[0]) if found else shutil.which(f"python{version}")
    if not command:
        pytest.skip(f"There is no Python {version} on this machine.")
    return command


@pytest.mark.parametrize(("python", "release"), VERSIONS)
def test_old_versions_find_the_same(python: str, release: str, tmp_path: Path) -> None:
    """Each name in the matrix is its own finding; the command works there, and whose models too."""
    environment = tmp_path / "venv"
    (tmp_path / "pip").mkdir()  # pip leaves a file there
    of_pip = {**os.environ, "TMPDIR": str(tmp_path / "pip")}
    subprocess.run([python_of(python), "-m", "venv", str(environment)], check=True, env=of_pip)
    command = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    packages = [f"sqlalchemy=={release}", "aiosqlite", "greenlet"]
    install = [str(command), "-m", "pip", "install", "-q", *packages]
    if subprocess.run(install, check=False, env=of_pip).returncode:
        pytest.skip(f"SQLAlchemy {release} cannot be installed here.")
    shutil.copytree(FOLDER, tmp_path / "diagnose")
    shutil.copy(HERE / "matrix.py", tmp_path)
    env = {key: each for key, each in os.environ.items() if key != "PYTHONPATH"}
    options: dict[str, Any] = {"cwd": tmp_path, "env": env, "capture_output": True, "text": True}
    done = subprocess.run([str(command), "matrix.py"], check=True, **options)
    found = json.loads(done.stdout)
    assert {name.split()[0]: said for name, said in found.items()} == {
        name.split()[0]: name.split()[0] for name in found
    }
    done = subprocess.run([str(command), "-I", "diagnose", "sqlite://"], check=False, **options)
    assert (done.returncode, done.stderr) == (1, "")
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    named = [str(command), "diagnose", "shop", "--output", "json"]
    done = subprocess.run(named, check=False, **options)
    engines = json.loads(done.stdout)["reports"][0]["engines"]
    assert [each["tables"]["there"] for each in engines] == [["lamp"]] * 5, done.stdout
    (tmp_path / "whose.py").write_text(WHOSE, encoding="utf-8")
    named = [str(command), "diagnose", "whose", "--output", "json"]
    done = subprocess.run(named, check=False, **options)
    engines = json.loads(done.stdout)["reports"][0]["engines"]
    models = {each["name"]: each["tables"]["named"] for each in engines}
    assert models == {"whose.shop": ["lamp"], "whose.log": ["line"], "whose.stock": ["place"]}


def test_the_newest_finds_the_same(tmp_path: Path) -> None:
    """The versions that the lesson is tested with."""
    shutil.copytree(FOLDER, tmp_path / "diagnose")
    shutil.copy(HERE / "matrix.py", tmp_path)
    options: dict[str, Any] = {"cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "matrix.py"], check=True, **options)
    assert all(name.split()[0] == said for name, said in json.loads(done.stdout).items())
