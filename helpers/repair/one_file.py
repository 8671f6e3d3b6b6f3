"""Notebook 05: do the script and the app of a project open the same file, wherever they start?"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

from helpers.learn import Verdict
from helpers.look import describe_error
from helpers.repair.watch import watched
from helpers.serve import LiveServer

if TYPE_CHECKING:
    from requests import Response


def script_and_app_share_a_file(answer: object) -> Verdict:
    """Judge the script and the app of the rug shop.

    :param answer: the learner's functions ``make_tables`` and ``make_app``, each of the folder of
        the project.
    """
    match answer:
        case (make_tables, make_app) if callable(make_tables) and callable(make_app):
            with watched():
                return _judged(make_tables, make_app)
    return Verdict("not yet", f"The check calls two functions and was given {answer!r}.")


def _judged(make_tables: Callable[[Path], Any], make_app: Callable[[Path], Any]) -> Verdict:
    """Two projects, and for each a script in one working directory and the app in another."""
    projects = [_new("project"), _new("other project")]
    for number, project in enumerate(projects, start=1):
        with _working_in(_new(f"desk {number}")):
            make_tables(project)
    moved = False
    for number, project in enumerate(projects, start=1):
        with _working_in(here := _new(f"service {number}")):
            app = make_app(project)
            moved |= Path.cwd() != here
            if not isinstance(app, Flask):
                return Verdict("not yet", f"make_app returned {app!r}: let it return the app.")
            if sentence := _wrong_with(app):
                return Verdict("not yet", sentence)
    verdict = _changes_are_seen(make_tables, make_app, projects[0])
    if verdict.passed and moved:
        return Verdict(
            "right, but",
            "the script and the app met in one file. Your make_app left the whole process in"
            " another working directory: whatever else runs in it, and opens a file by a relative"
            " path, now finds another one.",
        )
    return verdict


def _wrong_with(app: Flask, rugs: int = 1) -> str:
    """What a visitor gets instead of the rugs, or ""."""
    with LiveServer(app) as server:
        response = server.get("/rugs")
        why = f": {describe_error(server.errors[-1])}" if server.errors else ""
    if response.status_code != 200:
        return (
            "The script ran in one working directory and the app in another: the visitor got"
            f" {response.status_code}{why}."
        )
    expected = ["red rug"] * rugs
    if _as_json(response) != expected:
        return f"The script stored {expected!r}, and the visitor was told {response.text.strip()}."
    return ""


def _databases_in(project: Path) -> list[Path]:
    """The files of SQLite below a folder, which begin as its file format says.

    https://www.sqlite.org/fileformat.html#magic_header_string
    """
    files = [path for path in project.rglob("*") if path.is_file()]
    return [path for path in files if path.read_bytes().startswith(b"SQLite format 3\0")]


def _as_json(response: Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _changes_are_seen(
    make_tables: Callable[[Path], Any], make_app: Callable[[Path], Any], project: Path
) -> Verdict:
    """The script runs once more, elsewhere: what it adds is seen too."""
    with _working_in(_new("desk 3")):
        make_tables(project)
    with _working_in(_new("service 3")):
        if sentence := _wrong_with(make_app(project), rugs=2):
            return Verdict("not yet", f"The script ran a second time. {sentence}")
    if not _databases_in(project):
        return Verdict("not yet", "The script left no file of SQLite in the project.")
    return Verdict(
        "right",
        "The script and the app met in one file, from three working directories each, and two"
        " projects kept their rugs apart.",
    )


def _new(name: str) -> Path:
    folder = Path(name).absolute()
    folder.mkdir()
    return folder


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    here = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
