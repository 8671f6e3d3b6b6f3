"""``make lesson`` opens the first notebook in JupyterLab, and leaves it as it was."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.tasks.lesson import FIRST, before_save
from helpers.tasks.places import ROOT, VENV


def opened_notebook(language: dict[str, Any] | None) -> dict[str, Any]:
    """A notebook as JupyterLab hands it over to be saved."""
    metadata = {} if language is None else {"language_info": language}
    return {"type": "notebook", "content": {"cells": [], "metadata": metadata}}


def test_a_notebook_that_was_only_opened_is_saved_as_it_was() -> None:
    """What JupyterLab writes about the Python at hand does not reach the file."""
    model = opened_notebook({"name": "python", "version": "3.13.0", "file_extension": ".py"})
    before_save(model=model, path="a.ipynb", contents_manager=None)
    assert model == opened_notebook({"name": "python"})


def test_a_learners_notebook_is_saved_as_jupyterlab_has_it() -> None:
    """Or it would be marked as changed whenever it is opened."""
    language = {"name": "python", "version": "3.13.0", "file_extension": ".py"}
    model = opened_notebook(language)
    before_save(model=model, path="workbook/a.ipynb", contents_manager=None)
    assert model == opened_notebook(language)


@pytest.mark.parametrize("language", [None, {"name": "R", "version": "4.4"}])
def test_other_notebooks_are_saved_as_they_are(language: dict[str, Any] | None) -> None:
    """A reader's own notebook in another language keeps its metadata."""
    model = opened_notebook(language)
    before_save(model=model, path="a.ipynb", contents_manager=None)
    assert model == opened_notebook(language)


def test_a_text_file_is_saved_as_it_is() -> None:
    """What is not a notebook is left alone."""
    model = {"type": "file", "content": "text"}
    before_save(model=model, path="a.txt", contents_manager=None)
    assert model == {"type": "file", "content": "text"}


in_the_lessons_own_python = pytest.mark.skipif(
    Path(sys.prefix).resolve() != VENV.resolve(),
    reason="It would install the lesson: run it with `make test`, which has done so.",
)


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that no other program is given meanwhile, another run of this test included."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()  # elsewhere, a port that is held is not free for a server
        yield port


@in_the_lessons_own_python
@pytest.mark.skipif(os.name == "nt", reason="There is no signal on Windows that ends it alone.")
def test_the_lesson_opens_and_ends(tmp_path: Path, free_port: int) -> None:
    """JupyterLab serves the first notebook, asks for no consent to news, and leaves no process."""
    environment = os.environ | {"HOME": str(tmp_path), "BROWSER": "true", "PORT": str(free_port)}
    with running_lesson(
        sys.executable, ROOT / "helpers" / "tasks", "lesson", env=environment
    ) as lesson:
        page = get(address(lesson))
    assert re.search(
        r'"disabledExtensions": \[[^]]*"@jupyterlab/apputils-extension:announcements"', page
    )


@contextmanager
def running_lesson(*command: str | Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """JupyterLab as a command starts it; a signal ends it, and that is no failure."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    ) as lesson:
        try:
            yield lesson
        finally:
            lesson.send_signal(signal.SIGTERM)
        lesson.communicate(timeout=30)
    assert lesson.returncode == 0


def address(lesson: subprocess.Popen[str]) -> str:
    """The address that the lesson prints, as soon as it answers there."""
    assert lesson.stdout
    first = rf"http://127\.0\.0\.1:(\d+)/lab/tree/{re.escape(FIRST)}\?token=\w+"
    for line in lesson.stdout:
        if match := re.search(first, line):
            break
    else:
        pytest.fail("The lesson ended without an address.")
    # It prints the address, then listens; there is no later sign to wait for.
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", int(match[1]))).close()
        except ConnectionRefusedError:
            continue
        break
    return match[0]


def get(url: str) -> str:
    """The body of a page of this machine, whatever proxy is set."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as answer:
        return str(answer.read(), "utf-8")
