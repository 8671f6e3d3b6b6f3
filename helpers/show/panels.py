"""Two people at one database, one panel for each setup, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from helpers.look import Observation, require_observations
from helpers.show.figure import Figure, drawing

WIDTH, HEIGHT = 232, 240
WRITER, READER = 70, 146  # where they stand, from the top
PERSON, CONNECTION, DATABASE = 34, 104, 190  # from the left


def panels(scenes: Mapping[str, Sequence[Observation]], caption: str) -> Figure:
    """Draw what the second person meets while the first one has a transaction open.

    :param scenes: for each setup the looks of a schedule, in which two people ask the database.
    :param caption: one sentence that says what to look at.
    :raises ValueError: when a scene has fewer than two people who do.
    """
    parts, sentences = [], []
    for number, (name, looks) in enumerate(scenes.items()):
        drawn, sentence = _panel(name, looks)
        parts.append(f'<g transform="translate({WIDTH * number} 0)">{"".join(drawn)}</g>')
        sentences.append(sentence)
    return Figure(drawing(WIDTH * len(scenes), HEIGHT, parts), " ".join(sentences), caption)


def _panel(name: str, looks: Sequence[Observation]) -> tuple[list[str], str]:
    require_observations(looks, "panels")
    asking = [look for look in looks if look["database"] != "none"]
    writer = next(iter(asking), None)
    reader = next((look for look in asking if writer and look["place"] != writer["place"]), None)
    if writer is None or reader is None:
        raise ValueError(f"The scene {name!r} has fewer than two people who ask the database.")
    shared = reader["connection"] == writer["connection"]
    waits = reader["result"].startswith("blocked")
    last = [look for look in asking if look["place"] == reader["place"] and not _blocked(look)]
    words = _words(reader, waits, shared, last[0] if last else reader)
    parts = [
        f'<rect x="2" y="2" width="{WIDTH - 6}" height="{HEIGHT - 4}" rx="6"/>',
        _text(WIDTH // 2, 26, name, "b"),
        _person(WRITER, writer["place"]),
        _person(READER, reader["place"]),
        f'<rect x="{DATABASE - 24}" y="{WRITER - 18}" width="48" height="{READER - WRITER + 36}"/>',
        _text(DATABASE, (WRITER + READER) // 2 + 4, writer["database"], "b"),
        _way(WRITER, WRITER, PERSON, DATABASE - 24, "stroke-width:4px"),
        _connection(WRITER, writer["connection"]),
    ]
    if shared and waits:
        parts.append(_stopped(READER, PERSON, CONNECTION - 26, "∥"))
    elif shared:
        parts.append(_way(READER, WRITER + 13, PERSON, CONNECTION, ""))
    elif waits or reader["failed"]:
        sign = "∥" if waits else "✗"
        parts.append(_stopped(READER, PERSON, DATABASE - 36, sign))
        parts.append(_connection(READER, reader["connection"]))
    else:
        parts.append(_way(READER, READER, PERSON, DATABASE - 24, ""))
        parts.append(_connection(READER, reader["connection"]))
    parts += [_text(WIDTH // 2, 206 + 18 * row, line) for row, line in enumerate(words)]
    return parts, f"{name}: {' '.join(words)}"


def _words(reader: Observation, waits: bool, shared: bool, last: Observation) -> list[str]:
    who = reader["place"]
    if waits:
        what = "the connection" if shared else "the lock"
        return [f"{who} waits for {what},", f"then reads {last['result']}."]
    if reader["failed"]:
        return [f"{who} gets, at once:", reader["result"].partition(": ")[2]]
    return [f"{who} doesn't wait,", f"and reads {reader['result']}."]


def _blocked(look: Observation) -> bool:
    return look["result"].startswith("blocked")


def _person(y: int, name: str) -> str:
    body = f'<path d="M{PERSON - 14} {y + 16}q14 -22 28 0z" style="fill:#111"/>'
    return f'<circle cx="{PERSON}" cy="{y - 10}" r="7"/>{body}{_text(PERSON, y + 32, name, "b")}'


def _connection(y: int, label: str) -> str:
    left, width = CONNECTION - 18, 36
    style = "fill:#fff"
    box = f'<rect x="{left}" y="{y - 13}" width="{width}" height="26" rx="13" style="{style}"/>'
    return box + _text(CONNECTION, y + 5, label)


def _way(start: int, end: int, left: int, right: int, style: str) -> str:
    return f'<line x1="{left + 16}" y1="{start}" x2="{right}" y2="{end}" style="{style}"/>'


def _stopped(y: int, left: int, right: int, sign: str) -> str:
    way = f'<line class="t" x1="{left + 16}" y1="{y}" x2="{right - 8}" y2="{y}"/>'
    return way + _text(right, y + 6, sign, "b")


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="middle">{escape(words)}</text>'
