"""A page of HTML in, a tagged PDF out: ``python -m helpers.publish.pdf < page.html > page.pdf``."""

from __future__ import annotations

import base64
import gc
import io
import re
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout

INSTALL = (
    "install Pango and a font (on Debian and Ubuntu: apt install libpango-1.0-0"
    " libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core; on macOS: brew install pango;"
    " on Windows: as the documentation of WeasyPrint says), then try again"
)


class NoPdf(Exception):
    """Why there is no PDF, and what to do about it, as a sentence."""


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

            from helpers.publish.tagged import finish
    except (ImportError, OSError, UserWarning) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise NoPdf(f"PDFs cannot be made here ({reason}): {INSTALL}.") from None
    html = re.sub(r"(?<=data:image/svg\+xml;base64,)[\w+/=]+", _for_paper, html)
    html = html.replace("<wbr/>", "\N{SOFT HYPHEN}")  # WeasyPrint marks only those as broken
    fetcher = URLFetcher(allowed_protocols=["data"], fail_on_errors=True)
    try:
        document = HTML(string=html, base_url="file:///", url_fetcher=fetcher)
        return bytes(document.write_pdf(pdf_variant="pdf/ua-1", finisher=finish))
    except FatalURLFetchingError as error:
        raise NoPdf(
            f"{error}: nothing is fetched for a PDF, so store it in the notebook."
        ) from None


def _for_paper(picture: re.Match[str]) -> str:
    svg = base64.b64decode(picture[0]).decode()
    # WeasyPrint does not know paint-order, and so would put the white edge over the letters: the
    # edge is drawn as a text of its own, below that of the letters.
    edge = re.compile(r"[^{}>]*\{paint-order:stroke;([^}]*)\}")
    if found := edge.search(svg):
        svg = edge.sub("", svg)
        below = rf'<text style="fill:#fff;{found[1]}"\1</text><text\1</text>'
        svg = re.sub(r"<text(.*?)</text>", below, svg, flags=re.DOTALL)
    # The letters of a picture are to be no larger than those of the text around it.
    sizes = r'(?<=width=")(\d+)(" height=")(\d+)'
    svg = re.sub(sizes, lambda s: f"{0.62 * int(s[1]):g}{s[2]}{0.62 * int(s[3]):g}", svg, count=1)
    return base64.b64encode(svg.encode()).decode()


def main() -> int:
    """Read HTML from standard input, and write a PDF to standard output."""
    gc.disable()  # this process ends with its page: looking for garbage took a fifth of the time
    try:
        content = pdf(sys.stdin.buffer.read().decode())
    except NoPdf as reason:
        print(reason, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
