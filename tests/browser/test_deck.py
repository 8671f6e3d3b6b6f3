"""The lesson for a projector, in Chromium: nothing scrolls, and the keys alone go through it."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.publish.files import read_notebooks
from helpers.publish.papers import Lesson, read_lesson
from helpers.publish.present import present

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    """The lesson, as it is stored."""
    return read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))


@pytest.fixture(scope="module")
def deck(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of its screens."""
    path = tmp_path_factory.mktemp("deck") / "present.html"
    path.write_text(present(lesson), encoding="utf-8")
    return path.as_uri()


def test_home_is_where_the_arrows_go_on_from(browser: Browser, deck: str) -> None:
    """Home shows the list of notebooks, which Tab reaches; the right arrow goes on from there."""
    where = "() => [location.hash, scrollY > 0, document.activeElement.hash]"
    places = []
    with closing(browser.new_page(viewport={"width": 853, "height": 480})) as page:
        page.goto(deck)
        for key in ("ArrowRight", "ArrowRight", "Home", "Tab", "ArrowRight"):
            page.keyboard.press(key)
            places.append(page.evaluate(where))

    assert places == [
        ["#s1", True, None],
        ["#s2", True, None],
        ["", False, None],
        ["", False, "#s1"],
        ["#s1", True, None],
    ]


PARTS = ".inside :is(p, li, tr, pre, figure)"
WHOLE = """parts => [...document.querySelectorAll(parts)].flatMap((part, number) => {
  const { top, bottom } = part.getBoundingClientRect(), screen = part.closest("section");
  const from = screen.querySelector("h2").getBoundingClientRect().bottom - 1;
  const to = screen.querySelector(".turn").getBoundingClientRect().top + 1;
  return [...(from <= top && top <= to ? [`${number} top`] : []),
          ...(from <= bottom && bottom <= to ? [`${number} bottom`] : [])];
})"""
AT_END = "() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1"


def test_the_arrows_alone_show_all_of_each_screen(
    browser: Browser, lesson: Lesson, tmp_path: Path
) -> None:
    """On a projector of 1280 by 720 at 150 %, to the last screen and back to the first."""
    one = replace(lesson, chapters=tuple(c for c in lesson.chapters if c.frame.number == "07"))
    (tmp_path / "present.html").write_text(present(one), encoding="utf-8")
    with closing(browser.new_page(viewport={"width": 853, "height": 480})) as page:
        page.goto((tmp_path / "present.html").as_uri())
        number = page.locator(PARTS).count()
        expected = {f"{n} {edge}" for n in range(number) for edge in ("top", "bottom")}
        for key, end in (("ArrowRight", AT_END), ("ArrowLeft", "() => scrollY === 0")):
            seen = set(page.evaluate(WHOLE, PARTS))
            for _ in range(number):
                page.keyboard.press(key)
                seen.update(page.evaluate(WHOLE, PARTS))
                if page.evaluate(end):
                    break
            assert expected - seen == set(), key


SIZES = [(853, 480), (1280, 720), (1920, 1080)]  # the first is 1280 by 720 at 150 %
TOO_LARGE = """() => screens.filter((screen) => screen.scrollHeight > innerHeight + 1
  || screen.scrollWidth > innerWidth).map((screen) => screen.id)"""


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_each_screen_fits_the_window(width: int, height: int, browser: Browser, deck: str) -> None:
    """Whatever its size: what is longer is parted, and its heading says so; nothing scrolls."""
    with closing(browser.new_page(viewport={"width": width, "height": height})) as page:
        page.goto(deck)
        assert page.evaluate(TOO_LARGE) == []
        headings = page.locator("main > section > h2").all_inner_texts()
        parted = [re.findall(r" \((\d+) of (\d+)\)$", each) for each in headings]
        assert [[("1", "2")], [("2", "2")]] in [[*pair] for pair in pairwise(parted)]


def test_nothing_is_lost_where_a_screen_is_parted(browser: Browser, deck: str) -> None:
    """All words and pictures of the page are there, in order; a table says its heads again."""
    inside = """() => [...document.querySelectorAll(".inside")].map((each) => {
      const copy = each.cloneNode(true);
      copy.querySelectorAll("caption, thead").forEach((head) => head.remove());
      copy.querySelectorAll("img").forEach((img) => img.replaceWith(img.src.slice(-9)));
      return copy.textContent;
    }).join("").replace(/\\s+/g, "")"""
    headless = """() => [...document.querySelectorAll("table:not(:has(thead))")].map((table) =>
      table.closest("section").id.split("-")[0])"""
    with closing(browser.new_context(java_script_enabled=False)) as bare:
        page = bare.new_page()
        page.goto(deck)
        whole, without = page.evaluate(inside), set(page.evaluate(headless))
    with closing(browser.new_page(viewport={"width": 853, "height": 480})) as page:
        page.goto(deck)
        assert page.evaluate(inside) == whole
        assert set(page.evaluate(headless)) == without


def test_an_arrow_goes_on_from_what_is_seen(browser: Browser, deck: str) -> None:
    """Also after the window has changed; what is too high for a low one says so, and scrolls."""
    with closing(browser.new_page(viewport={"width": 1920, "height": 1080})) as page:
        page.goto(deck)
        number = page.evaluate("() => screens.findIndex((s) => s.querySelector('figure'))")
        name = page.evaluate("number => screens[number].id", number)
        page.evaluate("id => { location.hash = id }", name)
        page.set_viewport_size({"width": 853, "height": 200})
        page.wait_for_selector(f"#{name}.goes-on")
        before = page.evaluate("() => scrollY")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("() => scrollY") > before
        page.keyboard.press("ArrowLeft")
        assert abs(page.locator(f"#{name}").evaluate("s => s.getBoundingClientRect().top")) < 1
