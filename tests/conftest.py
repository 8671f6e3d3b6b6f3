"""Which tests are slow, and: fail each test that leaves something behind.

Notebook cells are not functions, so this does not run for them: slow/test_worked_through.py does.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

# For what is ending already; a real leftover stays longer. Counted in turns, so that a busy
# machine, which holds up what ends, holds up this process, too.
TURNS, TURN = 200, 0.01  # seconds
MADE_BY_TOOLS = {
    *("__pycache__", ".ipynb_checkpoints", ".virtual_documents"),
    *("dist", "handout", "screenshots", "workbook"),
}
collect_ignore = ["case/repaired"]  # a repaired project with tests of its own
SLOW = {"browser", "repair", "slow"}  # folders; a run of each notebook tries its solutions, too
IN_PARALLEL = "PYTEST_XDIST_WORKER" in os.environ
FILES = pytest.StashKey[set[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what `make test` leaves out and `make slow` runs."""
    for item in items:
        if SLOW & set(item.path.relative_to(config.rootpath).parts):
            item.add_marker("slow")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Look which files there are before tests that run in parallel."""
    if not IN_PARALLEL:
        session.config.stash[FILES] = files_below(session.config.rootpath)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail when there are more files than before: no single test can tell in parallel."""
    before = session.config.stash.get(FILES, None)
    if before is not None and (new := files_below(session.config.rootpath) - before):
        print(f"\nThe tests left behind {sorted(new)}.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compare what there is before and after a test."""
    root = request.config.rootpath
    looks: dict[str, Callable[[], set[str]]] = {
        "threads": threads,
        "child processes": children,
        "sockets": sockets,
        "open files": open_files,
    }
    if not IN_PARALLEL:
        looks["files in the tree"] = lambda: files_below(root)
    before = {what: look() for what, look in looks.items()}
    yield
    left = {}
    for what, look in looks.items():
        if new := wait_for_end(look, before[what]):
            left[what] = sorted(new)
    if left:
        pytest.fail(f"This test left behind {left}.", pytrace=False)


def wait_for_end(look: Callable[[], set[str]], before: set[str]) -> set[str]:
    """Return what is new, after time enough to end for what is about to."""
    for _ in range(TURNS):
        if not (new := look() - before):
            break
        gc.collect()  # closes what is garbage, with a warning that fails the test
        threading.Event().wait(TURN)
    return new


def threads() -> set[str]:
    """Return the threads of this process."""
    return {f"{thread.name} ({thread.native_id})" for thread in threading.enumerate()}


def children() -> set[str]:
    """Return the processes that this one started.

    Not what they start: a PostgreSQL of a whole module forks when it likes, also when it is ready.
    """
    return {str(child.pid) for child in psutil.Process().children()}


def sockets() -> set[str]:
    """Return the network sockets of this process."""
    found = psutil.Process().net_connections("inet")
    return {f"{each.fd}: {each.laddr}" for each in found}


def open_files() -> set[str]:
    """Return the files that this process holds open."""
    return {f"{each.fd}: {each.path}" for each in psutil.Process().open_files()}


def files_below(root: Path) -> set[str]:
    """Return the files of the project, but for those of tools."""
    found: set[str] = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each[0] != "." and each not in MADE_BY_TOOLS]
        found.update(os.path.join(folder, each) for each in files)
    return found
