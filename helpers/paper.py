"""Markdown and stored outputs in, HTML for paper out, and from a page of HTML a PDF."""

from __future__ import annotations

import base64
import io
import re
import warnings
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import mistune
from markupsafe import Markup

INSTALL = (
    "install Pango and a font (on Debian and Ubuntu: apt install libpango-1.0-0"
    " libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core; on macOS: brew install pango;"
    " on Windows: as the documentation of WeasyPrint says), then try again"
)


class NoPdf(Exception):
    """Why there is no PDF, and what to do about it, as a sentence."""


def markdown(text: str, below: int = 0, flat: bool = False) -> Markup:
    """Markdown as HTML.

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
        re.sub(r"<th\b", f'<th scope="{s}"', part) for s, part in zip(scopes, parts, strict=True)
    ]
    return "".join(parts)


def shown(output: Any) -> Markup:
    """One stored output as HTML.

    :param output: as ``nbformat`` reads it.
    """
    data = output.get("data", {})
    if "text/html" in data:
        # A caption and its table stay on one page only inside of something else.
        return Markup(f'<div class="shown">{accessible(data["text/html"])}</div>')
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        source = "data:image/png;base64," + data["image/png"].replace("\n", "")
        return Markup('<figure><img alt="{}" src="{}"></figure>').format(alt, source)
    if output.output_type == "error":
        text = f"{output.ename}: {output.evalue}"
    else:
        text = output.get("text") or data.get("text/plain", "")
    return Markup('<pre class="output">{}</pre>').format(text.rstrip())


def pdf(html: str) -> bytes:
    """Lay out a page of HTML as a tagged PDF, and fetch nothing for it.

    :param html: a whole document, in which each picture is a ``data:`` URL.
    :raises NoPdf: when a library or a font is missing, or something would have to be fetched.
    """
    try:
        silence = io.StringIO()  # where a library is missing, WeasyPrint prints a page of advice
        with redirect_stdout(silence), redirect_stderr(silence), warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # without a font it would crash later
            from weasyprint import HTML
            from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except (ImportError, OSError, UserWarning) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise NoPdf(f"PDFs cannot be made here ({reason}): {INSTALL}.") from None
    html = re.sub(r"(?<=data:image/svg\+xml;base64,)[\w+/=]+", _for_paper, html)
    fetcher = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    try:
        document = HTML(string=html, base_url="file:///", url_fetcher=fetcher)
        return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))
    except FatalURLFetchingError as error:
        raise NoPdf(
            f"{error}: nothing is fetched for a PDF, so store it in the notebook."
        ) from None


def _for_paper(picture: re.Match[str]) -> str:
    svg = base64.b64decode(picture[0]).decode()
    # WeasyPrint does not know paint-order, and so would put the white edge over the letters.
    svg = re.sub(r"[^{}>]*\{[^}]*paint-order[^}]*\}", "", svg)
    # The letters of a picture are to be no larger than those of the text around it.
    sizes = r'(?<=width=")(\d+)(" height=")(\d+)'
    svg = re.sub(sizes, lambda s: f"{0.68 * int(s[1]):g}{s[2]}{0.68 * int(s[3]):g}", svg, count=1)
    return base64.b64encode(svg.encode()).decode()
