"""How a bank of answers is tried: each twice, after each other one and before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def answer_of(source: str, name: str) -> Any:
    """What a learner's cell leaves under a name.

    :param source: the cell.
    :param name: what the check asks for.
    """
    namespace: dict[str, Any] = {}
    exec(compile(source, "a cell", "exec", dont_inherit=True), namespace)
    return namespace[name]


def there_and_back(answers: Mapping[str, Iterable[str]]) -> list[Any]:
    """The parameters grade and name of a bank: all its answers in order, and then backwards.

    The tests of one file run in one process, so each answer is judged twice, after each other one
    and before it, and none may change what another one is told.

    :param answers: the names of the answers, for each grade.
    """
    there = [(grade, name) for grade, names in answers.items() for name in names]
    return [
        *(pytest.param(*each, id=each[1]) for each in there),
        *(pytest.param(*each, id=f"{each[1]}, again") for each in reversed(there)),
    ]
