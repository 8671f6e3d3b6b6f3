"""What the visitors of a shop get, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from helpers.look import describe_error
from helpers.serve import LiveServer


def visits(
    app: Flask, orders: Mapping[str, object], threads: int | None = None
) -> list[dict[str, str]]:
    """Serve an app, and send ``/items`` a request for each visitor.

    :param app: has a view of ``/items``.
    :param orders: for each visitor what to post as JSON; None asks for the list.
    :param threads: as for ``LiveServer``.
    :returns: for each visitor the request, and the status with the answer or the error.
    """
    rows = []
    with LiveServer(app, threads=threads) as server:
        for who, order in orders.items():
            answer = server.get("/items") if order is None else server.post("/items", json=order)
            said = answer.text.strip() if answer.ok else describe_error(server.errors[-1])
            result = f"{answer.status_code}: {said.partition('. ')[0]}"
            asks = "GET /items" if order is None else "POST /items"
            rows.append({"who": who, "asks": asks, "result": result})
    return rows
