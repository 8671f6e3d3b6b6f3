"""After its last cell, or when its kernel is killed, a notebook has left nothing behind."""

from __future__ import annotations

import ast
import sys
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient.exceptions import DeadKernelError

from helpers.publish.execute import run

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

# IPython has threads and a database of its own, so what was there before is not counted.
BEFORE = """
import gc as _gc, os as _os, sqlite3 as _sqlite3, tempfile as _tempfile, threading as _threading
import psutil as _psutil

def _is_open(connection):
    try:
        return connection.total_changes >= 0
    except _sqlite3.ProgrammingError:  # closed, and known to a variable of the notebook
        return False

def _present():
    _gc.collect()
    me = _psutil.Process()
    return {
        "threads": {thread.name for thread in _threading.enumerate()},
        "connections": {
            id(o)
            for o in _gc.get_objects()
            if type(o).__mro__[-2] is _sqlite3.Connection and _is_open(o)
        },
        "sockets": {c.laddr.port for c in me.net_connections("tcp") if c.status == "LISTEN"},
        "children": {child.pid for child in me.children(recursive=True)},
        "files here": set(_os.listdir()),
        "temporary files": {n for n in _os.listdir(_tempfile.gettempdir())},
    }

_before = _present()
"""
AFTER = """
_after = _present()
{what: len(_after[what] - _before[what]) for what in _before}
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_leaves_nothing_behind(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread, connection, listening socket, child process or file is new at the end."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BEFORE))
    notebook.cells.append(nbformat.v4.new_code_cell(AFTER))

    left = run(notebook, path.parent).cells[-1].outputs[0].data["text/plain"]

    assert ast.literal_eval(left) == dict.fromkeys(ast.literal_eval(left), 0)


KILL = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
STARTS_SOMETHING = [
    path
    for path in NOTEBOOKS
    if any(name in path.read_text(encoding="utf-8") for name in ("Process(", "PostgresServer("))
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("path", STARTS_SOMETHING, ids=lambda path: path.stem)
def test_a_killed_kernel_leaves_nothing_behind(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a chance to clean up: no process, and no temporary folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    titles = [cell.source.partition("\n")[0] for cell in notebook.cells]
    notebook.cells[titles.index("## Clean up") :] = [nbformat.v4.new_code_cell(KILL)]

    with pytest.raises(DeadKernelError):
        run(notebook, path.parent)
    _, alive = psutil.wait_procs(started_with(tmp_path), timeout=20)

    assert alive == []
    assert list(tmp_path.iterdir()) == []


def started_with(temporary: Path) -> list[psutil.Process]:
    """The processes whose temporary folder is this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(temporary):
                found.append(process)
    return found
