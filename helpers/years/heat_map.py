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

    A question mark is anything else, which no recorded case is. Above the boxes stand the
    server, the setting for threads, and where the tables were made: M by the startup code, V in
    a view. A case that a stack does not have has no box.

    :param rows: recorded cases of tables, or some of them; one panel for each kind of engine.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when there is no row to draw, or one that is no case of tables.
    """
    if not rows:
        raise ValueError("heat_map was given no rows: pass those of recorded(), or some of them.")
    for row in rows:
        if row.get("mode") not in MODES or row.keys() & {"answer", "database"}:
            raise ValueError(
                f"heat_map draws who finds the tables, the rows of recorded(), and was given {row}."
            )
    modes = [mode for mode in MODES if any(row["mode"] == mode for row in rows)]
    parts: list[str] = []
    top = 0
    for kind in [kind for kind in KINDS if any(row["extension"] == kind for row in rows)]:
        panel = [row for row in rows if row["extension"] == kind]
        parts += _head(kind, modes, top)
        top += HEAD
        stacks = list(dict.fromkeys(row["stack"] for row in panel))
        parts += _names(stacks, top) + _boxes(panel, stacks, modes, top)
        top += BOX * len(stacks) + 14
    parts.append(_text(20, top + 6, "× no such table · ○ rows found", "start"))
    parts.append(_text(20, top + 26, "tables made in M, the startup code, or V, a view", "start"))
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


def _names(stacks: Sequence[str], top: int) -> list[str]:
    """The names of the stacks, left of their boxes."""
    places = enumerate(stacks)
    return [_text(LABEL - 10, top + BOX * n + 17, stack, "end") for n, stack in places]


def _boxes(rows: Sequence[Row], stacks: Sequence[str], modes: Sequence[str], top: int) -> list[str]:
    """All boxes of one kind of engine: two paths for those that fail, two for the others."""
    box, cross, frame, ring = "", "", "", ""
    others: list[str] = []
    side = BOX - 2
    for row in rows:
        place = (THREADED.index(row["threaded"]), BOOTSTRAPS.index(row["bootstrap"]))
        x, y = _left(modes.index(row["mode"]), *place), top + BOX * stacks.index(row["stack"])
        outline = f"M{x} {y}h{side}v{side}h-{side}z"
        if row["outcome"] == "no such table":
            box += outline
            cross += f"M{x + 6} {y + 6}l10 10m0-10l-10 10"
            continue
        frame += outline
        if row["outcome"] == "rows found":
            ring += f"M{x + 7} {y + 11}a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
        else:
            others.append(_text(x + side // 2, y + 16, "?", "middle", bold=True))
    return [
        f'<path d="{box}" style="fill:#111"/>',
        f'<path d="{cross}" style="stroke:#fff;stroke-width:2px"/>',
        f'<path d="{frame}" style="stroke:#999"/>',
        f'<path d="{ring}"/>',
        *others,
    ]


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
