"""An installation that cannot work ends in one sentence, and the next try starts anew."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_commands import WITHOUT_VENV, give, project

from helpers.tasks.places import PYTHON, ROOT

__all__ = ["project"]  # a fixture
NO_SETTINGS = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}


@pytest.fixture(autouse=True)
def pip_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of this machine would have pip go another way."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for name, value in NO_SETTINGS.items():
        monkeypatch.setenv(name, value)


@contextmanager
def a_port(*, listening: bool) -> Iterator[str]:
    """An address where nobody listens, or where somebody accepts and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listening:
            server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def install(project: Path, **settings: str) -> tuple[int, str]:
    """Try to install the lesson."""
    return give(project, sys.executable, "helpers/tasks", "install", **settings)


NETWORK = "The package index cannot be reached: connect to the network, then give the same "
PROXY = "The proxy that is set does not answer: correct or remove its setting, then give the same "


def test_without_a_network_the_reason_is_said(project: Path) -> None:
    """And what is half made is neither trusted nor in the way."""
    with a_port(listening=False) as nobody:
        status, said = install(project, PIP_INDEX_URL=f"{nobody}/simple")
    assert (status, said) == (1, NETWORK + "command again.\n")
    _, said = give(project, sys.executable, "-c", WITHOUT_VENV)
    assert "cannot make a virtual environment" in said


def test_a_network_that_never_answers_is_not_waited_for(project: Path) -> None:
    """Within a minute."""
    with a_port(listening=True) as silent:
        started = time.monotonic()
        status, said = install(project, PIP_INDEX_URL=f"{silent}/simple")
    assert (status, said) == (1, NETWORK + "command again.\n")
    assert time.monotonic() - started < 60


def test_a_proxy_that_is_down_is_named(project: Path) -> None:
    """Whether pip or the environment sets it."""
    with a_port(listening=False) as nobody:
        assert install(project, PIP_PROXY=nobody) == (1, PROXY + "command again.\n")
        assert install(project, HTTPS_PROXY=nobody) == (1, PROXY + "command again.\n")


def test_a_broken_environment_is_made_anew(project: Path) -> None:
    """One whose Python is gone, which is what an update of the system leaves."""
    with a_port(listening=False) as nobody:
        install(project, PIP_INDEX_URL=f"{nobody}/simple")
        python = project / PYTHON.relative_to(ROOT)
        python.unlink()
        assert install(project, PIP_INDEX_URL=f"{nobody}/simple")[1].startswith(NETWORK)
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="chattr is Linux's")
def test_a_folder_that_cannot_be_written_to_is_named(project: Path) -> None:
    """Even root cannot write into a folder that is immutable."""
    project.chmod(0o555)
    root = os.geteuid() == 0
    if root and subprocess.run(["chattr", "+i", project], check=False).returncode:
        pytest.skip("This file system cannot make a folder immutable.")
    try:
        status, said = install(project)
    finally:
        if root:
            subprocess.run(["chattr", "-i", project], check=True)
        project.chmod(0o755)
    assert status == 1
    assert said.startswith(f"{project / '.venv'} could not be made (")
    assert said.endswith("): copy the lesson to a folder that you can write to, then try again.\n")
