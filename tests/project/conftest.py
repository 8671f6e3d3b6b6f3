"""A lesson with a workbook."""

from __future__ import annotations

from pathlib import Path

import pytest
from learners_work import cell, lesson, update


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A lesson of one notebook, with a workbook."""
    lesson(tmp_path, cell("first version"))
    assert update(tmp_path) == []
    return tmp_path
