"""What takes seconds by its nature: a killed kernel, and a process that does not want to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

from helpers.spawn import Process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

HOLDER = """
import sys
from helpers.spawn import PostgresServer
server = PostgresServer()
print(server.url, flush=True)
sys.stdin.read()
"""


def test_stop_ends_what_does_not_want_to() -> None:
    """A process that ignores the requests to end is killed after a few seconds."""
    source = """
import signal, threading
for each in (signal.SIGINT, signal.SIGTERM):
    signal.signal(each, signal.SIG_IGN)
print("up", flush=True)
threading.Event().wait()
"""
    with Process([sys.executable, "-c", source], ready="up") as process:
        family = psutil.Process().children(recursive=True)
    _, alive = psutil.wait_procs(family, timeout=20)

    assert alive == []
    assert process.returncode == -signal.SIGKILL


def test_a_killed_kernel_leaves_no_server_and_no_folder() -> None:
    """Both are gone when the pipe that their watchdogs hold is closed."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert holder.stdin and holder.stdout
    folder = Path(str(make_url(holder.stdout.readline().strip()).query["host"]))
    family = psutil.Process(holder.pid).children(recursive=True)
    assert any("postgres" in each.name() for each in family)

    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)

    assert alive == []
    assert not folder.exists()
