"""The report, as it is read."""

from __future__ import annotations

import ast
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from diagnosing import ENGINES, FOLDER, findings, make
from sqlalchemy import create_engine

from helpers.diagnose import Report, diagnose, scratch
from helpers.diagnose.words import FINDINGS


def test_the_report_is_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As text, as HTML in a notebook, and as JSON for a program; also where errors have colors."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    report = diagnose(create_engine("sqlite://"))
    for shown in (repr(report), report._repr_html_()):
        assert "TRAPPED" in shown
        assert "01_where_did_the_table_go" in shown
        assert "no such table: item" in shown
        assert "diagnose_" not in shown
    assert json.loads(report.to_json())["engines"][0]["answers"]["another_thread"]["yes"] is False
    assert all(line.isascii() and line.isprintable() for line in str(report).splitlines())


@pytest.mark.parametrize("name", ENGINES)
def test_the_report_points_to_the_readme_where_its_message_is(name: str) -> None:
    """To nothing else: each trap has something to be seen, and the README has most of it."""
    url, options, finding, _ = ENGINES[name]
    (engine,) = diagnose(make(url, **options)).engines
    readme = (FOLDER.parent.parent / "README.md").read_text(encoding="utf-8")
    seen = re.findall(r"^\| `([^`]+)` \|", readme, re.MULTILINE)
    seen += re.findall(r"^\| ([A-Z][^|]+\.) \|", readme, re.MULTILINE)  # without a message
    assert bool(engine.message) == (finding in FINDINGS)
    pointed = ("", "README.md, You came with a message") in engine.lines()
    assert pointed == any(row in engine.message for row in seen)


def test_passwords_are_not_shown() -> None:
    """Neither in the URL, nor in its query, nor in the error."""
    url = "postgresql+psycopg://me:secret-1@127.0.0.1:1/shop?sslpassword=secret-2"
    pytest.importorskip("psycopg")
    report = diagnose(create_engine(url))
    assert report.exit_status == 2
    assert "It cannot connect" in str(report)
    assert "secret" not in str(report) + report.to_json()


def test_the_file_needs_sqlalchemy_only(folder: Path) -> None:
    """A copy of it runs alone, and imports nothing else that was installed."""
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
        done = subprocess.run(
            [sys.executable, *options, "elsewhere", "sqlite://"],
            check=False,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (1, "")
        assert "TRAPPED" in done.stdout


def test_no_room_hides_a_module() -> None:
    """While Python starts, the folder is first on its path; no room is named like the function."""
    rooms = {room.stem for room in FOLDER.glob("*.py")}
    assert not rooms & {*sys.stdlib_module_names, "diagnose", "sqlalchemy", "flask"}


def test_an_old_python_gets_one_sentence(folder: Path) -> None:
    """The first file is read by any Python, which says what it needs instead of a traceback."""
    first = (FOLDER / "__main__.py").read_text(encoding="utf-8")
    ast.parse(first, feature_version=(3, 6))
    (folder / "__main__.py").write_text(first.replace("(3, 9)", "(9, 9)"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(folder)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("diagnose needs Python 3.9 or later and was run by Python 3.")
    assert done.stderr.count("\n") == 1


def test_it_works_in_any_thread() -> None:
    """As in a view; signals are the main thread's."""
    found: list[Report] = []
    thread = threading.Thread(target=lambda: found.append(diagnose(create_engine("sqlite://"))))
    thread.start()
    thread.join()
    assert findings(found[0]) == ["own-thread"]


def test_a_silent_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the connection and never answers, as behind some firewalls."""
    pytest.importorskip("psycopg")
    monkeypatch.setattr(scratch, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        report = diagnose(create_engine(f"postgresql+psycopg://me@127.0.0.1:{port}/shop"))
    assert report.exit_status == 2
    assert findings(report) == ["It cannot connect: TimeoutError: no answer"]
