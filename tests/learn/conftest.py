"""A workbook to keep progress in."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workbook, which is the current folder."""
    (tmp_path / ".workbook.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
