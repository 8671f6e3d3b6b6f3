"""The browser, and what it must not leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import children, files_below, open_files, sockets, threads, wait_for_end
from learner import CHROMIUM, launch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
Look = Callable[[], set[str]]


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """Asked at the end, below: until then Chromium starts and ends processes as it likes."""


@pytest.fixture(scope="module", autouse=True)
def nothing_left_at_the_end() -> Iterator[None]:
    """Once the browser and JupyterLab are closed, all is as it was."""
    looks: list[Look] = [threads, children, sockets, open_files, lambda: files_below(ROOT)]
    before = [look() for look in looks]
    yield
    assert [wait_for_end(*each) for each in zip(looks, before, strict=True)] == [set()] * 5


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The Chromium of this machine."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    if CHROMIUM is None:
        pytest.skip("Chromium is not on this machine: install it, as with `apt install chromium`.")
    with playwright.sync_playwright() as engine:
        browser = launch(engine.chromium, tmp_path_factory.mktemp("chromium"))
        yield browser
        browser.close()
