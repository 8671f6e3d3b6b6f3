"""Each judge has a bank of answers, and none of the banks is small."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import helpers.repair

NO_BANKS = {"test_banks", "test_workers"}
BANKS = sorted({path.stem for path in Path(__file__).parent.glob("test_*.py")} - NO_BANKS)
LEAST = 8


@pytest.mark.parametrize("name", BANKS)
def test_a_bank_has_answers_that_pass_and_answers_that_do_not(name: str) -> None:
    """At least eight in all."""
    grades = import_module(name).GRADES

    assert sum(map(len, grades.values())) >= LEAST
    assert grades["right"]
    assert grades["not yet"]


def test_each_judge_has_its_bank() -> None:
    """A judge that nobody tries may say what it likes."""
    tried = {judge for name in BANKS for judge in vars(import_module(name))}

    assert set(helpers.repair.__all__) - tried == set()
