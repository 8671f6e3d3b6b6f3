"""What the learner's cells have made, and which of them failed.

A cell with a syntax error defines nothing, so the function of an earlier run would still be
there and be judged. The cells are heard of through IPython's ``post_run_cell``
(https://ipython.readthedocs.io/en/stable/config/callbacks.html).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

DEFINES = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.M)

_failed: dict[str, str] = {}


class NotReady(Exception):
    """Why a cell cannot be answered yet, as a sentence for the learner."""


def listen() -> None:
    """Remember from now on which names the latest run of their cell failed to define."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell:
        shell.events.register("post_run_cell", note)


def note(result: Any) -> None:
    """Note how a cell ended.

    :param result: IPython's ``ExecutionResult``.
    """
    error = result.error_before_exec or result.error_in_exec
    source = result.info.raw_cell if result.info else ""
    for name in (name for found in DEFINES.findall(source or "") for name in found if name):
        if error is None:
            _failed.pop(name, None)
        else:
            _failed[name] = type(error).__name__


def made_by_cells(ask: Callable[[], Any]) -> Any:
    """What a function without arguments returns, if the cells that it needs have run.

    :param ask: as in ``lambda: (guess, before)``.
    :raises NotReady: when it cannot be had.
    """
    if not callable(ask):
        raise NotReady("This cell was changed: put `lambda: ` back before what is handed over.")
    for name in _names(ask):
        if name in _failed:
            raise NotReady(
                f"The cell that makes `{name}` ended with {_failed[name]}: mend it and run it,"
                " then run this cell again."
            )
    try:
        return ask()
    except NameError as error:
        raise NotReady(
            f"There is no `{error.name}` yet: run the cell above that makes it, then run this"
            " cell again."
        ) from None
    except Exception as error:  # noqa: BLE001 - what a learner hands over may raise anything
        raise NotReady(
            f"What this cell asks for raised {type(error).__name__}: {error}. Run the cells above"
            " it again, from the heading down."
        ) from None


def _names(ask: Callable[[], Any]) -> tuple[str, ...]:
    code = getattr(ask, "__code__", None)
    return code.co_names if isinstance(code, CodeType) else ()
