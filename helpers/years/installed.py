"""Measures the stack that this Python has, for a row beside those that are recorded."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from helpers.show import waiting
from helpers.years.cases import MODES, Case, Row, table_cases
from helpers.years.measure import measure
from helpers.years.progress import several
from helpers.years.record import complete
from helpers.years.stacks import installed_stack


def measure_installed(modes: Sequence[str] = ("run",), workers: int = 2) -> list[Row]:
    """Measure the tables' cases on the installed stack; nothing is recorded or left behind.

    :param modes: which servers, of ``run``, ``reloader``, ``cli`` and ``cli-reloader``: 12
        cases each.
    :param workers: how many cases run at the same time.
    :return: rows like the recorded ones, of the stack ``yours``.
    :raises ValueError: when a mode is none of these, or there is none.
    :raises Hindrance: when a case cannot be measured.
    """
    listed = isinstance(modes, list | tuple)
    if not listed or not modes or any(mode not in MODES for mode in modes):
        raise ValueError(
            f"measure_installed was given {modes!r}: give a list of one or more of"
            " 'run', 'reloader', 'cli' and 'cli-reloader', such as ['run', 'cli']."
        )
    cases = [Case("pools"), *table_cases(list(dict.fromkeys(modes)))]
    found = []
    with several(workers) as pool, waiting(*["A case is measured"] * len(cases)) as step:
        for each in pool.map(lambda case: measure(sys.executable, case), cases):
            found.append(each)
            if len(found) < len(cases):
                step()
    rows = dict(zip(cases, found, strict=True))
    return complete(installed_stack(), rows, cases)["tables"]
