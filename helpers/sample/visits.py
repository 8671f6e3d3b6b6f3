"""What the visitors of a shop get, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from flask import Flask

from helpers.look import describe_error
from helpers.serve import LiveServer, send
from helpers.spawn import Process, TemporaryFolder


def visits(
    app: Flask, orders: Mapping[str, object], threads: int | None = None
) -> list[dict[str, str]]:
    """Serve an app, and send ``/items`` a request for each visitor.

    :param app: has a view of ``/items``.
    :param orders: for each visitor what to post as JSON; None asks for the list.
    :param threads: as for ``LiveServer``.
    :returns: a row for each visitor, with a number, and the status with the answer or the error.
    """
    rows: list[dict[str, str]] = []
    with LiveServer(app, threads=threads) as server:
        for who, order in orders.items():
            answer = server.get("/items") if order is None else server.post("/items", json=order)
            said = answer.text.strip() if answer.ok else describe_error(server.errors[-1])
            result = f"{answer.status_code}: {said.partition('. ')[0]}"
            rows.append({"visitor": f"{len(rows) + 1} {who}", "result": result})
    return rows


def visit_script(script: str) -> dict[str, str]:
    """Run a script that starts a server, as a program of its own, and ask it twice for ``/items``.

    :param script: its source. Its view notes the threads "startup" and "view", and a "result".
    :returns: the threads of the startup code, the view and the next view, without what Python says
        of them in brackets; and the first result.
    """
    with TemporaryFolder() as folder:
        (folder.path / "shop.py").write_text(script, encoding="utf-8")
        with Process(
            [sys.executable, "shop.py"],
            ready=r"Running on (\S+)",
            cwd=folder.path,
            env={**os.environ, "FLASK_DEBUG": "0"},
            pass_fds=folder.lifeline,
        ) as process:
            assert process.ready
            first, second = (send("GET", process.ready[1], "/items").json() for _ in range(2))
    return {
        "startup": first["startup"].partition(" (")[0],
        "view": first["view"].partition(" (")[0],
        "next view": second["view"].partition(" (")[0],
        "result": first["result"],
    }
