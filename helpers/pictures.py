"""Observations in, a picture out: which thread asked which database, from top to bottom."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from helpers.observe import Observation, require_observations

LANE, ROW, TOP = 185, 52, 62
STYLE = (
    "text{font:13px sans-serif;fill:#111}.b{font-weight:bold}"
    "text{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    "line,rect,path{stroke:#111;fill:none}.t{stroke-dasharray:2 4}.head{fill:#111}"
)


class Figure:
    """A picture with alternative text and a caption, shown as HTML in a notebook.

    JupyterLab keeps the alternative text of a picture in HTML, and drops that of others.

    :param drawn: an SVG as text, or a PNG as bytes.
    :param alt: what the picture shows, in words, for those who cannot see it.
    :param caption: one sentence that says what to look at.
    """

    def __init__(self, drawn: str | bytes, alt: str, caption: str) -> None:
        self.drawn = drawn
        self.alt = alt
        self.caption = caption

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.alt}"

    def _repr_html_(self) -> str:
        kind, data = "png", self.drawn
        if isinstance(data, str):
            kind, data = "svg+xml", data.encode()
        return (
            f'<figure><img alt="{escape(self.alt)}"'
            f' src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


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
        for lane, title in zip(lanes, titles)
    ]
    parts += [
        _arrow(number, o, x[o["thread"]], x.get(f"database {o['database']}"))
        for number, o in enumerate(observations, start=1)
    ]
    width = LANE * len(lanes)
    svg = drawing(width, height, parts)
    return Figure(svg, " ".join(_sentence(o) for o in observations), caption)


def drawing(width: int, height: int, parts: Sequence[str]) -> str:
    """An SVG, black on white.

    :param width: in pixels.
    :param height: in pixels.
    :param parts: the elements in it.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>'
        f"{''.join(parts)}</svg>"
    )


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
