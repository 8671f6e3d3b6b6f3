"""Markdown and stored outputs in, HTML for paper out."""

from __future__ import annotations

import re
from typing import Any

import mistune
from markupsafe import Markup


def markdown(text: str, below: int = 0, flat: bool = False) -> Markup:
    """Markdown as HTML, without what only a screen can do: folding, and going to a file.

    :param text: as in a cell or a file. A link to a notebook becomes one to its chapter.
    :param below: the level of the heading that the text comes under.
    :param flat: put every heading one level below that, so that none is left out.
    """
    render = mistune.create_markdown(renderer=_Renderer(below, flat), plugins=["table"])
    return Markup(accessible(str(render(text))))


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, below: int, flat: bool) -> None:
        super().__init__(escape=False)
        self.below, self.flat = below, flat

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        return super().heading(text, self.below + (1 if self.flat else level), **attributes)

    def paragraph(self, text: str) -> str:
        leads_on = text.startswith(("Previous: ", "Next: "))
        return "" if leads_on else super().paragraph(text)

    def block_html(self, html: str) -> str:
        return re.sub(r"</?(details|summary)[^>]*>|<!--.*?-->", "", html, flags=re.DOTALL)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if chapter := re.search(r"(\d\d)_\w+\.ipynb", url):
            return f'<a href="#c{chapter[1]}">{text}</a>'
        return super().link(text, url, title) if "://" in url else text


def accessible(html: str) -> str:
    """HTML whose tables say what each heading is the heading of.

    :param html: with tables as pandas or mistune write them.
    """
    html = re.sub(r"<th([^>]*)></th>", r"<td\1></td>", html)  # an empty heading names nothing
    parts = re.split(r"(<thead>.*?</thead>)", html, flags=re.DOTALL)
    scopes = [("row", "col")[number % 2] for number in range(len(parts))]
    parts = [
        re.sub(r"<th\b(?! scope)", f'<th scope="{s}"', part)
        for s, part in zip(scopes, parts, strict=True)
    ]
    return "".join(parts)


def shown(output: Any) -> Markup:
    """One stored output as HTML.

    :param output: as ``nbformat`` reads it.
    """
    data = output.get("data", {})
    if "text/html" in data:
        # A caption and its table stay on one page only inside of something else.
        html = re.sub(r'href="(\d\d)_\w+\.ipynb[^"]*"', r'href="#c\1"', data["text/html"])
        return Markup(f'<div class="shown">{accessible(html)}</div>')
    if output.output_type == "error":
        text = f"{output.ename}: {output.evalue}"
    else:
        text = output.get("text") or data.get("text/plain", "")
    return Markup('<pre class="output">{}</pre>').format(text.rstrip())
