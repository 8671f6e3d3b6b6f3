"""A picture with alternative text, and the drawing in it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

STYLE = (
    "text{font:13px sans-serif;fill:#111}.b{font-weight:bold}"
    "text{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    "line,rect,path{stroke:#111;fill:none}.t{stroke-dasharray:2 4}.head,circle{fill:#111}"
)


class Figure:
    """A picture with alternative text and a caption, shown as HTML in a notebook.

    JupyterLab keeps the alternative text of a picture in HTML, and drops that of others.

    :param drawn: an SVG.
    :param alt: what the picture shows, in words, for those who cannot see it.
    :param caption: one sentence that says what to look at.
    :param measured: whether it draws numbers that differ from run to run. The tests that
        compare outputs then pass over the drawing, and still compare its words.
    """

    def __init__(self, drawn: str, alt: str, caption: str, *, measured: bool = False) -> None:
        self.drawn = drawn
        self.alt = alt
        self.caption = caption
        self.measured = measured

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.alt}"

    def _repr_html_(self) -> str:
        kind = ' class="measured"' if self.measured else ""
        return (
            f'<figure><img{kind} alt="{escape(self.alt)}"'
            f' src="data:image/svg+xml;base64,{base64.b64encode(self.drawn.encode()).decode()}">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


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
