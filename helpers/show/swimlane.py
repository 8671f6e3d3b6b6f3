"""Observations in, a picture out: which thread asked which database, from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from helpers.look import Observation, require_observations
from helpers.show.figure import Figure, drawing

LANE, ROW, TOP = 185, 52, 62


def swimlane(observations: Sequence[Observation], caption: str) -> Figure:
    """Draw a lane for each thread and each database, and an arrow for each look.

    :param observations: the looks, in order.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when there is no observation to draw.
    :raises TypeError: when something is not an observation.
    """
    require_observations(observations, "swimlane")
    if not observations:
        raise ValueError("swimlane was given no observations: pass at least one look.")
    threads = {f"{o['thread']} {o['thread_name']}": o["thread"] for o in observations}
    databases = sorted({o["database"] for o in observations} - {"none"})
    titles = [*threads, *(f"database {name}" for name in databases)]
    lanes = [*threads.values(), *(f"database {name}" for name in databases)]
    x = {lane: LANE * number + LANE // 2 for number, lane in enumerate(lanes)}
    height = TOP + ROW * len(observations)
    parts = [
        _lane(x[lane], title, height, boxed=lane.startswith("database"))
        for lane, title in zip(lanes, titles, strict=True)
    ]
    parts += [
        _arrow(number, o, x[o["thread"]], x.get(f"database {o['database']}"))
        for number, o in enumerate(observations, start=1)
    ]
    width = LANE * len(lanes)
    svg = drawing(width, height, parts)
    return Figure(svg, " ".join(_sentence(o) for o in observations), caption)


def _lane(x: int, title: str, height: int, boxed: bool) -> str:
    box = f'<rect x="{x - 62}" y="6" width="124" height="26"/>' if boxed else ""
    kind = "" if boxed else ' class="t"'
    return (
        f'{box}<text class="b" x="{x}" y="24" text-anchor="middle">{escape(title)}</text>'
        f'<line{kind} x1="{x}" y1="34" x2="{x}" y2="{height - 6}"/>'
    )


def _arrow(number: int, look: Observation, start: int, end: int | None) -> str:
    y = TOP + ROW * (number - 1)
    step = f'<text x="{start + 8}" y="{y - 5}">{number}. {escape(look["step"])}</text>'
    result = escape(_short_result(look))
    if end is None:  # the step ran no SQL
        return f'{step}<text x="{start + 8}" y="{y + 15}">{result}</text>'
    kind = ' class="b"' if look["failed"] else ""
    return (
        f'{step}<line x1="{start}" y1="{y}" x2="{end}" y2="{y}"/>'
        f'<path class="head" d="M{end} {y}l-9 -4v8z"/>'
        f'<text{kind} x="{end - 12}" y="{y + 16}" text-anchor="end">{result}</text>'
    )


def _short_result(look: Observation) -> str:
    if not look["failed"]:
        return look["result"]
    return "✗ " + look["result"].partition(": ")[2]


def _sentence(look: Observation) -> str:
    where = f"through {look['connection']} in database {look['database']}"
    if look["database"] == "none":
        where = "without SQL"
    return f"{look['thread']} ({look['thread_name']}), {look['step']}, {where}: {look['result']}."
