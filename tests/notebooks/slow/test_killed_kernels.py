"""When its kernel is killed while something runs, a notebook leaves nothing behind."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient.exceptions import DeadKernelError

from helpers.publish.execute import run

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("*.ipynb"))
STARTS_SOMETHING = [
    path
    for path in NOTEBOOKS
    if any(name in path.read_text(encoding="utf-8") for name in ("Process(", "PostgresServer("))
]
# The first process or server that a notebook starts takes its kernel with it, once it is ready.
DEADLY = """
import os, signal
from helpers import spawn

def _deadly(kind):
    class Deadly(kind):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)
    return Deadly

spawn.PostgresServer = _deadly(spawn.PostgresServer)
spawn.Process = _deadly(spawn.Process)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("path", STARTS_SOMETHING, ids=lambda path: path.stem)
def test_a_killed_kernel_leaves_nothing_behind(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a chance to clean up: no process, and no temporary folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(DEADLY))

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
