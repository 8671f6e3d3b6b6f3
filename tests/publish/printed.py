"""A document as it is laid out."""

from __future__ import annotations

import pypdfium2


class Printed:
    """A document as it is laid out.

    :param name: that of the document.
    :param html: what it was made from.
    :param content: the bytes of the PDF.
    :param file: the same, opened.
    """

    def __init__(self, name: str, html: str, content: bytes, file: pypdfium2.PdfDocument) -> None:
        self.name = name
        self.html = html
        self.content = content
        self.file = file
        texts = [page.get_textpage().get_text_bounded() for page in file]
        # A hyphen that ends a line, and the mark where code goes on in the next one.
        self.pages = [text.replace("\x02", "-").replace("↩", "") for text in texts]
