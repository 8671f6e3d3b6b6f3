"""How large the letters are that people read on a screen: each document, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.publish.files import read_notebooks
from helpers.publish.handout import DOCUMENTS
from helpers.publish.papers import Lesson, read_lesson
from helpers.publish.present import present

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
LEAST = {"text": 14, "table": 13, "code": 13}  # pixels
TOO_SMALL = """(least) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("script, style")) continue;
    const kind = element.closest("pre, code") ? "code"
      : element.closest("table") ? "table" : "text";
    const size = parseFloat(getComputedStyle(element).fontSize);
    seen += 1;
    if (size < least[kind]) found.add(`${kind} of ${size}: ${texts.currentNode.data.trim()}`);
  }
  return [seen, [...found]];
}"""


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """The lesson, as it is stored."""
    return read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))


@pytest.mark.parametrize("width", [1280, 853, 390])
@pytest.mark.parametrize("name", [*DOCUMENTS, "present"])
def test_nothing_is_too_small_on_a_screen(
    name: str, width: int, browser: Browser, lesson: Lesson
) -> None:
    """On a laptop, on a projector at 150 %, and on a phone."""
    page = browser.new_page(viewport={"width": width, "height": 720})
    page.set_content(present(lesson) if name == "present" else DOCUMENTS[name](lesson, "A4"))
    seen, small = page.evaluate(TOO_SMALL, LEAST)
    page.close()

    assert seen > 100
    assert small == []
