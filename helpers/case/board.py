"""The dashboard of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from helpers.show import Figure, drawing

ROW, WIDTH = 34, 760


def dashboard(results: Mapping[str, str], caption: str) -> Figure:
    """Draw a line for each test: thick and with ✗ when it is red.

    :param results: for each test "passed", or its message.
    :param caption: one sentence that says what to look at.
    """
    red = [name for name, result in results.items() if result != "passed"]
    title = f"{len(red)} of {len(results)} tests are red" if red else "All tests are green"
    parts = [f'<text class="b" x="12" y="26">{title}</text>']
    for number, (name, result) in enumerate(results.items(), start=1):
        top, mark = ROW * number + 6, "✓" if result == "passed" else "✗"
        thick = ' style="stroke-width:3px"' if name in red else ""
        parts += [
            f'<rect{thick} x="12" y="{top}" width="{WIDTH - 24}" height="26"/>',
            f'<text class="b" x="22" y="{top + 18}">{mark}</text>',
            f'<text x="44" y="{top + 18}">{escape(name)}</text>',
            f'<text x="{WIDTH - 22}" y="{top + 18}" text-anchor="end">{escape(result)}</text>',
        ]
    told = ", ".join(f"{name}: {result}" for name, result in results.items())
    svg = drawing(WIDTH, ROW * (len(results) + 1) + 12, parts)
    return Figure(svg, f"{title}. {told}.", caption)
