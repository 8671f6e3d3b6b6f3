"""Each notebook is run once, as a learner works through it, and several tests ask about the run.

Every solution is right, exactly one choice holds, no prediction stops a notebook, a cell that
looks can be run again, and after the last cell nothing is left behind.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import nbformat
import pytest
from choices import RIGHT
from frame_rules import said
from leftovers import framed, left_behind
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_rules import code_cells, stored_text, tagged, tags
from working import looked_twice, worked_through

from helpers.publish.execute import run, sanitized

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))


def others(notebook: Any) -> list[list[dict[str, Any]]]:
    """What the cells show that neither ask nor answer, as nbval compares it."""
    asked = {"prediction", "compare", "exercise", "check"}
    cells = [cell for _, cell in code_cells(notebook) if not tags(cell) & asked]
    return [sanitized(cell.outputs) for cell in cells if cell.outputs]


def complaints(stored: Any, done: Any) -> list[str]:
    """What is wrong, when a notebook was worked through."""
    found = [
        f"{name} says of a solution: {said(cell)}"
        for name, cell in tagged(done, "check")
        if not said(cell).startswith("Right")
    ]
    for name, cell in tagged(done, "compare"):
        told = json.loads(stored_text(cell))
        key = cell.source.partition('_try_all("')[2][:3]
        wrong = of_rows(told) if "right" in told else of_choices(told, RIGHT.get(key))
        found += [f"{name} {each}" for each in wrong]
    for was, shown in zip_longest(others(looked_twice(stored)), others(done)):
        if was != shown:
            found.append(f"another cell shows something else: {shown}, and not {was}")
    return found


def of_rows(told: dict[str, list[str]]) -> Iterator[str]:
    """What is wrong with the answers to rows."""
    for rows, mark in {"right": "✓", "wrong": "✗"}.items():
        if not all(line.startswith(mark) for line in told[rows]):
            yield f"says of {rows} rows: {told[rows]}"


def of_choices(told: dict[str, list[str]], right: str | None) -> Iterator[str]:
    """What is wrong with the answers to choices.

    :param right: the letter that ``choices`` has for them, if it has any.
    """
    holds = [letter for letter, lines in told.items() if lines[0].startswith("Correct")]
    if holds != [right] and (right or len(holds) != 1):
        yield f"finds that {holds} hold"
    for letter in told.keys() - set(holds):
        if "speaks against it. " not in told[letter][0]:
            yield f"says of {letter}: {told[letter]}"


@dataclass
class Run:
    """A notebook that was worked through."""

    stored: Any
    done: Any
    left: dict[str, int]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def worked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """Each notebook, one after the other, in a folder that no other test sees."""
    path: Path = request.param
    folder = tmp_path_factory.mktemp(path.stem)
    shutil.copytree(path.parent, folder / "notebooks")
    (folder / "temporary").mkdir()
    stored = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder / "temporary"))
        done = run(framed(worked_through(stored)), folder / "notebooks")
    yield Run(stored, done, left_behind(done))


def test_a_notebook_can_be_worked_through(worked: Run) -> None:
    """Each solution is right, each form can be filled in, and nothing else changes.

    A cell that looks shows the same labels again.
    """
    solutions, checks = (list(tagged(worked.done, tag)) for tag in ("solution", "check"))
    assert len(solutions) <= len(checks)
    assert complaints(worked.stored, worked.done) == []


def test_a_notebook_leaves_nothing_behind(worked: Run) -> None:
    """No thread, connection, listening socket, child process or file is new at the end."""
    assert worked.left == {}


# That this test can fail


def small(solution: str, *choices: str) -> Any:
    """A notebook of one prediction and one exercise."""
    judge = 'lambda x: Verdict("right" if x == 2 else "not yet", "")'
    options = ", ".join(
        f'"{letter}": lambda rows: {speaks}' for letter, speaks in zip("abc", choices, strict=False)
    )

    def code(source: str, tag: str = "") -> Any:
        return new_code_cell(source, metadata={"tags": [tag]} if tag else {})

    cells = [
        code("from helpers.learn import Verdict, check, compare\nrows = [1, 2]"),
        code('prediction = ""', "prediction"),
        code(f'compare("01a", lambda: (prediction, rows), choices={{{options}}})', "compare"),
        code("answer = None", "exercise"),
        code(f'check("01b", {judge}, lambda: answer)', "check"),
        new_markdown_cell(f"```python\n{solution}\n```\n", metadata={"tags": ["solution"]}),
    ]
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("notebook", "found"),
    [
        (small("answer = 2", "rows", "[]"), None),
        (small("answer = 3", "rows", "[]"), "says of a solution: Not yet."),
        (small("answer = 2", "[]", "[]"), "finds that ['a', 'b'] hold"),
        (small("answer = 2", "rows", "rows"), "finds that [] hold"),
    ],
    ids=["good", "wrong solution", "two hold", "none holds"],
)
def test_what_is_wrong_is_found(notebook: Any, found: str | None, tmp_path: Path) -> None:
    """In a notebook of one prediction and one exercise."""
    done = run(worked_through(notebook), tmp_path)

    wrong = complaints(notebook, done)

    assert (found in wrong[0]) if found else (wrong == [])


@pytest.mark.parametrize(
    ("start", "found"), [("in the cell", 0), ("above", 1)], ids=["a new one", "goes on counting"]
)
def test_a_look_that_changes_when_it_is_run_again_is_found(
    start: str, found: int, tmp_path: Path
) -> None:
    """As where the observer is made in the cell above."""
    makes = "from itertools import count\nlabels = count(1)"
    looks = 'print("thread connection database D", next(labels))'
    sources = [makes, looks] if start == "above" else ["", f"{makes}\n{looks}"]
    notebook = small("answer = 2", "rows", "[]")
    notebook.cells[:0] = map(new_code_cell, sources)
    stored = run(notebook, tmp_path)

    wrong = complaints(stored, run(worked_through(stored), tmp_path))

    assert len(wrong) == found, wrong


def test_what_is_left_behind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread, a connection, a file; and closing the connection is enough."""
    own = tmp_path / "temporary"  # where nobody else makes files meanwhile
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    lines = [
        "import sqlite3, threading",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "connection, other = sqlite3.connect(':memory:'), sqlite3.connect('shop.db')",
        "other.close()",
    ]
    done = run(framed(new_notebook(cells=[new_code_cell("\n".join(lines))])), tmp_path)

    assert left_behind(done) == {"threads": 1, "connections": 1, "files here": 1}
