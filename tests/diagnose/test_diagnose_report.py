"""The report, as it is read by a person and by a program."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from diagnosing import (
    ENGINES,
    FOLDER,
    findings,
    flask_app,
    make,
    make_file,
    mostly_slow,
    run,
    write,
)
from sqlalchemy import create_engine

from helpers.diagnose import Report, diagnose
from helpers.diagnose.text import as_text
from helpers.diagnose.words import FINDINGS, NOTEBOOKS

ROOT = FOLDER.parents[1]


@pytest.mark.parametrize("name", mostly_slow(ENGINES, [*ENGINES][::4]))
def test_the_report_has_twelve_lines_of_eighty_columns(name: str) -> None:
    """For one engine; a safe one has a single line, unless more is wanted."""
    url, options, finding, _ = ENGINES[name]
    report = diagnose(make(url, **options))
    lines = str(report).splitlines()
    assert len(lines) <= (12 if finding in FINDINGS else 1)
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []
    assert str(report).isascii()
    assert "{" not in str(report).replace("{Path", "").replace("={", "")
    assert "diagnose_" not in str(report)


def test_the_report_is_readable_in_a_notebook() -> None:
    """As a table, with a link to the notebook that explains it."""
    html = diagnose(create_engine("sqlite://"))._repr_html_()
    assert "TO MEND (own-thread)" in html
    assert "no such table: item" in html
    assert f'href="{(ROOT / "notebooks").as_uri()}/01_where_did_the_table_go.ipynb"' in html
    assert html.count("<table>") == html.count("</table>") == 1


@pytest.mark.slow
def test_a_report_outside_of_the_lesson_names_the_notebook(folder: Path) -> None:
    """A link would lead nowhere."""
    import shutil

    shutil.copytree(FOLDER, folder / "elsewhere")
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "elsewhere", "sqlite://"], check=False, capture_output=True, text=True
    )
    assert "read     01_where_did_the_table_go.ipynb" in done.stdout


def test_every_notebook_that_is_named_exists() -> None:
    """Renumbering a notebook fails here."""
    there = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    coming = {"12_which_no_such_table_is_yours"}  # another branch adds it
    assert set(NOTEBOOKS.values()) <= there | coming
    used = {words.notebook for words in FINDINGS.values()}
    assert used <= set(NOTEBOOKS)


def test_a_report_survives_the_way_through_json() -> None:
    """It is what the command's own process reads."""
    report = diagnose(create_engine("sqlite://"))
    again = Report.from_dict(json.loads(report.to_json()))
    assert again == report
    assert (again.safe, again.exit_status) == (False, 1)


def test_the_table_of_the_reader_stands_in_the_message(folder: Path) -> None:
    """Not the one of the lesson."""
    code = """
        from sqlalchemy import Column, Integer, create_engine
        from sqlalchemy.orm import declarative_base
        engine, Base = create_engine("sqlite://"), declarative_base()
        class Lamp(Base):
            __tablename__ = "lamp"
            id = Column(Integer, primary_key=True)
    """
    write(folder, {"shop.py": code})
    assert diagnose("shop").findings[0].message == "OperationalError: no such table: lamp"


def test_a_finding_is_ignored_for_a_reason(folder: Path) -> None:
    """It counts as safe, and the reason stands in the report."""
    done = run("sqlite://", "--ignore", "own-thread=no threads here")
    assert done.returncode == 0
    assert "SAFE" in done.stdout
    assert "ignored  no threads here" in done.stdout
    assert run("sqlite://", "--ignore", "odd-file=never").returncode == 1


def test_json_is_spoiled_by_nothing(folder: Path) -> None:
    """Whatever the app prints, also past Python, at exit, or from a thread that never ends."""
    code = """
        import atexit, os, sys, threading
        from sqlalchemy import create_engine
        print("app"); os.write(1, b"app"); sys.__stdout__.write("app")
        atexit.register(print, "app")
        os.close(1); sys.stdout = None
        threading.Thread(target=threading.Event().wait).start()
        assert sys.argv == ["shop"], sys.argv
        engine = create_engine("sqlite://")
        if os.fork() == 0:
            print("a fork")
    """
    write(folder, {"shop.py": code})
    done = run("shop", "--output", "json")
    data = json.loads(done.stdout)
    assert [report["engines"][0]["verdict"] for report in data["reports"]] == ["to mend"]
    assert done.returncode == 1


@pytest.mark.slow
def test_several_targets_are_looked_at_in_one_call(folder: Path) -> None:
    """Each for itself; the worst decides."""
    write(folder, {"gone.py": "import os\nos._exit(0)"})
    done = run("sqlite://", "gone", "sqlite:///file:///shop?vfs=memdb&uri=true")
    assert done.returncode == 1
    assert run("gone", "sqlite:///file:///shop?vfs=memdb&uri=true").returncode == 2
    assert "gone ended the process with status 0" in done.stdout
    write(folder, {"app.py": "import os\nos._exit(0)"})
    assert run().stdout.startswith("NOT LOOKED  Your app ended the process with status 0")


def test_help_and_version_say_what_there_is() -> None:
    """Examples, every id, and the versions that a report depends on."""
    shown = run("--help").stdout
    assert all(id in " ".join(shown.split()) for id in FINDINGS)
    assert "create_app('testing')" in shown
    assert f"SQLite {sqlite3.sqlite_version}" in run("--version").stdout


def test_colors_are_for_terminals() -> None:
    """Text that is stored has none."""
    report = diagnose(create_engine("sqlite://"))
    assert "\x1b[31mTO MEND\x1b[0m" in as_text(report, color=True)
    assert "\x1b" not in run("sqlite://", FORCE_COLOR="1").stdout


def test_a_broken_pipe_is_no_success(folder: Path) -> None:
    """The report was read by nobody."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, str(FOLDER), "sqlite://"], stdout=closed, stderr=-1, check=False
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes it")
def test_a_closed_output_is_no_success(folder: Path) -> None:
    """Python has none then, and prints nothing."""
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, str(FOLDER), "sqlite:///shop.db"]
    make_file(folder / "shop.db", wal=False)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "There is no report: OSError: standard output is closed.\n"


def test_it_works_in_any_thread() -> None:
    """As in a view."""
    found: list[Report] = []
    thread = threading.Thread(target=lambda: found.append(diagnose(create_engine("sqlite://"))))
    thread.start()
    thread.join()
    assert findings(found[0]) == ["own-thread"]


def test_a_test_of_the_app_needs_five_lines(folder: Path) -> None:
    """The report is true for nothing by itself: ``safe`` says it, and the report says why."""
    report = diagnose(flask_app(folder, "sqlite:///shop.db"))
    assert report.safe, report
    with pytest.raises(AssertionError, match="TO MEND"):
        sick = diagnose(flask_app(folder, "sqlite://"))
        assert sick.safe, sick
