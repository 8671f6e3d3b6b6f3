"""Puts one case to the probe, and returns what it found as rows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from helpers.years.cases import Case, Row
from helpers.years.serve import PATIENCE, PROBE, Ask, Hindrance, PortTaken, end_of, served, started


def measure(python: str, case: Case, patience: float = PATIENCE) -> list[Row]:
    """Start the probe with one case, and return what it found; nothing of it runs on.

    :param python: the Python of the stack.
    :param case: what to measure.
    :param patience: seconds for the start, and for each answer.
    :return: one row; of ``pools``, seven, which hold the versions of the stack too.
    :raises Hindrance: when the probe does not start, does not answer, or answers nonsense.
    """
    try:
        if case.question == "pools":
            return _pools(python, patience)
        found = _found(python, case, patience)
    except (OSError, RuntimeError) as error:  # the system did not start it, or not end it
        raise Hindrance(str(error)) from error
    except (LookupError, TypeError, ValueError) as error:
        nonsense = f"{type(error).__name__}: {error}"
        raise Hindrance(f"the probe's answer makes no sense ({nonsense})") from error
    return [case._asdict() | found]


def _found(python: str, case: Case, patience: float, tries: int = 3) -> Row:
    """Put the case to the probe, on another port where a program had taken the first one."""
    try:
        with served(python, case, patience) as ask:
            return _loss(ask) if case.question == "loss" else _tables(ask, case)
    except PortTaken:
        if tries == 1:
            raise
    return _found(python, case, patience, tries - 1)


def _tables(ask: Ask, case: Case) -> Row:
    """Make the tables in a view if the case says so, and let another request count."""
    if case.bootstrap == "handler":
        status, found = ask("/create")
        if status != 200:
            raise Hindrance(f"it made no tables: {found['error']}")
    _, found = ask("/count")
    return {
        "pool": found["pool"],
        "handler_thread": found["handler_thread"],
        "same_thread": _yes_no(found["same_thread"]),
        "outcome": outcome(found),
        "error": found.get("error", ""),
    }


def _loss(ask: Ask) -> Row:
    """Ann adds a mug, Ben counts in between if the server has threads, and everybody looks."""
    _, ready = ask("/ready")
    if ready["overlap"]:
        with ThreadPoolExecutor(max_workers=1) as pool:
            ann = pool.submit(ask, "/add")
            ask("/flushed")
            ask("/count")  # Ben; the end of his request closes his session
            ask("/go")
            status, added = ann.result()
    else:
        status, added = ask("/add")
    _, found = ask("/count")
    kept = {1: "row lost", 2: "row kept"}  # the lamp, and the mug
    return {
        "pool": added["pool"],
        "overlap": _yes_no(ready["overlap"]),
        "answer": str(status),
        "outcome": kept[found["rows"]] if status == 201 and "rows" in found else outcome(added),
        "error": added.get("error", ""),
    }


def _pools(python: str, patience: float) -> list[Row]:
    with started([python, PROBE.name], {"question": "pools"}) as process:
        try:
            code = process.wait(patience)
        except TimeoutError:
            raise Hindrance(f"the probe did not end within {patience:g} s") from None
    if code != 0:
        raise Hindrance(f"the probe failed: {end_of(process)}")
    found = _json_in(process.output)
    if not found["pools"]:
        raise Hindrance("the probe named no pools")
    names = ("extension", "database", "configured", "pool")
    return [dict(zip(names, row, strict=True)) | found["versions"] for row in found["pools"]]


def _json_in(output: str) -> dict[str, Any]:
    """The object that the probe printed, also where its Python printed lines around it."""
    for line in output.splitlines():
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    raise Hindrance("the probe ended without its answer")


def outcome(found: dict[str, Any]) -> str:
    """What a count came to: rows, or the kind of its error."""
    if "rows" in found:
        return "rows found" if found["rows"] else "no rows"
    return "no such table" if "no such table" in found.get("error", "") else "another error"


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
