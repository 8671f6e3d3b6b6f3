"""Starts the probe in a process, asks it over HTTP, and returns what it found as rows."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from helpers.folders import TemporaryFolder
from helpers.processes import Process
from helpers.years.cases import Case, Row

PROBE = Path(__file__).with_name("probe.py")
PATIENCE = 30.0  # seconds for a start, and for an answer
PAUSE = 0.02  # seconds between two tries to reach a server that starts
# Flask's own variables would change a case, and Python's would change a stack.
OURS_ALONE = ("FLASK_", "WERKZEUG_", "PYTHON", "VIRTUAL_ENV", "PROBE")

Ask = Callable[[str], tuple[int, dict[str, Any]]]


class Hindrance(Exception):
    """Why a stack cannot be measured, as a sentence."""


def measure(python: str, case: Case, patience: float = PATIENCE) -> list[Row]:
    """Start the probe with one case, and return what it found; nothing of it runs on.

    :param python: the Python of the stack.
    :param case: what to measure.
    :param patience: seconds for the start, and for each answer.
    :raises Hindrance: when the probe does not start, does not answer, or answers nonsense.
    """
    if case.question == "pools":
        return _pools(python, patience)
    port, token = free_port(), secrets.token_hex(4)
    probe = {
        "question": case.question,
        "extension": case.extension == "yes",
        "bootstrap": case.bootstrap,
        "options": run_options(case),
        "port": port,
        "token": token,
    }
    with TemporaryFolder() as folder:
        how = {"cwd": folder.path, "env": environment(probe), "pass_fds": folder.lifeline}
        with Process(command(python, case, port), **how) as process:

            def ask(path: str) -> tuple[int, dict[str, Any]]:
                return _ask_when_up(process, port, path, token, patience)

            found = _tables(ask, case) if case.question == "tables" else _loss(ask)
    return [{**{name: getattr(case, name) for name in Case._fields[1:]}, **found}]


def command(python: str, case: Case, port: int) -> list[str]:
    """The command that serves the probe in the mode of a case."""
    if not case.mode.startswith("cli"):
        return [python, str(PROBE)]
    threads = {"on": ["--with-threads"], "off": ["--without-threads"], "default": []}
    reload = "--reload" if case.mode == "cli-reloader" else "--no-reload"
    flask_run = [python, "-m", "flask", "run", "--port", str(port), "--no-debugger", reload]
    return flask_run + threads[case.threaded]


def run_options(case: Case) -> dict[str, bool]:
    """The arguments of ``app.run`` in a case; a default is left out."""
    options = {"use_reloader": True} if case.mode == "reloader" else {}
    if case.threaded != "default":
        options["threaded"] = case.threaded == "on"
    return options


def environment(probe: dict[str, Any]) -> dict[str, str]:
    """The variables of this process without those that change a case, and with the probe's."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(OURS_ALONE)}
    kept.setdefault("LC_ALL", "C.UTF-8")  # click refuses ASCII on Python 3.6
    return kept | {
        "PROBE": json.dumps(probe),
        "FLASK_APP": str(PROBE),
        "PYTHONDONTWRITEBYTECODE": "1",  # no file beside the probe
    }


def free_port() -> int:
    """A port that was free a moment ago: old Werkzeug does not say which one it was given."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _ask_when_up(
    process: Process, port: int, path: str, token: str, patience: float
) -> tuple[int, dict[str, Any]]:
    """Get one answer, as its status and what it holds; try again while nobody listens."""
    deadline = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            status, found = reply.status, json.loads(reply.read())
            break
        except ConnectionError:
            with suppress(TimeoutError):
                process.wait(PAUSE)
                raise Hindrance(f"It ended before it answered: {_end_of(process)}") from None
            if time.monotonic() > deadline:
                raise Hindrance(f"It did not start within {patience:g} s.") from None
        except TimeoutError:
            raise Hindrance(f"It did not answer within {patience:g} s.") from None
        except (ValueError, http.client.HTTPException) as error:
            raise Hindrance(f"It answered something else ({error}): {_end_of(process)}") from None
        finally:
            connection.close()
    if not isinstance(found, dict) or found.get("token") != token:
        raise Hindrance(f"Another program answered on its port {port}: {found!r}")
    return status, found


def _end_of(process: Process) -> str:
    lines = [line for line in process.output.splitlines() if line.strip()]
    return lines[-1] if lines else "it printed nothing."


def _tables(ask: Ask, case: Case) -> Row:
    """Make the tables in a view if the case says so, and let another request look."""
    if case.bootstrap == "handler":
        status, found = ask("/create")
        if status != 200:
            raise Hindrance(f"It made no tables: {found['error']}")
    _, found = ask("/count")
    return {
        "pool": found["pool"],
        "handler_thread": found["handler_thread"],
        "same_thread": "yes" if found["same_thread"] else "no",
        "outcome": outcome(found),
        "error": found.get("error", ""),
    }


def _loss(ask: Ask) -> Row:
    """Ann adds a mug, Ben counts in between if he can, and then everybody looks."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        ask("/ready")
        ann = pool.submit(ask, "/add")
        ask("/flushed")
        ask("/count")  # Ben's session closes, which rolls back
        ask("/go")
        status, added = ann.result()
    _, found = ask("/count")
    result = outcome(found)
    if status == 201 and "rows" in found:
        result = "row kept" if found["rows"] == 2 else "row lost"
    return {
        "pool": added["pool"],
        "overlap": "yes" if added["overlap"] else "no",
        "answer": str(status),
        "outcome": result,
        "error": added.get("error", ""),
    }


def outcome(found: dict[str, Any]) -> str:
    """What a count came to: rows, or the kind of its error."""
    if "rows" in found:
        return "rows found" if found["rows"] else "no rows"
    return "no such table" if "no such table" in found["error"] else "another error"


def _pools(python: str, patience: float) -> list[Row]:
    """The pools that the probe prints."""
    with TemporaryFolder() as folder:
        how = {"cwd": folder.path, "env": environment({"question": "pools"})}
        with Process([python, str(PROBE)], pass_fds=folder.lifeline, **how) as process:
            code = process.wait(patience)
    if code != 0:
        raise Hindrance(f"The probe failed: {_end_of(process)}")
    names = ("extension", "database", "configured", "pool")
    found = json.loads(process.output.splitlines()[-1])
    return [{**dict(zip(names, row, strict=True)), **found["versions"]} for row in found["pools"]]


def versions_of(python: str) -> Row:
    """The versions of a stack, by name."""
    return _pools(python, PATIENCE)[0]


def measure_all(
    python: str, cases: Sequence[Case], workers: int, done: Callable[[Case, list[Row]], None]
) -> None:
    """Measure cases, several at a time, and hand on each as soon as it is there."""
    raise NotImplementedError


if __name__ == "__main__":
    print(measure(sys.argv[1], Case(*sys.argv[2:])))
