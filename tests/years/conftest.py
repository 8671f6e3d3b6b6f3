"""Recorded files that a test may write to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.years.cases import COLUMNS, FILES, as_csv, recorded


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """Recorded files that a test may write to; each starts as a copy of the real one."""
    copies = {question: tmp_path / f"{question}.csv" for question in COLUMNS}
    for question, copy in copies.items():
        copy.write_text(as_csv(question, recorded(question)), encoding="utf-8", newline="\n")
    for question, copy in copies.items():
        monkeypatch.setitem(FILES, question, copy)
    yield copies
