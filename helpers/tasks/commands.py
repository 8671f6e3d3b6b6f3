"""The tasks that can be named after make."""

from __future__ import annotations

import os
import sys

from .environment import install
from .installers import Installer
from .lesson import lesson
from .lock import make_locks
from .places import PYTHON, ROOT, Problem, run
from .workbook import again, workbook

PAPERS = ("A4", "Letter")
# By file: the cells of a notebook need each other. Four at most, for tests that time something.
# In order: those that take longest come first, and no core idles at the end.
IN_PARALLEL = (
    *("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"),
    "--no-loadscope-reorder",
)


def test() -> int:
    """Run the tests, and compare every output of the notebooks."""
    install(all_packages=True)
    return run(PYTHON, "-m", "pytest", *IN_PARALLEL, "-m", "not slow")


def slow() -> int:
    """Run the tests that `test` leaves out: browser, paper, killed kernels, swapped fixes."""
    install(all_packages=True)
    return run(PYTHON, "-m", "pytest", *IN_PARALLEL, "-m", "slow", "tests")


def check() -> int:
    """Check the code without running it: its lint, its format and its types."""
    install(all_packages=True)
    checks = (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"])
    return max(run(PYTHON, "-m", *each) for each in checks)


def notebooks() -> int:
    """Run the notebooks in place, and change a stored output only where it is not true."""
    install(all_packages=True)
    paths = sorted(ROOT.glob("notebooks/*.ipynb"))
    return run(PYTHON, "-m", "helpers.publish.execute", *[path.relative_to(ROOT) for path in paths])


def handout() -> int:
    """Make worksheet, findings, desk sheet and guide, as HTML and PDF, in handout/."""
    options = ["--execute"] if checked_choice("EXECUTE") else []
    if os.environ.get("PAPER"):
        options.append(f"--paper={checked_paper(os.environ['PAPER'])}")
    if os.environ.get("PLAN"):
        options.append(f"--plan={os.environ['PLAN']}")
    install(all_packages=True)
    return run(PYTHON, "-m", "helpers.publish.handout", *options)


def present() -> int:
    """Make the lesson for a projector, and open it in a browser."""
    install(all_packages=True)
    return run(PYTHON, "-m", "helpers.publish.present")


def preflight() -> int:
    """Check what a plan needs, such as PLAN="A day", before you teach it."""
    install(all_packages=True)
    options = [f"--plan={os.environ['PLAN']}"] if os.environ.get("PLAN") else []
    return run(PYTHON, "-m", "helpers.publish.preflight", *options)


def checked_paper(text: str) -> str:
    """The paper that ``PAPER`` names, however it is written.

    :raises Problem: when there is none.
    """
    for paper in PAPERS:
        if paper.lower() == text.strip().lower():
            return paper
    raise Problem(f"PAPER={text} is not a paper of the handout: name {' or '.join(PAPERS)}.")


def checked_choice(name: str) -> bool:
    """Whether a setting is 1; it is not where it is 0 or missing.

    :raises Problem: when it is anything else.
    """
    text = os.environ.get(name, "").strip() or "0"
    if text not in ("0", "1"):
        raise Problem(f"{name}={text} is neither yes nor no: give {name}=1, or leave it out.")
    return text == "1"


def bench() -> int:
    """Measure what the lesson promises about speed and size, in one table."""
    install(all_packages=True)
    return run(PYTHON, "tests/benchmarks")


def years() -> int:
    """Measure the stacks of notebook 16 again, or one of them, such as STACK=2013."""
    install()
    return run(PYTHON, "-m", "helpers.years", *os.environ.get("STACK", "").split())


def lock() -> int:
    """Make the lock files anew from pyproject.toml."""
    install(all_packages=True)
    if not Installer().has_uv():
        raise Problem("The locks are made by uv, which pip can't install here: see why with pip.")
    return make_locks()


TASKS = {
    task.__name__: task
    for task in (
        lesson,
        workbook,
        again,
        test,
        slow,
        check,
        install,
        notebooks,
        handout,
        present,
        preflight,
        bench,
        years,
        lock,
    )
}


def main(arguments: list[str]) -> int:
    """Run the task that is named, and return its exit status.

    :param arguments: the task, and settings as make takes them: ``["again", "NOTEBOOK=04"]``.
    """
    settings = [each for each in arguments if each[:1] != "=" and "=" in each]
    os.environ.update(dict(each.split("=", 1) for each in settings))
    arguments = [each for each in arguments if each not in settings]
    if len(arguments) != 1 or arguments[0] not in TASKS:
        given = " ".join(arguments) or "nothing"
        print(f"Name one of the tasks {', '.join(TASKS)}, not {given}.", file=sys.stderr)
        return 2
    try:
        return TASKS[arguments[0]]()
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
