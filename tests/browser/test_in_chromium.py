"""What people see in a browser: each notebook of the workbook in JupyterLab, and the handouts.

JupyterLab is started as ``make lesson`` does it, on a copy of the lesson. Chromium is the
one of this machine; without it, or without Playwright, all of this is skipped. A picture of
each notebook, as it was left, stays in the folder ``screenshots``.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import psutil
import pytest
from learner import CHROMIUM, Learner, leaves_the_machine
from test_lesson_opens import address, running_lesson
from test_rules import NOTEBOOKS

from helpers.publish.execute import code_cells, sanitized
from helpers.publish.files import read_notebooks
from helpers.publish.handout import DOCUMENTS
from helpers.publish.papers import read_lesson
from helpers.publish.present import present
from helpers.tasks.copies import FOLDED, LEFT_OUT
from helpers.tasks.environment import LAB_CONFIG, LAB_SETTINGS
from helpers.tasks.places import VENV

if TYPE_CHECKING:
    from playwright.sync_api import Browser

playwright = pytest.importorskip(
    "playwright.sync_api", reason="Playwright is not installed here: `make test` installs it."
)
if CHROMIUM is None:
    pytest.skip(
        "Chromium is not on this machine: install it, as with `apt install chromium`.",
        allow_module_level=True,
    )
ROOT = Path(__file__).parent.parent.parent
# JupyterLab by its Python, which need not be in .venv, and on a port that the system chooses.
LESSON = """
import sys
from helpers.tasks import lesson
lesson.PYTHON, lesson.install, lesson.checked_port = sys.executable, lambda: 0, int
sys.exit(lesson.lesson())
"""
# What JupyterLab reports of itself, and why it is no matter.
TOLERATED = [
    # On a restart, its debugger asks the kernel that is being ended for its breakpoints.
    "Could not restore the debugger state: Canceled future for debug_request message "
    + "before replies were done",
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lesson, of which the workbook is made."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("helpers", "notebooks"):
        shutil.copytree(
            ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
    shutil.copy(ROOT / "README.md", copy)
    return copy


@pytest.fixture(scope="module")
def lab(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of JupyterLab, started as a learner does; a signal ends it, with its kernels."""
    if os.name == "nt":
        pytest.skip("There is no signal on Windows that ends JupyterLab alone.")
    home = tmp_path_factory.mktemp("home")
    settings: dict[str, str | Path] = {"HOME": home, "BROWSER": "true", "PORT": "0"}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        settings[name] = home / name.lower()
    if not (sys.prefix / LAB_CONFIG.relative_to(VENV)).exists():  # not in .venv
        config = home / "jupyter_config_dir" / "labconfig" / "page_config.json"
        config.parent.mkdir(parents=True)
        config.write_text(LAB_SETTINGS, encoding="utf-8")
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    with running_lesson(sys.executable, "-c", LESSON, cwd=copy, env=environment) as lesson:
        yield address(lesson)
        started = psutil.Process(lesson.pid).children(recursive=True)
    assert psutil.wait_procs(started, timeout=10)[1] == []


def test_a_link_opens_the_notebook_that_it_names(browser: Browser, lab: str) -> None:
    """Next, at the end of the first notebook, leads to the second one, ready to be run."""
    with closing(Learner(browser, lab)) as learner:
        learner.open(NOTEBOOKS[0].name)
        learner.page.get_by_role("paragraph").filter(has_text="Next:").get_by_role("link").click()
        learner.see(NOTEBOOKS[1].name)


def test_the_glossary_is_shown_and_not_its_source(browser: Browser, lab: str) -> None:
    """Opened from the list of files, where JupyterLab by itself opens an editor."""
    with closing(Learner(browser, lab)) as learner:
        learner.open(NOTEBOOKS[0].name)
        learner.page.locator(".jp-DirListing-item", has_text="glossary.md").dblclick()
        shown = learner.page.locator(".jp-MarkdownViewer")
        shown.get_by_role("heading", name="Glossary").wait_for()

        assert shown.locator("strong").count() > 5


@dataclass
class Visit:
    """A notebook that a learner has opened, run and saved."""

    stored: list[Any]  # the lesson's cells of code, those that a learner has
    learner: Learner
    outputs_at_first: list[str]
    changed_at_first: bool
    folded: list[str]
    interruptions: list[str]
    saved: list[Any]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def visit(
    request: pytest.FixtureRequest, browser: Browser, lab: str, copy: Path
) -> Iterator[Visit]:
    """Each notebook, one after the other: opened, restarted and run, saved, photographed."""
    path: Path = request.param
    cells = code_cells(nbformat.read(path, as_version=4))
    stored = [cell for cell in cells if not tags(cell) & LEFT_OUT]
    with closing(Learner(browser, lab)) as learner:
        learner.open(path.name)
        outputs_at_first = learner.texts(".jp-OutputArea-output")
        to_fold = len([cell for cell in stored if tags(cell) & FOLDED])
        folded = learner.texts(".jp-InputPlaceholder", at_least=to_fold)
        interruptions = learner.interruptions()
        changed_at_first = learner.is_changed()
        learner.restart_and_run_all(len(stored) - to_fold)
        saved = save(learner, copy / "workbook" / path.name)
        learner.picture(ROOT / "screenshots" / f"{path.stem}.png")
        interruptions += learner.interruptions()
        yield Visit(
            stored, learner, outputs_at_first, changed_at_first, folded, interruptions, saved
        )


def tags(cell: Any) -> set[str]:
    """The tags of a cell."""
    return set(cell.metadata.get("tags", []))


def save(learner: Learner, path: Path) -> list[Any]:
    """Save until each cell has been run, as a folded one does not show it, or one has failed."""
    for _ in range(20):
        learner.save()
        cells = code_cells(nbformat.read(path, as_version=4))
        if all(cell.execution_count for cell in cells):
            break
        learner.page.wait_for_timeout(500)
    return cells


def test_nothing_is_seen_before_it_is_run(visit: Visit) -> None:
    """Neither an output nor more of a folded cell than that it compares or checks."""
    assert visit.outputs_at_first == []
    assert len(visit.folded) == len([cell for cell in visit.stored if tags(cell) & FOLDED])
    said = [text for text in visit.folded if not text.startswith(("# Compare", "# Check"))]
    assert said == []


def test_to_open_it_changes_nothing(visit: Visit) -> None:
    """JupyterLab would mark it, ask whether to save it, and save it by itself."""
    assert not visit.changed_at_first


def test_every_output_is_the_stored_one(visit: Visit) -> None:
    """Restart and Run All shows what the lesson shows, but for what varies by nature.

    The lesson itself keeps no progress, which the workbook does.
    """
    for before, after in zip(visit.stored, visit.saved, strict=True):
        if "progress()" in before.source:
            assert "What you have done so far." in str(after.outputs)
        else:
            assert shown(after) == shown(before), before.source
    numbers = [cell.execution_count for cell in visit.saved]
    assert numbers == list(range(1, len(visit.stored) + 1))


def shown(cell: Any) -> list[dict[str, Any]]:
    """What a cell shows, as nbval compares it, without a place that is empty again."""
    return [each for each in sanitized(cell.outputs) if any(map(str.strip, texts_of(each)))]


def texts_of(output: dict[str, Any]) -> list[str]:
    """The texts of an output, but for what kind of output it is."""
    return [str(text) for kind, text in output.items() if kind != "output_type"]


def test_nothing_interrupts_and_nothing_is_wrong(visit: Visit) -> None:
    """No dialog and no note in a corner asks for anything; the console has no error."""
    assert visit.interruptions == []
    assert [error for error in visit.learner.errors if error not in TOLERATED] == []


def test_no_request_leaves_the_machine(visit: Visit) -> None:
    """Whatever is loaded comes from JupyterLab or from the page itself."""
    assert len(visit.learner.requests) > 10
    assert [url for url in visit.learner.requests if leaves_the_machine(url)] == []


def test_links_lead_somewhere(visit: Visit, copy: Path) -> None:
    """What JupyterLab makes of a link inside the lesson is the address of a file of it."""
    links = [link for link in visit.learner.links() if not link.startswith("https://")]
    files = [link.removeprefix(f"{visit.learner.base}/files/") for link in links]

    assert files
    assert [f for f in files if not (copy / f).is_file()] == []


def test_pictures_can_be_listened_to(visit: Visit) -> None:
    """JupyterLab keeps the words of each picture."""
    outputs = [output for cell in visit.stored for output in cell.outputs]
    html = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    pictures = visit.learner.page.locator(".jp-OutputArea .jp-RenderedHTML img").all()

    assert len(pictures) == html.count("<img")
    assert all(picture.get_attribute("alt") for picture in pictures)


@pytest.mark.parametrize("name", [*DOCUMENTS, "present"])
def test_axe_finds_nothing_to_mend_in_a_paper(name: str, browser: Browser) -> None:
    """The rules of axe-core for pages that all can read; and the browser fetches nothing."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    lesson = read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))
    html = present(lesson) if name == "present" else DOCUMENTS[name](lesson, "A4")
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_content(html)
    violations = axe.Axe().run(page).response["violations"]
    page.close()

    found = [f"{each['id']} at {node['target']}" for each in violations for node in each["nodes"]]
    assert found == [], "\n".join(found)
    assert [url for url in requests if leaves_the_machine(url)] == []
