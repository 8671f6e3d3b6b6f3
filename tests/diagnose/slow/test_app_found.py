"""The app is found as ``flask`` finds it, whatever is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosing import run, write

from helpers.diagnose import Report, diagnose

APP = """
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy()
    def create_app(config="development", debug=False):
        app = Flask(__name__)
        uri = {"testing": "sqlite://", "development": "sqlite:///shop.db"}[config]
        app.config["SQLALCHEMY_DATABASE_URI"] = uri
        db.init_app(app)
        return app
"""
MODULE = APP + "    app = create_app('testing')\n"
FLASKENV = {"shop.py": MODULE, ".flaskenv": "FLASK_DEBUG=1\nFLASK_APP=shop\n"}
PACKAGE = {
    "shop/__init__.py": APP,
    "shop/wsgi.py": "from shop import create_app\napplication = create_app('testing')",
    "shop/db.py": "from sqlalchemy import create_engine\nengine = create_engine('sqlite://')",
}


def found(report: Report) -> str:
    """The finding, or the problem, or what holds."""
    if not report.engines:
        return report.problem
    [engine] = report.engines
    return engine.findings[0].id if engine.findings else engine.kind


@pytest.mark.parametrize(
    "target",
    [
        "shop",
        "shop:app",
        " shop:app ",
        "shop.py",
        "./shop.py",
        ".\\shop.py:app",
        "shop:create_app('testing')",
        'shop:create_app(config="testing", debug=True)',
        "shop:db.engine",
        "shop:db.session",
        "shop:app.extensions",
    ],
)
def test_what_can_be_typed_for_a_module(target: str, folder: Path) -> None:
    """All of it leads to the same engine."""
    write(folder, {"shop.py": MODULE})
    assert found(diagnose(target)) == "one-connection"


@pytest.mark.parametrize(
    ("target", "finding"),
    [
        ("shop", "file"),
        ("shop/", "file"),
        ("./shop/__init__.py", "file"),
        ("shop:create_app", "file"),
        ("shop:create_app()", "file"),
        ("shop:db.engine", "file"),
        ("shop.wsgi", "one-connection"),
        ("shop/wsgi.py", "one-connection"),
        ("shop/wsgi.py:application", "one-connection"),
        ("shop.db", "own-thread"),
        ("shop.db:engine", "own-thread"),
    ],
)
def test_what_can_be_typed_for_a_package(target: str, finding: str, folder: Path) -> None:
    """``shop.db`` is a module as long as no such file is there; a factory is called if needed."""
    write(folder, PACKAGE)
    report = diagnose(target)
    assert found(report) == finding, report


def test_a_session_that_is_named_leads_to_the_variable_of_its_engine(folder: Path) -> None:
    """So the cure has a name that the reader's code knows."""
    code = "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session\n"
    write(folder, {"shop.py": code + "own = create_engine('sqlite:///a.db')\ns = Session(own)\n"})
    report = diagnose("shop:s")
    assert report.engines[0].name == "shop.own"
    assert report.findings[0].cures[0].lines[-1] == "s = scoped_session(sessionmaker(own))"


def test_a_file_comes_before_a_module_of_its_name(folder: Path) -> None:
    """It is what was typed."""
    write(folder, PACKAGE)
    (folder / "shop.db").touch()
    assert found(diagnose("shop.db")) == "no-tables"


@pytest.mark.parametrize(
    ("files", "environment"),
    [
        ({"shop.py": MODULE}, {"FLASK_APP": "shop"}),
        ({"shop.py": MODULE}, {"FLASK_APP": "shop.py:create_app('testing')"}),
        (FLASKENV, {}),
        ({"shop.py": MODULE, ".env": "export FLASK_APP='shop:app'\n"}, {}),
        ({"shop.py": MODULE, ".env": 'FLASK_APP=shop:create_app("testing") # it\n'}, {}),
        ({"app.py": MODULE}, {}),
        ({"wsgi.py": MODULE, "app.py": "1 / 0"}, {}),
        ({"main.py": MODULE}, {}),
    ],
)
def test_nothing_has_to_be_typed(
    files: dict[str, str], environment: dict[str, str], folder: Path
) -> None:
    """Where ``flask run`` would find an app, it is found."""
    write(folder, files)
    done = run(**environment)
    assert "[one-connection]" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1


def test_a_path_may_lead_anywhere(folder: Path) -> None:
    """Its folder goes on the path, before the current one."""
    write(folder, {"some where/ümlaut/shop.py": "import near\n" + "from near import engine"})
    code = "from sqlalchemy import create_engine\nengine = create_engine('sqlite://')"
    write(folder, {"some where/ümlaut/near.py": code})
    assert found(diagnose("some where/ümlaut/shop.py")) == "own-thread"


IN_FOLDER = {
    "shop/__init__.py": "",
    "shop/models.py": "from sqlalchemy import create_engine\nengine = create_engine('sqlite://')",
    "shop/main.py": "from models import engine",
    "shop/tests/conftest.py": "from main import engine",
}


@pytest.mark.parametrize("target", ["main.py", "./main.py", "", "tests/conftest.py", "main"])
def test_a_path_in_a_package_finds_what_lies_beside_it(
    target: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server and pytest do that run in this folder: it may be no package for them."""
    write(folder, IN_FOLDER)
    monkeypatch.chdir(folder / "shop")
    assert found(diagnose(target)) == "own-thread"


def test_a_module_that_lies_beside_the_other_is_not_to_be_installed(folder: Path) -> None:
    """With dots, it is imported as from this folder, and so it fails."""
    write(folder, IN_FOLDER)
    problem = diagnose("shop.main").problem
    assert f"models lies in {folder / 'shop'}: run this there, or name a path in it" in problem
    assert found(diagnose("shop/main.py")) == "own-thread"


def test_an_engine_of_a_program_that_prints_and_reads_input_is_found(folder: Path) -> None:
    """There is nobody to answer."""
    code = """
        from sqlalchemy import create_engine
        try:
            input("which? ")
        except EOFError:
            engine = create_engine("sqlite://")
    """
    write(folder, {"shop.py": code})
    assert found(diagnose("shop")) == "own-thread"


def test_the_folder_of_an_app_may_be_named(folder: Path) -> None:
    """As ``.`` may; and a script whose name is no module's."""
    code = "from sqlalchemy import create_engine\nengine = create_engine('sqlite://')"
    write(folder, {"some where/app.py": code, "my-app.py": code})
    assert found(diagnose("some where")) == "own-thread"
    assert found(diagnose("my-app")) == "own-thread"


def test_a_url_in_a_call_is_no_target_of_its_own(folder: Path) -> None:
    """The factory takes it."""
    code = "from sqlalchemy import create_engine\ndef make(url):\n    return create_engine(url)"
    write(folder, {"shop.py": code})
    assert found(diagnose("shop:make('sqlite:///other.db')")) == "file"


def test_packages_are_not_the_readers_wherever_they_are(folder: Path) -> None:
    """In a folder of a function that is deployed, what was installed has its metadata beside it."""
    package = "import sqlite3\ndef connect_of_package():\n    return sqlite3.connect(str(1))"
    write(
        folder,
        {
            "lib/big_package/__init__.py": package,
            "lib/Big_Package-1.0.dist-info/METADATA": "",
            "shop.py": "import sys\nsys.path.insert(0, 'lib')\nimport big_package",
        },
    )
    assert "No SQLAlchemy engine" in diagnose("shop").problem


def test_a_module_that_replaces_itself_is_looked_at(folder: Path) -> None:
    """It has put an object in its place."""
    code = """
        import sys
        from sqlalchemy import create_engine
        class Shop:
            def __init__(self):
                self.engine = create_engine("sqlite://")
        sys.modules[__name__] = Shop()
    """
    write(folder, {"shop.py": code})
    assert found(diagnose("shop")) == found(diagnose("shop:engine")) == "own-thread"
