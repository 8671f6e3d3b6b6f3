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
BOX, COLUMN, LINE = 172, 218, 17
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
    boxes: Mapping[str, tuple[int, int]], arrows: Sequence[tuple[str, str, str]], caption: str
) -> Figure:
    """Draw questions that lead to answers: what no arrow leaves has a thick frame.

    :param boxes: texts, each with its column and its row from the upper left. A line break in
        a text is one in the drawing.
    :param arrows: from a text, to a text beside, above or below it, and what to call the way.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when an arrow starts or ends at a text that has no box.
    """
    for each in arrows:
        if not boxes.keys() >= {*each[:2]}:
            raise ValueError(
                f"chart was given the arrow {each!r}: let it lead from one text of boxes to another."
            )
    asked = {start for start, _, _ in arrows}
    height = LINE * max(text.count("\n") + 1 for text in boxes) + 14
    pitch = height + 34
    x = {text: COLUMN * column + COLUMN // 2 for text, (column, _) in boxes.items()}
    y = {text: pitch * row + pitch // 2 for text, (_, row) in boxes.items()}
    parts = [_box(text, x[text], y[text], height, thick=text not in asked) for text in boxes]
    for start, end, name in arrows:
        aside, down = _sign(x[end] - x[start]), _sign(y[end] - y[start])
        from_x, from_y = x[start] + aside * BOX // 2, y[start] + down * height // 2
        to_x, to_y = x[end] - aside * BOX // 2, y[end] - down * height // 2
        head = f"l{-9 * aside - 4 * down} {-9 * down - 4 * aside}"
        head += f"l{8 * down} {8 * aside}z"
        label = ((from_x + to_x) // 2 + 17 * abs(down), (from_y + to_y) // 2 - 6 * abs(aside))
        parts.append(
            f'<line x1="{from_x}" y1="{from_y}" x2="{to_x}" y2="{to_y}"/>'
            f'<path class="head" d="M{to_x} {to_y}{head}"/>'
            f'<text x="{label[0]}" y="{label[1] + 4 * abs(down)}" text-anchor="middle">'
            f"{escape(name)}</text>"
        )
    width = COLUMN * (1 + max(column for column, _ in boxes.values()))
    svg = _drawing(width, pitch * (1 + max(row for _, row in boxes.values())), parts)
    ways = [f"{_plain(start)} {name}: {_plain(end)}." for start, end, name in arrows]
    return Figure(svg, " ".join(ways), caption)


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
    """Draw the median of each row as a dot, and a line from its least to its largest number.

    :param numbers: the numbers of each row, all above zero.
    :param label: what the numbers are.
    :param caption: one sentence that says what to look at.
    """
    # The first import on a machine says in the log that it looks for fonts.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(7, 0.6 + 0.36 * len(numbers)), layout="constrained")
    axes = canvas.subplots()
    for row, each in enumerate(numbers.values()):
        axes.plot([min(each), max(each)], [row, row], color="black", linewidth=1.5)
        axes.plot(median(each), row, "o", color="black", markersize=7)
        axes.annotate(
            f"{median(each):.1f}", (median(each), row), (0, 7), textcoords="offset points", ha="center"
        )
    axes.axvline(1, color="black", linewidth=0.8, linestyle=":")
    axes.set_xlim(left=0)
    axes.set_ylim(len(numbers) - 0.5, -0.7)
    axes.set_yticks(range(len(numbers)), numbers)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    png = io.BytesIO()
    canvas.savefig(png, format="png", dpi=100)
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
    """A frame with lines of text in its middle; the first one is bold in a thick frame."""
    lines = text.split("\n")
    top = y - LINE * (len(lines) - 1) // 2 + 5
    style = ' style="stroke-width:3px"' if thick else ""
    return (
        f'<rect{style} x="{x - BOX // 2}" y="{y - height // 2}" width="{BOX}" height="{height}"/>'
    ) + "".join(
        f'<text{" class=" + chr(34) + "b" + chr(34) if thick and not number else ""} x="{x}"'
        f' y="{top + LINE * number}" text-anchor="middle">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _plain(text: str) -> str:
    return text.replace("\n", " ")


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
