"""Short labels for threads, connections, databases and processes, given at first sight."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from helpers.look.observation import Observation, require_observations


def numbered(letter: str) -> Iterator[str]:
    """A letter with the numbers from 1: T1, T2 and so on."""
    return (f"{letter}{number}" for number in itertools.count(1))


class ProcessObservation(Observation):
    """One look at a database, and the process that looked."""

    process: str
    process_id: str
    file: str | None


def across_processes(looks: Iterable[Any]) -> list[ProcessObservation]:
    """Label processes P1, P2, … at first sight, and all else anew.

    Each process has an Observer of its own, so its labels mean nothing in another process.

    :param looks: observations with two more keys: ``process_id``, and ``file``, the path of
        the database as its process knows it, or ``None`` for a database in memory.
    :raises TypeError: when a look is not an observation, or lacks these keys.
    """
    looks = list(looks)
    require_observations(looks, "across_processes")
    labels: dict[str, Iterator[str]] = {key: numbered(key) for key in "PTCD"}
    known: dict[tuple[Any, ...], str] = {}

    def label(kind: str, *what: str) -> str:
        if what[-1] == "none":  # a look without SQL
            return "none"
        if (kind, *what) not in known:
            known[kind, *what] = next(labels[kind])
        return known[kind, *what]

    labeled = []
    for look in looks:
        if not {"process_id", "file"} <= look.keys():
            raise TypeError(
                f"across_processes was given {look!r}, which does not say which process"
                " looked at which file: let the view add process_id and file."
            )
        pid, file = look["process_id"], look["file"]
        where = (file,) if file and look["database"] != "none" else (pid, look["database"])
        labeled.append(
            look
            | {
                "process": label("P", pid),
                "thread": label("T", pid, look["thread"]),
                "connection": label("C", pid, look["connection"]),
                "database": label("D", *where),
            }
        )
    return labeled


def without_addresses(looks: Iterable[Observation]) -> list[Observation]:
    """The same observations, with plain names for threads that are named by an address.

    The test client's thread is called ``asyncio-portal-7f41b2c64550``, and never twice so.

    :param looks: what ``Observer.look`` returned.
    :raises TypeError: when a look is not an observation.
    """
    looks = list(looks)
    require_observations(looks, "without_addresses")
    return [
        {**look, "thread_name": re.sub(r"-portal-[0-9a-f]+$", "-portal", look["thread_name"])}
        for look in looks
    ]
