"""Notebooks run in place: no line changes where nothing did, and nothing is lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.publish.execute import KERNEL, code_cells, main, sanitized

SOURCES = [
    "import threading\nprint('one')\nprint('two', flush=True)\nprint('three')",
    "f'tid-{threading.get_ident()} in v{__import__(\"sys\").version_info.major}.1'",
    "1 / 0",
    "from IPython.display import display\ndisplay('shown')\n'result'",
    "nothing = None",
]


def write(path: Path, *sources: str, raises: str = "1 / 0") -> Path:
    """A notebook as an author leaves it: never run, with metadata of an editor."""
    cells = [new_markdown_cell("# A notebook", metadata={"editable": True})]
    for number, source in enumerate(sources):
        tags = ["raises-exception"] if source == raises else []
        metadata = {"collapsed": True} | ({"tags": tags} if tags else {})
        cells.append(new_code_cell(source, id=f"cell-{number}", metadata=metadata))
    notebook = new_notebook(
        cells=cells, metadata={"widgets": {}, "kernelspec": KERNEL | {"name": "x"}}
    )
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


def read(path: Path) -> Any:
    """The notebook in a file."""
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that every user can enter, for the whole module."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def once(folder: Path) -> Path:
    """A notebook that has been run once."""
    path = write(folder / "once.ipynb", *SOURCES)
    assert main([str(path)]) == 0
    return path


def test_every_cell_is_executed_and_stored(once: Path) -> None:
    """Counts run from 1, and each cell has its outputs."""
    cells = code_cells(read(once))

    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5]
    assert [len(cell.outputs) for cell in cells] == [1, 1, 1, 2, 0]
    assert cells[0].outputs[0].text == "one\ntwo\nthree\n"
    assert cells[3].outputs[1].execution_count == 4


def test_only_metadata_of_the_lesson_is_kept(once: Path) -> None:
    """Tags, the kernel and the language; nothing of an editor and no version."""
    notebook = read(once)

    assert [dict(cell.metadata) for cell in code_cells(notebook)] == [
        {},
        {},
        {"tags": ["raises-exception"]},
        {},
        {},
    ]
    assert notebook.metadata == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    assert notebook.cells[0].metadata == {}


def test_an_error_keeps_no_folder_of_this_machine(once: Path) -> None:
    """The name and the message are stored; frames as IPython shows them are not."""
    [error] = code_cells(read(once))[2].outputs

    assert error.traceback == ["ZeroDivisionError: division by zero"]
    assert "File" not in once.read_text(encoding="utf-8")


def test_a_second_run_changes_nothing(once: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a byte and not even the time of the file, though the thread's id is another."""
    stored = read(once)
    [output] = code_cells(stored)[1].outputs
    output.data["text/plain"] = "'tid-123   in   v9.8'"
    once.write_text(nbformat.writes(stored) + "\n", encoding="utf-8")
    before, modified = once.read_bytes(), once.stat().st_mtime_ns

    assert main([str(once)]) == 0

    assert (once.read_bytes(), once.stat().st_mtime_ns) == (before, modified)
    assert capsys.readouterr().out == f"{once}: unchanged\n"


def test_only_what_is_no_longer_true_changes(
    folder: Path, once: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stale texts, and frames that an editor stored, are replaced; the rest keeps its form."""
    stored = read(once)
    cells = code_cells(stored)
    cells[0].outputs[0].text = "stale\n"
    cells[1].outputs[0].data["text/plain"] = "'tid-123 in v9.8'"
    cells[2].outputs[0].traceback = ["File /home/me/lesson.py"]
    cells[3].outputs[1].execution_count = 14
    path = folder / "stale.ipynb"
    path.write_text(nbformat.writes(stored), encoding="utf-8")

    assert main([str(path)]) == 0

    cells = code_cells(read(path))
    assert cells[0].outputs[0].text == "one\ntwo\nthree\n"
    assert cells[1].outputs[0].data["text/plain"] == "'tid-123 in v9.8'"
    assert cells[2].outputs[0].traceback == ["ZeroDivisionError: division by zero"]
    assert cells[3].outputs[1].execution_count == 4
    assert capsys.readouterr().out == f"{path}: changed\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [("1 / 0", "division by zero"), ("import os; os._exit(1)", "Kernel died")],
    ids=["raises", "ends the kernel"],
)
def test_a_cell_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, said: str
) -> None:
    """The message names the notebook and tells the error."""
    path = write(tmp_path / "fails.ipynb", "'fine'", source, raises="")
    before = path.read_bytes()

    assert main([str(path)]) == 1

    assert path.read_bytes() == before
    printed = capsys.readouterr().out
    assert printed.startswith(f"{path}: a cell failed, and the file was left as it was.\n")
    assert said in printed


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.ipynb", None, "No such file or directory"),
        (".", None, "Is a directory"),
        ("text.ipynb", "hello", "this is not a notebook"),
        ("list.ipynb", "[]", "this is not a notebook"),
        ("object.ipynb", "{}", "this is not a notebook"),
        ("other.ipynb", '{"nbformat": 4, "nbformat_minor": 5, "cells": [5]}', "not a notebook"),
        ("latin.ipynb", b"\xe4", "utf-8"),
    ],
)
def test_what_is_no_notebook_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str | bytes | None,
    reason: str,
) -> None:
    """One sentence says what was given, why it cannot be used and what to name instead."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert main([str(path)]) == 2

    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{path} cannot be used (")
    assert reason in line
    assert line.endswith("name notebooks such as notebooks/*.ipynb.")


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    """A notebook that this process may read and not write, also when it runs as root."""
    path = write(folder / "read_only.ipynb", "'fine'")
    path.chmod(0o444)
    nobody = 65534
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.seteuid(nobody)
        yield path
        os.seteuid(0)
    else:
        yield path
    path.chmod(0o644)


def test_a_file_that_cannot_be_written_is_refused(
    read_only: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before its cells run, not after."""
    monkeypatch.setattr("helpers.publish.execute.run", lambda *_: pytest.fail("its cells ran"))

    assert main([str(read_only)]) == 2

    assert capsys.readouterr().out == (
        f"{read_only} cannot be used (Permission denied):"
        " name notebooks such as notebooks/*.ipynb.\n"
    )


def test_no_notebook_named_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The command says what it takes."""
    with pytest.raises(SystemExit, match="2"):
        main([])

    assert "python -m helpers.publish.execute" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tid-1 and id-1234567", "tid-22 and id-7654321"),
        ("tid-1\nv2.0.58\tend", "tid-1\nv2.1.9   end"),
        ("thread id 140 at 0x7f", "thread id 7 at 0xAB"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:43210/"),
        ("https://sqlalche.me/e/20/e3q8", "https://sqlalche.me/e/21/e3q8"),
    ],
)
def test_what_varies_is_taken_for_the_same(one: str, other: str) -> None:
    """As nbval does: the replacements are made in the text itself, line by line."""

    def stored(text: str) -> list[Any]:
        return [new_output("stream", name="stdout", text=text)]

    assert sanitized(stored(one)) == sanitized(stored(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (new_output("stream", text="1"), new_output("stream", text="2")),
        (new_output("stream", text="1"), new_output("stream", text="1", name="stderr")),
        (new_output("stream", text="1"), new_output("display_data", {"text/plain": "1"})),
        (new_output("error", ename="A", evalue="x"), new_output("error", ename="A", evalue="y")),
        (
            new_output("display_data", {"text/plain": "1"}),
            new_output("display_data", {"text/plain": "1", "text/html": "1"}),
        ),
    ],
    ids=["text", "stream", "kind", "error", "form"],
)
def test_what_differs_is_told_apart(one: Any, other: Any) -> None:
    """A difference in any form of an output counts."""
    assert sanitized([one]) != sanitized([other])


def test_a_photo_is_not_compared_and_the_frames_of_an_error_are() -> None:
    """nbval leaves out both; what is stored of an error is what a learner sees."""

    def stored(picture: str, count: int, frame: str = "here") -> list[Any]:
        data = {"image/png": picture, "text/plain": "a plot"}
        return [
            new_output("execute_result", data, execution_count=count),
            new_output("error", ename="E", evalue="e", traceback=[frame]),
        ]

    assert sanitized(stored("one", 1)) == sanitized(stored("other", 2))
    assert sanitized(stored("one", 1)) != sanitized(stored("one", 1, "there"))
