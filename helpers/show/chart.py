"""A chart to decide by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from helpers.show.figure import Figure, drawing

BOX, COLUMN, LINE = 172, 218, 18


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
    if not ways:
        raise ValueError("chart was given no way: give at least one from a text to another one.")
    for way in ways:
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
    svg = drawing(COLUMN * (max(columns) + 1), pitch * (max(rows) + 1), parts)
    told = [
        f"{question} "
        + ", ".join(f"{name}: {end.rstrip('?')}" for start, name, end in ways if start == question)
        for question in dict.fromkeys(start for start, _, _ in ways)
    ]
    return Figure(svg, ". ".join(told).replace("\n", " ") + ".", caption)


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
