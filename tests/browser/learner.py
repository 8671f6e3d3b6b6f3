"""What a learner does in JupyterLab, done in Chromium, and what the browser says meanwhile."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from helpers.tasks.lesson import FIRST

if TYPE_CHECKING:  # the tests are skipped, and not broken, where Playwright is missing
    from playwright.sync_api import Browser, BrowserType

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser"])), None)
NUMBER = re.compile(r"\[\d+\]")  # of a cell that has been run
WIDTH = 1300


def launch(chromium: BrowserType, home: Path) -> Browser:
    """Start the Chromium of this machine, without a window.

    :param chromium: as Playwright offers it; it adds the options against an update, a
        synchronization and other traffic of the browser's own.
    :param home: a folder for what Chromium keeps of a person.
    """
    return chromium.launch(
        executable_path=CHROMIUM,
        env={**os.environ, "HOME": str(home)},
        args=[
            "--no-sandbox",  # root gets none
            "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ],
    )


def leaves_the_machine(url: str) -> bool:
    """Whether a request goes to another machine."""
    parts = urlsplit(url)
    return parts.scheme not in {"data", "blob"} and parts.hostname not in {"127.0.0.1", "localhost"}


class Learner:
    """A person with one notebook of the lesson before them.

    :param browser: as :func:`launch` returns it.
    :param address: of the lesson, as JupyterLab prints it.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self.page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        self.base, _, self.token = address.partition(f"/lab/tree/{FIRST}?")
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )

    def open(self, name: str) -> None:
        """Open a notebook of the workbook in a workspace of its own, until its kernel is there.

        :param name: the file name.
        """
        self.page.goto(f"{self.base}/lab/tree/workbook/{name}?reset&{self.token}")
        self.see(name)

    def see(self, name: str) -> None:
        """Wait until a notebook is the one in front and its kernel is idle."""
        self.page.locator(".lm-TabBar-tab.jp-mod-current").filter(has_text=name).wait_for()
        self.page.get_by_text("| Idle").wait_for(timeout=60_000)

    def is_changed(self) -> bool:
        """Whether JupyterLab shows the notebook in front as changed."""
        return self.page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty").count() > 0

    def restart_and_run_all(self, cells: int) -> None:
        """Choose Restart Kernel and Run All Cells, and wait until every cell has its number.

        :param cells: how many cells of code show one, which folded ones do not.
        """
        from playwright.sync_api import TimeoutError

        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Restart Kernel and Run All Cells…").click()
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        numbers = self.page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text=NUMBER)
        with suppress(TimeoutError):  # a cell that failed ends the run; its output says more
            numbers.nth(cells - 1).wait_for(state="attached", timeout=120_000)
        self.page.get_by_text("| Idle").wait_for()

    def save(self) -> None:
        """Save the notebook, and wait until the server has it."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ) as saved:
            self.page.keyboard.press("Control+s")
        assert saved.value.ok

    def texts(self, selector: str, at_least: int = 0) -> list[str]:
        """What is read in each of some places.

        :param selector: the places.
        :param at_least: how many to wait for, as cells are drawn one after the other.
        """
        from playwright.sync_api import TimeoutError

        if at_least:
            with suppress(TimeoutError):  # the caller counts them
                self.page.locator(selector).nth(at_least - 1).wait_for(state="attached")
        return [text.strip() for text in self.page.locator(selector).all_text_contents()]

    def interruptions(self) -> list[str]:
        """What stands in the way: dialogs, and notes in a corner."""
        return self.page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts()

    def links(self) -> list[str]:
        """Where the links in the text lead, but for those of headings to themselves."""
        links = self.page.locator(".jp-RenderedMarkdown a[href]:not(.jp-InternalAnchorLink)")
        hrefs = [str(link.get_attribute("href")) for link in links.all()]
        return [re.sub(r"\?_xsrf=.*", "", href) for href in hrefs]

    def picture(self, path: Path) -> None:
        """Take a picture of the whole notebook."""
        pane = self.page.locator(".jp-WindowedPanel-outer")
        height = pane.evaluate("pane => pane.scrollHeight")
        self.page.set_viewport_size({"width": WIDTH, "height": height})
        pane.evaluate("pane => pane.scrollTo(0, 0)")
        self.page.screenshot(path=path)

    def close(self) -> None:
        """Leave the page, and end every kernel."""
        page, headers = self.page, {"Authorization": self.token.replace("=", " ")}
        kernels = f"{self.base}/api/kernels"
        page.goto("about:blank")
        for kernel in page.request.get(kernels, headers=headers).json():
            assert page.request.delete(f"{kernels}/{kernel['id']}", headers=headers).ok
        page.close()
