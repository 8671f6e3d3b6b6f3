"""Observations in, a picture out: which thread used which connection to which database."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from helpers.look import Observation, require_observations
from helpers.show.figure import Figure, drawing

WIDTHS = {"thread": 150, "connection": 70, "database": 112}
ROW, TOP = 52, 68


def swimlane(observations: Sequence[Observation], caption: str) -> Figure:
    """Draw a lane for each thread, connection and database, and an arrow for each look.

    The arrow of a look goes from its thread through its connection, where it has a dot, to
    its database. A connection's lane is thick for as long as a transaction is open on it.

    :param observations: the looks, in order.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when there is no observation to draw.
    :raises TypeError: when something is not an observation.
    """
    require_observations(observations, "swimlane")
    if not observations:
        raise ValueError("swimlane was given no observations: pass at least one look.")
    lanes = _lanes(observations)
    x = _centers([kind for kind, _ in lanes.values()])
    places = dict(zip(lanes, x, strict=True))
    height = TOP + ROW * len(observations)
    parts = [_lane(places[lane], height, *lanes[lane]) for lane in lanes]
    parts += _transactions(observations, places, height)
    parts += [_look(number, o, places) for number, o in enumerate(observations, start=1)]
    width = sum(WIDTHS[kind] for kind, _ in lanes.values())
    sentences = [_sentence(number, o) for number, o in enumerate(observations, start=1)]
    return Figure(drawing(width, height, parts), " ".join(sentences), caption)


def _lanes(observations: Sequence[Observation]) -> dict[str, tuple[str, str]]:
    """The lanes from left to right: a label, and its kind and its title."""
    threads = {o["thread"]: ("thread", f"{o['thread']} {o['thread_name']}") for o in observations}
    connections = {o["connection"]: ("connection", o["connection"]) for o in observations}
    databases = {
        o["database"]: ("database", f"database {o['database']}")
        for o in sorted(observations, key=lambda o: (len(o["database"]), o["database"]))
    }
    return {
        label: lane
        for label, lane in {**threads, **connections, **databases}.items()
        if label != "none"
    }


def _centers(kinds: Sequence[str]) -> list[int]:
    """Where the middle of each lane is."""
    edges = [sum(WIDTHS[kind] for kind in kinds[:number]) for number in range(len(kinds))]
    return [edge + WIDTHS[kind] // 2 for edge, kind in zip(edges, kinds, strict=True)]


def _lane(x: int, height: int, kind: str, title: str) -> str:
    left, width = x - WIDTHS[kind] // 2 + 6, WIDTHS[kind] - 12
    frames = {
        "thread": "",
        "connection": f'<rect rx="13" x="{left + 8}" y="6" width="{width - 16}" height="26"/>',
        "database": f'<rect x="{left}" y="6" width="{width}" height="26"/>',
    }
    style = ' class="t"' if kind == "thread" else ""
    return (
        f'{frames[kind]}<text class="b" x="{x}" y="24" text-anchor="middle">{escape(title)}</text>'
        f'<line{style} x1="{x}" y1="34" x2="{x}" y2="{height - 6}"/>'
    )


def _transactions(
    observations: Sequence[Observation], places: dict[str, int], height: int
) -> list[str]:
    """A thick line for each transaction, from the look that leaves it open to its end."""
    since: dict[str, int] = {}
    parts = []
    for number, look in enumerate(observations):
        name, y = look["connection"], TOP + ROW * number
        if look["transaction"]:
            since.setdefault(name, y)
        elif name in since:
            parts.append(_thick(places[name], since.pop(name), y))
    parts += [_thick(places[name], start, height - 6) for name, start in since.items()]
    return parts


def _thick(x: int, start: int, end: int) -> str:
    return (
        f'<line style="stroke-width:7px" x1="{x}" y1="{start}" x2="{x}" y2="{end}"/>'
        f'<text x="{x + 8}" y="{start + 32}">open</text>'
    )


def _look(number: int, look: Observation, places: dict[str, int]) -> str:
    y, start = TOP + ROW * (number - 1), places[look["thread"]]
    step = f'<text x="{start + 8}" y="{y - 6}">{number}. {escape(look["step"])}</text>'
    result = escape(_short_result(look))
    if look["database"] == "none":  # the step ran no SQL
        return f'{step}<text x="{start + 8}" y="{y + 15}">{result}</text>'
    middle, end = places[look["connection"]], places[look["database"]]
    kind = ' class="b"' if look["failed"] else ""
    return (
        f'<line x1="{start}" y1="{y}" x2="{end}" y2="{y}"/>'
        f'<circle cx="{middle}" cy="{y}" r="5"/>'
        f'<path class="head" d="M{end} {y}l-9 -4v8z"/>'
        f'{step}<text{kind} x="{end - 12}" y="{y + 16}" text-anchor="end">{result}</text>'
    )


def _short_result(look: Observation) -> str:
    if not look["failed"]:
        return look["result"]
    return "✗ " + look["result"].partition(": ")[2]


def _sentence(number: int, look: Observation) -> str:
    where = f"through {look['connection']} in database {look['database']}"
    if look["database"] == "none":
        where = "without SQL"
    left = "; its transaction stays open" if look["transaction"] else ""
    return (
        f"{number}. {look['thread']} ({look['thread_name']}), {look['step']}, {where}:"
        f" {look['result']}{left}."
    )
