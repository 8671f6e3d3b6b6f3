"""Each document on each paper, laid out once for all tests."""

from __future__ import annotations

import logging.handlers
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from printed import Printed

from helpers.publish.files import read_notebooks
from helpers.publish.handout import DOCUMENTS
from helpers.publish.papers import PAPERS, Lesson, read_lesson
from helpers.publish.pdf import NoPdf, pdf

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    """The lesson, as it is stored."""
    return read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))


@pytest.fixture(scope="session")
def pdf_can_be_made() -> None:
    """Skip what needs a PDF where a library for it is missing."""
    try:
        pdf("<p>Hello")
    except NoPdf as reason:
        pytest.skip(str(reason))


@pytest.fixture(
    scope="session",
    params=[(name, paper) for name in DOCUMENTS for paper in PAPERS],
    ids=lambda param: "-".join(param),
)
def printed(
    request: pytest.FixtureRequest, lesson: Lesson, pdf_can_be_made: None
) -> Iterator[Printed]:
    """Each document on each paper; WeasyPrint finds nothing wrong with it."""
    name, paper = request.param
    html = DOCUMENTS[name](lesson, paper)
    complaints = logging.handlers.BufferingHandler(1000)
    logging.getLogger("weasyprint").addHandler(complaints)
    content = pdf(html)
    logging.getLogger("weasyprint").removeHandler(complaints)
    assert [record.getMessage() for record in complaints.buffer] == []
    with pypdfium2.PdfDocument(content) as file:
        yield Printed(name, html, content, file)
