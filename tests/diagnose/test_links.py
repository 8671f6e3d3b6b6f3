"""Where the report sends its reader."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine

from helpers.diagnose import diagnose

NAME = "01_where_did_the_table_go.ipynb"


def test_a_notebook_is_the_one_beside_the_reader(folder: Path) -> None:
    """In a notebook of the lesson, or a learner's copy of one, a link opens its neighbor."""
    engine = create_engine("sqlite://")
    assert f"/notebooks/{NAME}" in diagnose(engine)._repr_html_()
    (folder / NAME).touch()
    assert f'href="{NAME}"' in diagnose(engine)._repr_html_()
