"""A second kernel, in which a cell may block, break or end what it likes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest
from conftest import children, wait_for_end

from helpers.spawn import Kernel


def test_it_says_what_became_of_each_cell() -> None:
    """It ended, raised, printed, also from a thread; or it still runs, and is interrupted."""
    with Kernel() as other:
        assert other.run("print('said')").printed == "said\n"
        failed = other.run("1 / 0")
        assert (failed.ended, failed.error) == (True, "ZeroDivisionError: division by zero")

        said = other.run(
            "import threading\n"
            "go = threading.Event()\n"
            "threading.Thread(target=lambda: go.wait() and print('late')).start()"
        )
        assert (said.ended, said.printed) == (True, "")
        assert other.run("go.set()", until="late\n").printed == "late\n"

        blocked = other.run("print('begun'); threading.Event().wait()", until="begun")
        assert not blocked.ended
        assert not other.run("1 + 1", seconds=0.2).ended
        other.interrupt()
        assert other.run("print('free again')").printed == "free again\n"


def test_each_cell_sees_what_the_ones_before_have_made() -> None:
    """And the next kernel sees nothing of it."""
    with Kernel() as other:
        other.run("made = 1")
        assert other.run("print(made)").printed == "1\n"
    with Kernel() as other:
        assert other.run("made").error == "NameError: name 'made' is not defined"


def test_it_ends_when_nobody_refers_to_it() -> None:
    """As where a cell was interrupted."""
    before = children()
    other = Kernel().__enter__()
    assert children() - before
    del other
    assert wait_for_end(children, before) == set()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL.")
def test_it_ends_when_its_notebook_is_killed() -> None:
    """It looks for its parent once a second."""
    program = """
import os, psutil
from helpers.spawn import Kernel
with Kernel() as other:
    print(*[each.pid for each in psutil.Process().children()], flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as notebook:
        assert notebook.stdout
        started = [psutil.Process(int(pid)) for pid in notebook.stdout.readline().split()]
        assert started
        notebook.send_signal(signal.SIGKILL)
    assert psutil.wait_procs(started, timeout=20)[1] == []
