"""Serves the probe from a process with the Python of a stack, and asks it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from helpers.spawn import Process, TemporaryFolder
from helpers.years.cases import Case

PROBE = Path(__file__).with_name("probe.py")
PATIENCE = 30.0  # seconds for a start, and for an answer
PAUSE = 0.02  # seconds between two tries to reach a server that starts
LEFT_OUT = ("FLASK_", "WERKZEUG_", "PROBE")  # variables that would change a case

GIVEN: set[int] = set()  # ports: the system gives one again while nobody listens on it yet
CHOOSING = threading.Lock()

Ask = Callable[[str], tuple[int, dict[str, Any]]]


class Hindrance(Exception):
    """Why a stack cannot be measured, as a sentence."""


class PortTaken(Hindrance):
    """Another program was faster to take the port that a case was given."""


@contextmanager
def served(python: str, case: Case, patience: float = PATIENCE) -> Iterator[Ask]:
    """Serve the probe, and end all that it started at the end of the block.

    :param python: the Python of the stack.
    :param case: what is measured.
    :param patience: seconds for the start, and for each answer.
    :return: a function that takes a path, and returns a status and what was answered. It
        raises :exc:`Hindrance` when there is no answer, or not one of the probe.
    """
    with own_port() as port:
        token = secrets.token_hex(4)
        probe = {
            "question": case.question,
            "extension": case.extension == "yes",
            "bootstrap": case.bootstrap,
            "url": "sqlite:///shop.db" if case.database == "file" else "sqlite://",
            "options": run_options(case),
            "port": port,
            "token": token,
        }
        with started([python, *arguments(case, port)], probe) as process:

            def ask(path: str) -> tuple[int, dict[str, Any]]:
                status, found = _when_up(process, port, f"{path}?token={token}", patience)
                if found.get("token") != token:
                    raise PortTaken(f"another program answered on its port {port}: {found}")
                return status, found

            yield ask


@contextmanager
def started(command: list[str], probe: dict[str, Any]) -> Iterator[Process]:
    """Start the probe in a folder of its own, where no package of ours is around it.

    :param command: starts ``probe.py`` in the current folder.
    :param probe: what its variable ``PROBE`` says.
    """
    # Python's own variables belong to the installed stack, and would change another one.
    left_out = LEFT_OUT if command[0] == sys.executable else (*LEFT_OUT, "PYTHON", "VIRTUAL_ENV")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(left_out)}
    own = {"PROBE": json.dumps(probe), "FLASK_APP": PROBE.name}
    env = kept | own | {"LC_ALL": "C.UTF-8"}  # click refuses ASCII on Python 3.6
    with TemporaryFolder() as folder:
        shutil.copy(PROBE, folder.path)
        with Process(command, cwd=folder.path, env=env, pass_fds=folder.lifeline) as process:
            yield process


def arguments(case: Case, port: int) -> list[str]:
    """How to start the probe in the mode of a case, after the name of the Python."""
    if not case.mode.startswith("cli"):
        return [PROBE.name]
    threads = {"on": ["--with-threads"], "off": ["--without-threads"], "default": []}
    reload = "--reload" if case.mode == "cli-reloader" else "--no-reload"
    flask_run = ["-m", "flask", "run", "--port", str(port), "--no-debugger", reload]
    return flask_run + threads[case.threaded]


def run_options(case: Case) -> dict[str, bool]:
    """The arguments of ``app.run`` in a case; a default is left out."""
    options = {"use_reloader": True} if case.mode == "reloader" else {}
    if case.mode == "debug":
        options = {"debug": True, "use_debugger": False}
    if case.threaded != "default":
        options["threaded"] = case.threaded == "on"
    return options


@contextmanager
def own_port() -> Iterator[int]:
    """A port that no other case of this process has until the block ends."""
    with CHOOSING:
        while (port := free_port()) in GIVEN:
            pass
        GIVEN.add(port)
    try:
        yield port
    finally:
        GIVEN.discard(port)


def free_port() -> int:
    """A port that was free a moment ago: old Werkzeug does not say which one it was given."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def end_of(process: Process) -> str:
    """The last line that a process printed."""
    lines = [line for line in process.output.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing"


def _when_up(process: Process, port: int, path: str, patience: float) -> tuple[int, dict[str, Any]]:
    """Send one request, and send it again while nobody listens."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return _get(port, path, patience)
        except ConnectionError:
            with suppress(TimeoutError):
                process.wait(PAUSE)
                kind = PortTaken if "in use" in process.output else Hindrance
                raise kind(f"it ended before it answered: {end_of(process)}") from None
            if time.monotonic() > deadline:
                raise Hindrance(f"nobody listened within {patience:g} s") from None
        except TimeoutError:
            raise Hindrance(f"no answer within {patience:g} s: {end_of(process)}") from None
        except (ValueError, http.client.HTTPException):
            raise Hindrance(f"an answer that makes no sense: {end_of(process)}") from None


def _get(port: int, path: str, patience: float) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, dict(json.loads(reply.read()))
    finally:
        connection.close()
