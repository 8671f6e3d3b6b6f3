"""A picture with alternative text, and the drawing in it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

STYLE = (
    "text{font:13px sans-serif;fill:#111}.b{font-weight:bold}"
    "text{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    "line,rect,path{stroke:#111;fill:none}.t{stroke-dasharray:2 4}.head{fill:#111}"
)


class Figure:
    """A picture with alternative text and a caption, shown as HTML in a notebook.

    JupyterLab keeps the alternative text of a picture in HTML, and drops that of others.

    :param drawn: an SVG as text, or a PNG as bytes.
    :param alt: what the picture shows, in words, for those who cannot see it.
    :param caption: one sentence that says what to look at.
    """

    def __init__(self, drawn: str | bytes, alt: str, caption: str) -> None:
        self.drawn = drawn
        self.alt = alt
        self.caption = caption

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.alt}"

    def _repr_html_(self) -> str:
        kind, data = "png", self.drawn
        if isinstance(data, str):
            kind, data = "svg+xml", data.encode()
        return (
            f'<figure><img alt="{escape(self.alt)}"'
            f' src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'
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
