"""What is named wrongly: one sentence that says what was given and what to do, and status 2."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from diagnosing import FOLDER, content, make, make_file, mostly_slow, run, write
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


FILES = {
    "broken.py": "import json\n1 / 0",
    "leaving.py": "raise SystemExit(3)",
    "gone.py": "import os\nos._exit(0)",
    "importing.py": "import nowhere_installed",
    "factory.py": """
        def create_app():
            return 1 + ''
        def create_other(config):
            ...
    """,
    "web.py": "import sys, types; sys.modules['django'] = types.ModuleType('django')",
    "shop.py": "from flask import Flask\nlamps = app = Flask('shop')",
    "text.sqlite": "This is a text, and no database at all.",
}
BAD: dict[str, tuple[Any, str]] = {
    "no module": ("nowhere:app", "No module named 'nowhere'; there are broken, factory, gone"),
    "nearly a module": ("shpo:app", "No module named 'shpo'; did you mean shop"),
    "no module in a package": ("json.nowhere:app", "No module named 'json.nowhere'"),
    "no file": ("./shpo.py", "There is no module ./shpo.py: did you mean shop."),
    "no name": ("shop:lamp", "There is no lamp in shop: did you mean lamps."),
    "no attribute": ("shop:app.nothing", "There is no nothing in shop"),
    "no call": ("shop:app(x)", "neither a name nor a call with plain values"),
    "half a call": ("shop:app(", "neither a name nor a call with plain values"),
    "an import that raises": ("broken:app", "broken.py:2 ZeroDivisionError"),
    "an import that exits": ("leaving:app", "SystemExit: 3"),
    "an import that ends it all": ("gone", "gone ended the process with status 0"),
    "what is not installed": ("importing", "importing.py:1 ModuleNotFoundError"),
    "a factory that raises": ("factory:create_app", "factory.py:3 TypeError"),
    "a factory with an argument": ("factory:create_other", "missing 1 required positional"),
    "a factory that says how to give it": ("factory:create_other", "write them as in"),
    "another framework": ("web", "an app of Django"),
    "a factory with a wrong one": ("factory:create_other(1, 2)", "takes 1 positional argument"),
    "no engine in a module": ("json:dumps", "failed"),
    "no engine in an app": (Flask("empty"), "No SQLAlchemy engine and no sqlite3 connection"),
    "no driver": ("postgresql+nodriver://host/shop", "nodriver"),
    "no dialect": ("nothing://host/shop", "nothing"),
    "no URL": ("sqlite:/shop.db", "There is no file"),
    "a host for SQLite": ("sqlite://shop.db", "Invalid SQLite URL"),
    "a missing file": ("missing.db", "There is no file"),
    "a missing file as URL": ("sqlite:///missing.db", "There is no file"),
    "a function that connects": (
        create_engine("sqlite://", creator=creator),
        "a function of yours (test_diagnose_bad_input.py:",
    ),
    "a pool of its own kind": (create_engine("sqlite://", poolclass=OwnPool), "No copy of this"),
    "an unknown mode": (make("sqlite:///file:x?mode=mem&uri=true"), "no such access mode"),
    "nothing": (None, "No SQLAlchemy engine and no sqlite3 connection was found"),
    "an empty text": ("", "No target, no FLASK_APP, and none of wsgi.py, app.py, main.py here"),
}
FAST = [
    "nearly a module",
    "no attribute",
    "half a call",
    "an import that raises",
    "an import that ends it all",
    "no driver",
    *(name for name, (target, _) in BAD.items() if not isinstance(target, str)),
]


@pytest.mark.parametrize("name", mostly_slow(BAD, FAST))
def test_bad_input_is_one_sentence(name: str, folder: Path) -> None:
    """What was given and what to do; nothing is left behind."""
    write(folder, FILES)
    make_file(folder / "shop.db", wal=False)
    before = content(folder)
    target, message = BAD[name]
    report = diagnose(target)
    sentence = report.problem or report.engines[0].problem
    assert message in sentence
    assert "\n" not in sentence
    assert (report.safe, report.exit_status) == (False, 2)
    assert content(folder) == before


@pytest.mark.slow
def test_what_is_missing_is_told_apart(folder: Path) -> None:
    """A module that the app imports is to be installed; one that is named is to be corrected."""
    write(folder, FILES)
    assert "; install it for this Python" in diagnose("importing").problem
    assert "install" not in diagnose("nowhere").problem


def test_bad_input_is_one_line_on_the_command_line(folder: Path) -> None:
    """Also when a room of diagnose has the name that is missing in the app's folder."""
    done = run("judge:app")
    assert (done.returncode, done.stderr) == (2, "diagnose: importing judge runs it\n")
    assert " ".join(done.stdout.split()) == (
        f"NOT LOOKED Importing judge in {folder} failed: ModuleNotFoundError: No module named"
        " 'judge'; correct the name"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--ignore", "own-thraed=tests only"), "did you mean own-thread?"),
        (("--ignore", "own-thread"), "say why: own-thread=REASON"),
        (("--output", "xml"), "invalid choice: 'xml'"),
        (("--jsno",), "unrecognized arguments: --jsno"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: tuple[str, ...], message: str) -> None:
    """With what was meant, and status 2."""
    done = run("sqlite://", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]


MANAGE = """
    import os, sys
    def main():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")
        from django.core.management import execute_from_command_line
        execute_from_command_line(sys.argv)
    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("target", ["manage.py", ""])
def test_an_app_of_django_gets_the_place_in_the_readme(target: str, folder: Path) -> None:
    """Its connections are not looked at, and what is named there is there."""
    write(folder, {"manage.py": MANAGE})
    problem = diagnose(target).problem
    readme = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
    assert problem.startswith("This is an app of Django, whose connections diagnose doesn't look")
    titles = re.findall("`(.+?)`", problem)
    assert len(titles) == 2
    assert all(f"### {title}\n" in readme for title in titles)
    assert 'Django: `connection.settings_dict["NAME"]' in readme
