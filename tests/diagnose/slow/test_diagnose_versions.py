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
OF_FLASK = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
app.config["SQLALCHEMY_BINDS"] = {"log": "sqlite:///log.db"}
db = SQLAlchemy(app)
class Lamp(db.Model):
    id = db.Column(db.Integer, primary_key=True)
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


def install(python: str, folder: Path, *packages: str) -> tuple[str, dict[str, Any]]:
    """A Python of an environment with some packages beside a copy of diagnose; how to run it."""
    environment = folder / "venv"
    (folder / "pip").mkdir()  # pip leaves a file there
    of_pip = {**os.environ, "TMPDIR": str(folder / "pip")}
    subprocess.run([python_of(python), "-m", "venv", str(environment)], check=True, env=of_pip)
    command = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [command, "-m", "pip", "install", "-q", *packages]
    if subprocess.run(pip, check=False, env=of_pip).returncode:
        pytest.skip(f"{packages[0]} cannot be installed here.")
    shutil.copytree(FOLDER, folder / "diagnose")
    shutil.copy(HERE / "matrix.py", folder)
    env = {key: each for key, each in os.environ.items() if key != "PYTHONPATH"}
    return command, {"cwd": folder, "env": env, "capture_output": True, "text": True}


def engines(command: str, options: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The reports on the engines of an app."""
    (options["cwd"] / "shop.py").write_text(code, encoding="utf-8")
    named = [command, "diagnose", "shop", "--output", "json"]
    done = subprocess.run(named, check=False, **options)
    found: list[dict[str, Any]] = json.loads(done.stdout)["reports"][0]["engines"]
    return found


@pytest.mark.parametrize(("python", "release"), VERSIONS)
def test_old_versions_find_the_same(python: str, release: str, tmp_path: Path) -> None:
    """Each name in the matrix is its own finding; the command works there, and whose models too."""
    command, options = install(python, tmp_path, f"sqlalchemy=={release}", "aiosqlite", "greenlet")
    done = subprocess.run([command, "matrix.py"], check=True, **options)
    found = json.loads(done.stdout)
    assert {name.split()[0]: said for name, said in found.items()} == {
        name.split()[0]: name.split()[0] for name in found
    }
    done = subprocess.run([command, "-I", "diagnose", "sqlite://"], check=False, **options)
    assert (done.returncode, done.stderr) == (1, "")
    there = [each["tables"]["there"] for each in engines(command, options, SHOP)]
    assert there == [["lamp"]] * 5
    models = {each["name"]: each["tables"]["named"] for each in engines(command, options, WHOSE)}
    assert models == {"shop.shop": ["lamp"], "shop.log": ["line"], "shop.stock": ["place"]}


def test_an_old_flask_sqlalchemy_is_asked_for_its_engines(tmp_path: Path) -> None:
    """Its release 2 makes them late, and takes a URI for the name of a file."""
    packages = ("flask-sqlalchemy==2.5.1", "sqlalchemy==1.4.54", "flask<2.3", "werkzeug<2.3")
    command, options = install("3.9", tmp_path, *packages)
    shop, log = engines(command, options, OF_FLASK)
    assert shop["findings"][0]["id"] == "one-connection"
    [cure] = shop["findings"][0]["cures"]
    assert cure["lines"] == ['app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///shop.db"']
    assert log["opens"] == str(tmp_path / "log.db")


def test_the_newest_finds_the_same(tmp_path: Path) -> None:
    """The versions that the lesson is tested with."""
    shutil.copytree(FOLDER, tmp_path / "diagnose")
    shutil.copy(HERE / "matrix.py", tmp_path)
    options: dict[str, Any] = {"cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "matrix.py"], check=True, **options)
    assert all(name.split()[0] == said for name, said in json.loads(done.stdout).items())
