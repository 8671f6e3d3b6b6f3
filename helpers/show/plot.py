"""A plot of measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log10
from statistics import median

from helpers.show.figure import Figure, drawing

LEFT, RIGHT, WIDTH, ROW, TOP = 130, 30, 700, 34, 24


def dot_plot(numbers: Mapping[str, Sequence[float]], label: str, caption: str) -> Figure:
    """Draw each median as a dot, and a line from the least to the largest number.

    :param numbers: some numbers above zero for each row, by its name. They are drawn on a
        logarithmic scale, with a dotted line at 1.
    :param label: what the numbers are.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when there is no row, or a number that is not above zero.
    """
    if not numbers or not all(each and min(each) > 0 for each in numbers.values()):
        raise ValueError(
            f"dot_plot was given {dict(numbers)!r}: give each row some numbers above zero."
        )
    least = min(1.0, *map(min, numbers.values()))
    most = max(1.0, *map(max, numbers.values()))
    bottom = TOP + ROW * len(numbers)

    def x(number: float) -> float:
        """Where a number stands on the logarithmic scale; 1 alone stands at the left."""
        share = log10(number / least) / (log10(most / least) or 1)
        return round(LEFT + 20 + share * (WIDTH - LEFT - RIGHT - 20), 1)

    parts = [
        f'<line class="t" x1="{x(1)}" y1="{TOP - 16}" x2="{x(1)}" y2="{bottom}"/>',
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT / 2}" y2="{bottom}"/>',
        f'<text x="{(LEFT + WIDTH) // 2}" y="{bottom + 38}" text-anchor="middle">'
        f"{escape(label)}</text>",
    ]
    parts += [
        f'<line x1="{x(tick)}" y1="{bottom}" x2="{x(tick)}" y2="{bottom + 5}"/>'
        f'<text x="{x(tick)}" y="{bottom + 19}" text-anchor="middle">{tick:g}</text>'
        for tick in _ticks(least, most)
    ]
    for row, (name, each) in enumerate(numbers.items()):
        y, middle = TOP + ROW * row + ROW // 2, median(each)
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 5}" text-anchor="end">{escape(name)}</text>'
            f'<line x1="{x(min(each))}" y1="{y}" x2="{x(max(each))}" y2="{y}"/>'
            f'<circle cx="{x(middle)}" cy="{y}" r="4" style="fill:#111"/>'
            f'<text x="{x(middle)}" y="{y - 8}" text-anchor="middle">{middle:.1f}</text>'
        )
    alt = f"{label}: a dot for the median and a line for the range of {', '.join(numbers)}."
    return Figure(drawing(WIDTH, bottom + 50, parts), alt, caption, measured=True)


def _ticks(least: float, most: float) -> Iterator[float]:
    """The numbers 1, 2 and 5, times a power of ten, between two others."""
    for power in range(int(log10(least)) - 1, int(log10(most)) + 1):
        for digit in (1, 2, 5):
            if least <= digit * 10.0**power <= most:
                yield digit * 10.0**power
