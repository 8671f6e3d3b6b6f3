"""Observations in, a picture out: which thread asked which database, from top to bottom.

Beside that, a chart to decide by, and a plot of measurements.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Mapping, Sequence
from html import escape
from statistics import median

from helpers.observe import Observation, require_observations

LANE, ROW, TOP = 185, 52, 62
BOX, COLUMN, LINE = 172, 218, 18
STYLE = (
    "text{font:13px sans-serif;fill:#111}.b{font-weight:bold}"
    "text{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    "line,rect,path{stroke:#111;fill:none}.t{stroke-dasharray:2 4}.head{fill:#111}"
)


class Figure:
    """An SVG with alternative text and a caption, shown as HTML in a notebook.

    :param svg: the drawing.
    :param alt: what the picture shows, in words, for those who cannot see it.
    :param caption: one sentence that says what to look at.
    """

    def __init__(self, svg: str, alt: str, caption: str) -> None:
        self.svg = svg
        self.alt = alt
        self.caption = caption

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.alt}"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<figure><img alt="{escape(self.alt)}"'
            f' src="data:image/svg+xml;base64,{data}">'
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
    svg = _drawing(width, height, parts)
    return Figure(svg, " ".join(_sentence(o) for o in observations), caption)


def chart(
    boxes: Mapping[str, tuple[int, int]], ways: Sequence[tuple[str, str, str]], caption: str
) -> Figure:
    """Draw questions that lead to answers; an answer, which no way leaves, has a thick frame.

    :param boxes: texts, each with its column and row, counted from the upper left. A line
        break in a text is one in the drawing.
    :param ways: each from a text, by an answer, to a text in the same row or column.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when there is no way, or one that does not lead from box to box.
    """
    for way in ways or [("nowhere", "", "nowhere")]:
        start, end = boxes.get(way[0]), boxes.get(way[2])
        if not start or not end or (start[0] == end[0]) == (start[1] == end[1]):
            raise ValueError(
                f"chart was given the way {way!r}: let it lead from a text of boxes to another"
                " one in the same row or column."
            )
    height = LINE * max(text.count("\n") + 1 for text in boxes) + 14
    pitch = height + 34
    places = {
        text: (COLUMN * column + COLUMN // 2, pitch * row + pitch // 2)
        for text, (column, row) in boxes.items()
    }
    questions = {start for start, _, _ in ways}
    parts = [_box(text, *places[text], height, text not in questions) for text in boxes]
    parts += [_way(places[start], name, places[end], height) for start, name, end in ways]
    columns, rows = zip(*boxes.values(), strict=True)
    svg = _drawing(COLUMN * (max(columns) + 1), pitch * (max(rows) + 1), parts)
    told = [
        f"{question} "
        + ", ".join(f"{name}: {end.rstrip('?')}" for start, name, end in ways if start == question)
        for question in dict.fromkeys(start for start, _, _ in ways)
    ]
    return Figure(svg, ". ".join(told).replace("\n", " ") + ".", caption)


class Plot:
    """A picture made of dots, with alternative text and a caption, shown in a notebook.

    :param png: the picture.
    :param alt: what it shows, in words, for those who cannot see it.
    :param caption: one sentence that says what to look at.
    """

    def __init__(self, png: bytes, alt: str, caption: str) -> None:
        self.png = png
        self.alt = alt
        self.caption = caption

    def __repr__(self) -> str:
        return self.caption

    def _repr_png_(self) -> tuple[str, dict[str, str]]:
        return base64.b64encode(self.png).decode(), {"alt": self.alt}


def dot_plot(numbers: Mapping[str, Sequence[float]], label: str, caption: str) -> Plot:
    """Draw each median as a dot, and a line from the least to the largest number.

    :param numbers: some numbers above zero for each row, by its name. They are drawn on a
        logarithmic scale, with a dotted line at 1.
    :param label: what the numbers are.
    :param caption: one sentence that says what to look at.
    """
    # On its first import on a machine it says in the log that it looks for fonts.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib import figure, ticker

    drawing = figure.Figure(figsize=(7, 0.9 + 0.3 * len(numbers)), layout="constrained")
    axes = drawing.subplots()
    axes.axvline(1, color="gray", linestyle=":", linewidth=1)
    for row, each in enumerate(numbers.values()):
        axes.plot([min(each), max(each)], [row, row], "k-", [median(each)], [row], "ko")
        axes.text(median(each), row - 0.25, f"{median(each):.1f}", ha="center", fontsize=9)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_yticks(range(len(numbers)), numbers)
    axes.set_ylim(len(numbers) - 0.5, -0.9)
    axes.set_xlabel(label)
    axes.set_title(caption, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    png = io.BytesIO()
    drawing.savefig(png, format="png", dpi=100)
    rows = [f"{name} {median(n):.1f} ({min(n):.1f} to {max(n):.1f})" for name, n in numbers.items()]
    return Plot(png.getvalue(), f"{label}, the median and the range: {', '.join(rows)}.", caption)


def _drawing(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><style>{STYLE}</style>'
        f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>'
        f"{''.join(parts)}</svg>"
    )


def _box(text: str, x: int, y: int, height: int, thick: bool) -> str:
    style = ' style="stroke-width:3px"' if thick else ""
    corner = f'x="{x - BOX // 2}" y="{y - height // 2}"'
    parts = [f'<rect{style} {corner} width="{BOX}" height="{height}"/>']
    lines = text.split("\n")
    first = y - LINE * (len(lines) - 1) // 2 + 5
    for number, line in enumerate(lines):
        kind = ' class="b"' if thick and number == 0 else ""
        place = f'x="{x}" y="{first + LINE * number}"'
        parts.append(f'<text{kind} {place} text-anchor="middle">{escape(line)}</text>')
    return "".join(parts)


def _way(start: tuple[int, int], name: str, end: tuple[int, int], height: int) -> str:
    """An arrow from the edge of a box to the edge of a box, and its name beside it."""
    across, down = _sign(end[0] - start[0]), _sign(end[1] - start[1])
    reach, rise = across * BOX // 2, down * height // 2
    x1, y1, x2, y2 = start[0] + reach, start[1] + rise, end[0] - reach, end[1] - rise
    turn = {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}[across, down]
    x, y = (x1 + x2) // 2 + (18 if down else 0), (y1 + y2) // 2 + (4 if down else -6)
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
        f'<path class="head" transform="translate({x2} {y2}) rotate({turn})" d="M0 0l-9 -4v8z"/>'
        f'<text x="{x}" y="{y}" text-anchor="middle">{escape(name)}</text>'
    )


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


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
