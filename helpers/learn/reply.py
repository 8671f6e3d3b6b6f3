"""What a learner is told: lines that a notebook shows as HTML, and everything else as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

CODE = re.compile("`([^`]+)`")


@dataclass(frozen=True)
class Reply:
    """The answer to a prediction or a repair.

    :param lines: sentences, each of which gets its own line.
    """

    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        lines = (CODE.sub(r"<code>\1</code>", escape(line)) for line in self.lines)
        return "".join(f'<p style="max-width: 60em">{line}</p>' for line in lines)


def reply(*lines: str) -> Reply:
    """A reply without its empty lines."""
    return Reply(tuple(line for line in lines if line))
