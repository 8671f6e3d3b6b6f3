"""Progress is kept in the workbook, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.learn import Reply, Verdict, check, compare, progress, record


def notebook(*sources: str) -> str:
    """A notebook's file, with a title and these code cells."""
    cells = [{"cell_type": "markdown", "source": ["# Where is `it`?\n", "\n", "Here."]}]
    cells += [{"cell_type": "code", "source": source.splitlines(True)} for source in sources]
    return json.dumps({"cells": cells})


def kept(folder: Path) -> list[str]:
    """The keys in the file."""
    return list(json.loads((folder / "progress.json").read_text(encoding="utf-8")))


def test_what_is_done_is_kept(workbook: Path) -> None:
    """Predictions and repairs, each once."""
    for _ in range(2):
        compare("01a", lambda: ("a", [{}]), choices={"a": lambda looks: []})
        compare("01c", lambda: ("b", [1]), choices={"a": lambda _: [], "b": lambda looks: looks})
        check("01b", lambda _: Verdict("right, but", "it loses rows."), lambda: 1)

    assert kept(workbook) == ["01a", "01b", "01c"]
    names = sorted(path.name for path in workbook.iterdir())
    assert names == [".workbook.json", "progress.json"]


def test_what_is_not_done_is_not_kept(workbook: Path) -> None:
    """A blank form, nonsense, a repair that is not right yet."""
    compare("01a", lambda: ("", []), choices={"a": lambda looks: []})
    compare("01a", lambda: ("z", []), choices={"a": lambda looks: []})
    compare("01a", lambda: (nothing, []))  # type: ignore[name-defined]  # noqa: F821
    check("01b", lambda _: Verdict("not yet", "No."), lambda: 1)

    assert not (workbook / "progress.json").exists()


def test_elsewhere_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the stored output is the same for everybody."""
    monkeypatch.chdir(tmp_path)
    assert record("01a") == ""
    shown = progress()

    assert list(tmp_path.iterdir()) == []
    assert isinstance(shown, Reply)
    assert repr(shown).startswith("No progress is kept here.")


def test_the_table_counts_what_the_notebooks_ask(workbook: Path) -> None:
    """Titles and keys come from the workbook."""
    (workbook / "00_start_here.ipynb").write_text(
        notebook(
            '# Compare your prediction\ncompare("00a", lambda: (guess, before))',
            '# Check your repair\ncheck("00b", judge, lambda: make_app)',
            'compare(\n    "00c", lambda: (guess, before)\n)',
        ),
        encoding="utf-8",
    )
    (workbook / "01_where.ipynb").write_text(notebook('print("compare")'), encoding="utf-8")
    (workbook / "02_broken.ipynb").write_text("{", encoding="utf-8")
    record("00a")
    record("99a")

    shown = progress()

    assert not isinstance(shown, Reply)
    assert shown.frame.to_dict("index") == {
        "00 Where is it?": {"predictions": "1 of 2", "repairs": "0 of 1"},
        "01 Where is it?": {"predictions": "–", "repairs": "–"},
        "02": {"predictions": "–", "repairs": "–"},
    }


def test_a_note_can_be_taken_away(workbook: Path) -> None:
    """Where something is started over."""
    record("01a")
    record("01a", done=False)

    assert kept(workbook) == []


@pytest.mark.parametrize("text", ["{", '{"01a": true}', "[1]", "\xff"])
def test_a_file_that_cannot_be_read_is_left_alone(workbook: Path, text: str) -> None:
    """One sentence, and nothing is lost."""
    path = workbook / "progress.json"
    path.write_text(text, encoding="latin-1")

    assert record("01a").startswith("progress.json cannot be read (")
    assert repr(progress()).startswith("progress.json cannot be read (")
    assert path.read_text(encoding="latin-1") == text


def test_a_folder_that_cannot_be_written_gets_one_sentence(
    workbook: Path,
) -> None:
    """The answer to the prediction comes all the same."""
    (workbook / "progress.json").mkdir()

    reply = compare("01a", lambda: ("a", [{}]), choices={"a": lambda looks: []})

    assert reply.lines[0].startswith("Correct")
    assert "progress" in reply.lines[1]
    assert sorted(path.name for path in workbook.iterdir()) == [".workbook.json", "progress.json"]
