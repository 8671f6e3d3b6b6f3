"""The recorded cases as a picture: a line for each stack, a box for each case."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from helpers.show import Figure, drawing
from helpers.years.cases import BOOTSTRAPS, MODES, THREADED, Row

BOX, LABEL, HEAD = 24, 176, 92
KINDS = {"no": "Plain SQLAlchemy", "yes": "Flask-SQLAlchemy"}
MODE_NAMES = {
    "run": "app.run()",
    "reloader": "app.run(), reloader",
    "cli": "flask run",
    "cli-reloader": "flask run, reloader",
}
PLACES = {"main": "M", "handler": "V"}


def heat_map(rows: Sequence[Row], caption: str) -> Figure:
    """Draw the cases: a black box with a cross is ``no such table``, a ring is rows found.

    Above the boxes stand the server, the setting for threads, and where the tables were
    made: M in the main thread, V in a view. A case that a stack does not have has no box.

    :param rows: recorded cases of tables, or some of them; one panel for each kind of engine.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when there is no row to draw.
    """
    if not rows:
        raise ValueError("heat_map was given no rows: pass those of recorded(), or some of them.")
    modes = [mode for mode in MODES if any(row["mode"] == mode for row in rows)]
    parts: list[str] = []
    top = 0
    for kind in [kind for kind in KINDS if any(row["extension"] == kind for row in rows)]:
        panel = [row for row in rows if row["extension"] == kind]
        parts += _head(kind, modes, top)
        top += HEAD
        for _, stack in groupby(panel, key=lambda row: row["stack"]):
            parts += _line(list(stack), modes, top)
            top += BOX
        top += 14
    parts.append(_text(LABEL, top + 6, "×: no such table   ○: rows found", "start"))
    parts.append(_text(LABEL, top + 26, "M: main thread   V: view", "start"))
    top += 40
    width = LABEL + len(modes) * _mode_width() + 4
    return Figure(drawing(width, top, parts), _in_words(rows), caption)


def _mode_width() -> int:
    return len(THREADED) * len(BOOTSTRAPS) * BOX + 12


def _left(mode: int, threaded: int, bootstrap: int) -> int:
    """The left edge of a box."""
    return LABEL + mode * _mode_width() + (threaded * len(BOOTSTRAPS) + bootstrap) * BOX


def _head(kind: str, modes: Sequence[str], top: int) -> list[str]:
    """The titles above the boxes of one kind of engine."""
    parts = [_text(0, top + 22, KINDS[kind], "start", bold=True)]
    for words, y in (("threads", 60), ("tables made in", 80)):
        parts.append(_text(LABEL - 10, top + y, words, "end"))
    for m, mode in enumerate(modes):
        middle = (_left(m, 0, 0) + _left(m, 2, 2)) // 2
        parts.append(_text(middle, top + 40, MODE_NAMES[mode], "middle", bold=True))
        for t, threaded in enumerate(THREADED):
            parts.append(_text(_left(m, t, 1), top + 60, threaded, "middle"))
            for b, bootstrap in enumerate(BOOTSTRAPS):
                middle = _left(m, t, b) + BOX // 2
                parts.append(_text(middle, top + 80, PLACES[bootstrap], "middle"))
    return parts


def _line(rows: Sequence[Row], modes: Sequence[str], top: int) -> list[str]:
    """The name and the boxes of one stack."""
    parts = [_text(LABEL - 10, top + 17, rows[0]["stack"], "end")]
    for row in rows:
        place = (THREADED.index(row["threaded"]), BOOTSTRAPS.index(row["bootstrap"]))
        x = _left(modes.index(row["mode"]), *place)
        parts.append(_box(x, top, found=row["outcome"] == "rows found"))
    return parts


def _box(x: int, y: int, found: bool) -> str:
    side = BOX - 2
    if found:
        ring = f'<circle cx="{x + side // 2}" cy="{y + side // 2}" r="4"'
        return (
            f'<rect x="{x}" y="{y}" width="{side}" height="{side}" style="stroke:#999"/>'
            f'{ring} style="fill:none;stroke:#111"/>'
        )
    cross = f"M{x + 6} {y + 6}l10 10m0 -10l-10 10"
    return (
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" style="fill:#111"/>'
        f'<path d="{cross}" style="stroke:#fff;stroke-width:2px"/>'
    )


def _text(x: int, y: int, words: str, anchor: str, bold: bool = False) -> str:
    kind = ' class="b"' if bold else ""
    return f'<text{kind} x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _in_words(rows: Sequence[Row]) -> str:
    """For those who cannot see the picture: how many cases of each stack fail."""
    sentences = []
    for (stack, kind), each in groupby(rows, key=lambda row: (row["stack"], row["extension"])):
        outcomes = [row["outcome"] for row in each]
        failed = outcomes.count("no such table")
        sentences.append(f"{stack}, {KINDS[kind]}: no such table in {failed} of {len(outcomes)}.")
    return " ".join(sentences)
