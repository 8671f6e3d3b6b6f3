"""Say what a cell is doing, while it takes its time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any, TypeVar

WORKBOOK = ".workbook.json"  # a file that the folder of the learner's copies has

T = TypeVar("T")


@contextmanager
def waiting(*steps: str) -> Iterator[Callable[[], None]]:
    """Show in the workbook, as long as the block runs, what is under way; it is gone at the end.

    Elsewhere nothing is shown, so that a stored output is the same for everybody.

    :param steps: each as a clause, ``"A server starts"``. The first one is shown at once.
    :returns: a function that shows the next one.
    """
    ipython = sys.modules.get("IPython")
    if not (ipython and ipython.get_ipython() and (Path.cwd() / WORKBOOK).is_file()):
        yield lambda: None
        return
    handle = ipython.display.display({"text/plain": ""}, raw=True, display_id=True)
    events = ipython.get_ipython().events
    left = iter(range(len(steps)))

    def clear(*_: Any) -> None:
        with suppress(ValueError):  # it was called already
            events.unregister("post_run_cell", clear)
            handle.update({"text/plain": "", "text/html": ""}, raw=True)

    def step() -> None:
        handle.update(_bar(steps, next(left)), raw=True)

    # The error of a comprehension keeps what it goes through, and so this block, beyond the cell.
    events.register("post_run_cell", clear)
    try:
        step()
        yield step
    finally:
        clear()


def one_by_one(items: Iterable[T], doing: str) -> Iterator[T]:
    """Go through items, and show in the workbook how far the cell has come.

    :param items: what the cell needs time for.
    :param doing: what it does with each, as ``"pytest runs"``.
    """
    items = list(items)
    with waiting(*[doing] * len(items)) as step:
        for number, item in enumerate(items):
            if number:
                step()
            yield item


def _bar(steps: tuple[str, ...], number: int) -> dict[str, Any]:
    """The bar of a step, as Jupyter shows it, and as text where it shows no HTML."""
    if len(steps) == 1:
        return {
            "text/plain": f"{steps[0]}.",
            "text/html": f"<progress></progress> {escape(steps[0])}.",
        }
    text = f"{steps[number]} ({number + 1} of {len(steps)})."
    bar = f'<progress value="{number}" max="{len(steps)}"></progress>'
    return {"text/plain": text, "text/html": f"{bar} {escape(text)}"}
