"""A script that is served by the processes of a server, as a command line starts them."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from typing import Any

from helpers.look import ProcessObservation, across_processes
from helpers.serve import ask, take_turns
from helpers.show import waiting
from helpers.spawn import Process, TemporaryFolder

HAS_GUNICORN = sys.platform != "win32"
ADDRESS = r"(http://127\.0\.0\.1:\d+)"


def ask_workers(
    command: str,
    script: str,
    requests: Sequence[str],
    database: str = "sqlite://",
    first: str = "",
) -> list[ProcessObservation]:
    """Serve a script, send it requests that its workers answer in turn, and end all of it.

    Windows has no gunicorn. There, each worker is a process of waitress with a port of its own.

    :param command: ``"gunicorn --workers 2 shop:app"``, or ``"python shop.py"``.
    :param script: the source of ``shop.py``, which stands alone in a folder.
    :param requests: as for ``take_turns``.
    :param database: the URL, which the script finds in FLASK_SQLALCHEMY_DATABASE_URI.
    :param first: a command that runs to its end before, as ``"python shop.py"``.
    :returns: the looks that the script printed as JSON, and then those that the views returned,
        labeled as in ``across_processes``.
    :raises RuntimeError: when the script fails before it serves, or stops to answer.
    """
    servers, workers = _servers(command)
    env = {**os.environ, "FLASK_DEBUG": "0", "FLASK_SQLALCHEMY_DATABASE_URI": database}
    with ExitStack() as started:
        started.enter_context(waiting("The server starts, answers and ends"))
        folder = started.enter_context(TemporaryFolder())
        (folder.path / "shop.py").write_text(script, encoding="utf-8")
        how: dict[str, Any] = {"cwd": folder.path, "env": env, "pass_fds": folder.lifeline}
        if first:
            _run(first, **how)
        processes = [
            started.enter_context(Process(words, ready=ADDRESS, **how)) for words in servers
        ]
        urls = [process.ready[1] for process in processes if process.ready]
        try:
            answers = _answers(urls, requests, workers)
        except OSError as error:  # a time-out, too
            for process in processes:
                process.stop()
            raise RuntimeError(
                f"{command!r} doesn't answer any more ({error}) Its last words: {_last(processes)}"
            ) from None
    printed = "".join(process.output for process in processes)
    looks = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return across_processes(looks + answers)


def _answers(urls: list[str], requests: Sequence[str], workers: int) -> list[Any]:
    """Ask one server whose workers take turns, or several servers in turn."""
    if len(urls) == 1:
        return take_turns(urls[0], *requests, workers=workers)
    return [ask(url, request)[0] for url, request in zip(cycle(urls), requests)]


def _last(processes: Sequence[Process]) -> str:
    """The last error that a server printed, or else its last line."""
    printed = "".join(process.output for process in processes)
    errors = re.findall(r"^[\w.]+(?:Error|Exception)\b.*", printed, re.MULTILINE)
    return (errors or printed.strip().splitlines() or ["none"])[-1]


def _servers(command: str) -> tuple[list[list[str]], int]:
    """The command lines of the servers, and how many workers the first one has."""
    program, *options = command.split()
    if program == "python":
        return [[sys.executable, *options]], 1
    found = re.search(r"--workers (\d+)", command)
    if program != "gunicorn" or not found:
        raise ValueError(
            f"The command is {command!r}: write 'gunicorn --workers 2 shop:app', or"
            " 'python shop.py'."
        )
    workers = int(found[1])
    if not HAS_GUNICORN:
        waitress = ["-m", "waitress", "--listen=127.0.0.1:0", "--threads=1", options[-1]]
        return [[sys.executable, *waitress]] * workers, 1
    gunicorn = ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--no-control-socket"]
    return [[sys.executable, *gunicorn, *options]], workers


def _run(command: str, **how: Any) -> None:
    """Run a command of Python to its end."""
    _, *words = command.split()
    with Process([sys.executable, *words], **how) as process:
        if process.wait():
            raise RuntimeError(f"{command!r} failed before the server started: {process.output}")
