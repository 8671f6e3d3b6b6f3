"""Temporary folders: there while somebody holds them, and gone with their process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from helpers.spawn import Process, TemporaryFolder
from helpers.spawn import folder as folders

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no lifeline")

HOLDER = """
import sys
from helpers.spawn import TemporaryFolder
folder = TemporaryFolder()
(folder.new() / "shop.db").write_text("rows")
print(folder.path, flush=True)
sys.stdin.read()
"""


def children_end() -> None:
    """Wait for the end of all child processes."""
    psutil.wait_procs(psutil.Process().children(), timeout=20)


def test_each_new_folder_is_empty_and_its_own() -> None:
    """Two sections of a notebook never share a file."""
    with TemporaryFolder() as folder:
        first, second = folder.new(), folder.new()

        assert first != second
        assert list(first.iterdir()) == list(second.iterdir()) == []


def test_it_is_removed_with_all_that_is_in_it() -> None:
    """Removing it twice does no harm."""
    folder = TemporaryFolder()
    path = folder.path
    (folder.new() / "shop.db").write_text("rows")

    folder.remove()
    folder.remove()

    assert not path.exists()


def test_an_interrupt_before_its_remover_runs_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would remove it."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", interrupt)
    with pytest.raises(KeyboardInterrupt):
        TemporaryFolder(str(tmp_path))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("use", ["new", "path", "lifeline"])
def test_a_section_that_runs_again_after_the_clean_up_gets_a_new_folder(use: str) -> None:
    """Whatever it asks for first, there is a folder again, and it is removed like the first."""
    folder = TemporaryFolder()
    first = folder.path
    folder.remove()

    if use == "new":
        folder.new()
    else:
        getattr(folder, use)
    again = folder.path
    (folder.new() / "shop.db").write_text("rows")
    folder.remove()

    assert again != first
    assert not again.exists()


@pytest.fixture
def writer() -> Iterator[tuple[TemporaryFolder, Process]]:
    """A folder, and a process that holds its lifeline."""
    folder = TemporaryFolder()
    command = [sys.executable, "-c", "import sys, time; print('up', flush=True); time.sleep(60)"]
    with Process(command, "up", cwd=folder.path, pass_fds=folder.lifeline) as process:
        yield folder, process


@posix
def test_a_process_that_still_runs_does_not_make_the_removal_hang(
    writer: tuple[TemporaryFolder, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says what to stop; the folder goes with that process."""
    monkeypatch.setattr(folders, "WAIT", 0.1)
    folder, process = writer
    path = folder.path

    with pytest.raises(RuntimeError, match=r"still runs after 0\.1 s: stop that process\."):
        folder.remove()
    assert path.exists()
    folder.remove()
    process.stop()
    children_end()

    assert not path.exists()


@posix
def test_forgetting_the_folder_of_a_process_that_still_runs_does_not_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cell with both, that runs again, lets go of the folder first."""
    monkeypatch.setattr(folders, "WAIT", 0.1)
    command = [sys.executable, "-c", "import sys, time; print('up', flush=True); time.sleep(60)"]
    paths = []
    for _ in range(2):
        folder = TemporaryFolder()
        process = Process(command, "up", cwd=folder.path, pass_fds=folder.lifeline)
        paths.append(folder.path)
    process.stop()
    del folder
    children_end()

    assert [path for path in paths if path.exists()] == []


def test_a_cell_that_runs_again_removes_the_folder_of_its_first_run() -> None:
    """Nothing refers to the old folder any more."""
    folder = TemporaryFolder()
    path = folder.path

    folder = TemporaryFolder()

    assert not path.exists()
    folder.remove()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_it_is_removed_when_its_process_is_killed() -> None:
    """The remover notices, as the system closes the pipe to it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin and holder.stdout
    path = Path(holder.stdout.readline().strip())
    assert path.is_dir()

    holder.send_signal(signal.SIGKILL)
    holder.stdout.read()  # the remover holds the other end, until it is done
    holder.communicate()

    assert not path.exists()


WRITER = """
import os, signal, sys
def make_the_folder_again(*_):
    os.makedirs(os.path.join(sys.argv[1], "instance"), exist_ok=True)
    sys.exit()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, make_the_folder_again)
print("writing", flush=True)
signal.pause()
"""
HOLDER_OF_A_WRITER = f"""
import os, sys
from helpers.spawn import TemporaryFolder
from helpers.spawn import Process
folder = TemporaryFolder()
command = [sys.executable, "-c", {WRITER!r}, folder.path]
process = Process(command, ready="writing", pass_fds=[os.dup(1), *folder.lifeline])
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_it_is_removed_after_the_last_process_that_has_its_lifeline() -> None:
    """Else a process that is about to end could put back what was removed, as Flask would."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER_OF_A_WRITER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin and holder.stdout
    path = Path(holder.stdout.readline().strip())
    assert path.is_dir()

    holder.send_signal(signal.SIGKILL)
    holder.stdout.read()  # the writer holds the other end, too
    holder.communicate()

    assert not path.exists()
