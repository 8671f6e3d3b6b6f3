"""A repair is handed to its judge, whatever it is, and the learner gets one sentence."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from helpers.learn.cells import NotReady, made_by_cells
from helpers.learn.progress import record
from helpers.learn.reply import Reply, reply
from helpers.learn.verdict import Grade, Judge, Verdict
from helpers.show import WORKBOOK

OPENINGS: dict[Grade, str] = {
    "right": "Right.",
    "right, but": "Right, but:",
    "not yet": "Not yet.",
}

PATIENCE = 3  # repairs that are not right yet
_tries: Counter[str] = Counter()


def check(key: str, judge: Judge, ask: Callable[[], Any]) -> Reply:
    """Have a repair judged, and say what it did.

    :param key: the number of the notebook and a letter, as ``"01b"``; progress is kept by it.
    :param judge: a function of :mod:`helpers.repair`.
    :param ask: a function that returns what the learner made, as ``lambda: make_app``.
    """
    try:
        answer = made_by_cells(ask)
    except NotReady as sentence:
        return reply(f"{OPENINGS['not yet']} {sentence}")
    verdict = _judged(judge, answer)
    said = f"{OPENINGS[verdict.grade]} {verdict.said}".strip()
    return reply(*said.splitlines(), record(key) if verdict.passed else _way_on(key))


def _way_on(key: str) -> str:
    """Where the solution is, from the third repair on that is not right yet, in the workbook."""
    _tries[key] += 1
    copies = list(Path.cwd().glob(f"{key[:2]}_*.ipynb"))
    if _tries[key] < PATIENCE or not copies or not (Path.cwd() / WORKBOOK).is_file():
        return ""
    return f"Are you stuck? The solutions are in notebooks/{copies[0].name}, below the same check."


def _judged(judge: Judge, answer: Any) -> Verdict:
    """The verdict; what the answer prints is dropped, and what it raises is said."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return judge(answer)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a learner's code may raise anything
        message = str(error).partition("\n")[0]
        return Verdict("not yet", f"Your code raised {type(error).__name__}: {message}")
