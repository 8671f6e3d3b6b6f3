"""Exceptions as a learner can read them: their own lines, and the message last.

IPython shows some 150 lines of Flask and SQLAlchemy for one error of a view. It asks an
exception for ``_render_traceback_`` first
(https://ipython.readthedocs.io/en/stable/config/integrating.html).
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

FOLDERS = [
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    sys.prefix,
    str(Path(__file__).parents[1]),
]
REMOVED = "That folder was removed, as Clean up does: run the section again from its first cell."
LETTERS = ("a", "b", "c", "d")  # of the choices
LIBRARIES = tuple(os.path.join(os.path.realpath(folder), "") for folder in FOLDERS)


def shorten() -> None:
    """Let IPython, where it runs, show every exception of a cell short."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell:
        shell.set_custom_exc((Exception, KeyboardInterrupt), _show)


def _show(shell: Any, kind: Any, error: BaseException, frames: Any, tb_offset: Any = None) -> None:
    error._render_traceback_ = lambda: short(error, frames)  # type: ignore[attr-defined]
    shell.showtraceback((kind, error, frames), tb_offset=tb_offset)


def short(error: BaseException, frames: TracebackType | None) -> list[str]:
    """The reader's lines that led to an error, and its message.

    :param error: what was raised.
    :param frames: its traceback.
    """
    places = [place for frame in traceback.extract_tb(frames) for place in _place(frame)]
    return [*places, *_message(error)]


def _place(frame: traceback.FrameSummary) -> Iterator[str]:
    """Where a line of the reader's is, and the line."""
    name = frame.filename
    is_file = os.path.exists(name)
    if name.startswith("<frozen ") or (is_file and os.path.realpath(name).startswith(LIBRARIES)):
        return
    line = linecache.getline(name, frame.lineno or 0).strip()
    if not line:
        return
    where = os.path.basename(name) if is_file else "a cell"
    function = "" if frame.name == "<module>" else f", in {frame.name}"
    yield f"Line {frame.lineno} of {where}{function}:\n    {line}"


def _message(error: BaseException) -> list[str]:
    """The type and the message, without the link that SQLAlchemy adds."""
    lines = f"{type(error).__name__}: {error}".removesuffix(": ").splitlines()
    lines = [line for line in lines if not line.startswith("(Background on this error at:")]
    if type(error) is NameError and error.name in LETTERS:
        lines.append(f'If {error.name} is your prediction, put it between quotes: "{error.name}".')
    elif type(error) is NameError and error.name:
        lines.append(f"If a cell above makes {error.name}, run that cell first.")
    return [*lines, REMOVED] if _was_removed(getattr(error, "filename", None)) else lines


def _was_removed(name: object) -> bool:
    """Whether a path leads into a folder of the lesson that is not there any more."""
    path = Path(name) if isinstance(name, str | Path) else Path()
    return any(each.name.startswith("lesson-") and not each.exists() for each in path.parents)
