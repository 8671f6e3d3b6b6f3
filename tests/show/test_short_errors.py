"""An exception in a cell: the reader's own lines and the message, in a real kernel."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.publish.execute import run
from helpers.show.short_errors import _message

SHOP = """\
from sqlalchemy import create_engine, text
from flask import Flask
from helpers import LiveServer

app = Flask("shop")
engine = create_engine("sqlite://")

@app.get("/items")
def items():
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT name FROM item")))

with LiveServer(app) as server:
    server.get("/items")
"""


REMOVED = """\
from helpers.spawn import TemporaryFolder
folder = TemporaryFolder()
home = folder.new()
folder.remove()
(home / "mine.txt").write_text("lamp")
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What cells that raise leave as their output, by their source."""
    folder = tmp_path_factory.mktemp("cells")
    (folder / "mine.py").write_text("def fail():\n    raise KeyError('lamp')\n")
    raising = [
        "server.raise_last_error()",
        "items()",
        "def half(n):\n    return 1 / n\nhalf(0)",
        "import mine\nmine.fail()",
        "raise ValueError('one\\ntwo')",
        "raise ExceptionGroup('both', [ValueError('one')])",
        "raise SystemExit",
        "def wait():\n    raise KeyboardInterrupt\nwait()",
        "def half(:",
        REMOVED,
        "house.remove()",
    ]
    tags = {"tags": ["raises-exception"]}
    cells = [new_code_cell(SHOP), *(new_code_cell(each, metadata=tags) for each in raising)]
    done = run(new_notebook(cells=cells), folder).cells[1:]
    return {cell.source: cell.outputs[-1] for cell in done}


def shown(error: Any) -> list[str]:
    """The lines that a learner sees."""
    return "\n".join(error.traceback).splitlines()


def test_an_error_of_a_view_is_a_few_lines(errors: dict[str, Any]) -> None:
    """Those of the cells, and the message last; not those of Flask and SQLAlchemy."""
    assert shown(errors["server.raise_last_error()"]) == [
        "Line 1 of a cell:",
        "    server.raise_last_error()",
        "Line 11 of a cell, in items:",
        '    return list(connection.scalars(text("SELECT name FROM item")))',
        "OperationalError: (sqlite3.OperationalError) no such table: item",
        "[SQL: SELECT name FROM item]",
    ]


def test_the_name_and_the_message_stay_whole(errors: dict[str, Any]) -> None:
    """nbval compares these two, and the link of SQLAlchemy is in the message."""
    error = errors["items()"]

    assert error.ename == "OperationalError"
    assert "(Background on this error at: https://sqlalche.me/e/" in error.evalue


def test_a_mistake_in_a_cell_names_its_lines(errors: dict[str, Any]) -> None:
    """Each line of the reader's that led there, in order."""
    assert shown(errors["def half(n):\n    return 1 / n\nhalf(0)"]) == [
        "Line 3 of a cell:",
        "    half(0)",
        "Line 2 of a cell, in half:",
        "    return 1 / n",
        "ZeroDivisionError: division by zero",
    ]


def test_a_file_of_the_reader_is_named(errors: dict[str, Any]) -> None:
    """By its name alone: its folder is one of this machine."""
    assert shown(errors["import mine\nmine.fail()"])[2:] == [
        "Line 2 of mine.py, in fail:",
        "    raise KeyError('lamp')",
        "KeyError: 'lamp'",
    ]


def test_a_message_of_several_lines_is_shown_whole(errors: dict[str, Any]) -> None:
    """Only the link of SQLAlchemy is left out."""
    assert shown(errors["raise ValueError('one\\ntwo')"])[-2:] == ["ValueError: one", "two"]


def test_an_interrupt_is_short(errors: dict[str, Any]) -> None:
    """It has no message, and the lines say where the cell was."""
    error = errors["def wait():\n    raise KeyboardInterrupt\nwait()"]

    assert shown(error)[-2:] == ["    raise KeyboardInterrupt", "KeyboardInterrupt"]


def test_a_syntax_error_is_left_to_python(errors: dict[str, Any]) -> None:
    """It has no frames, and the sign under the line is what helps."""
    assert errors["def half(:"].ename == "SyntaxError"


def test_a_folder_that_was_removed_is_told_so(errors: dict[str, Any]) -> None:
    """As in a cell that is run after Clean up; and no other file that is missing."""
    last = "That folder was removed, as Clean up does: run the section again from its first cell."
    lines = shown(errors[REMOVED])

    assert lines[-2].startswith("FileNotFoundError: ")
    assert lines[-1] == last
    assert _message(FileNotFoundError(2, "No such file", "/nowhere/mine.txt"))[-1] != last


def test_a_name_that_is_not_there_yet_is_told_so(errors: dict[str, Any]) -> None:
    """As in a cell that is run out of order."""
    assert shown(errors["house.remove()"])[-2:] == [
        "NameError: name 'house' is not defined",
        "If a cell above makes house, run that cell first.",
    ]


def test_a_letter_without_quotes_is_told_so() -> None:
    """As in `prediction = b`."""
    error = NameError("name 'b' is not defined", name="b")

    assert _message(error)[-1] == 'If b is your prediction, put it between quotes: "b".'
