"""How a bank of answers is tried: each alone, all in sequence, and each twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpers.learn import Judge


def answer_of(source: str, name: str) -> Any:
    """What a learner's cell leaves under a name.

    :param source: the cell.
    :param name: what the check asks for.
    """
    namespace: dict[str, Any] = {}
    exec(compile(source, "a cell", "exec", dont_inherit=True), namespace)
    return namespace[name]


def grades(judge: Judge, answers: Mapping[str, Any], twice: bool = False) -> dict[str, str]:
    """The grade of each answer, one after the other."""
    found: dict[str, str] = {name: judge(answer).grade for name, answer in answers.items()}
    if twice:
        assert found == {name: judge(answer).grade for name, answer in answers.items()}
    return found
