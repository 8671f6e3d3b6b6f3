"""Making the papers: what comes out, and what is said when something is in the way."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from small_lesson import NAME, make_lesson, small

from helpers.publish import handout
from helpers.publish.files import read_notebooks
from helpers.publish.frame import Problem
from helpers.publish.handout import DOCUMENTS, main, make, of_plan
from helpers.publish.papers import findings, guide, read_lesson, worksheet
from helpers.publish.pdf import NoPdf

ROOT = Path(__file__).parents[2]
PLANS = {
    "45 minutes": ["00", "03"],
    "Half a day": ["00", "01", "03", "04", "05", "07"],
    "A day": ["00", "01", "03", "04", "05", "07", "12", "17"],
}


@pytest.fixture
def no_pdf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without what makes PDFs: its weasyprint cannot be imported."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "weasyprint.py").write_text("raise ImportError('no weasyprint')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "hidden"), *sys.path]))


def one_cell(source: str) -> Any:
    """A notebook with one cell that is printed, and that was not run."""
    [notebook] = small().values()
    cell = new_code_cell(source, metadata={"tags": ["handout"]})
    return new_notebook(cells=[notebook.cells[0], cell])


@pytest.mark.slow
@pytest.mark.usefixtures("no_pdf")
def test_notebooks_can_be_executed_first(tmp_path: Path) -> None:
    """What they show now is printed, and their files stay as they are."""
    root = make_lesson(tmp_path / "lesson", one_cell("6 * 7"))
    before = (root / "notebooks" / NAME).read_bytes()

    with pytest.raises(NoPdf):
        make(root, tmp_path / "out", "A4", anew=True)

    assert ">42<" in (tmp_path / "out" / "findings.html").read_text(encoding="utf-8")
    assert (root / "notebooks" / NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("content", "anew", "sentence"),
    [
        (one_cell("6 * 7"), False, r"no stored output of the cell that begins with '6 \* 7': sto"),
        (one_cell("1 / 0"), True, r"cell that begins with '1 / 0' failed \(ZeroDiv.*: mend it"),
        (one_cell("import os; os._exit(1)"), True, "was not printed: Kernel died.* Try again"),
        (new_notebook(), False, "does not begin with a cell of a title"),
        ("{}", False, "01_small.ipynb is not a notebook"),
    ],
    ids=["no output", "a failing cell", "a dying kernel", "no cell", "no notebook"],
)
def test_a_notebook_that_cannot_be_printed(
    content: Any, anew: bool, sentence: str, tmp_path: Path
) -> None:
    """One sentence names it, and what was made before is left alone."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "worksheet.pdf").write_bytes(b"old")

    with pytest.raises(Problem, match=sentence) as problem:
        make(make_lesson(tmp_path / "lesson", content), out, "A4", anew)

    assert "\n" not in str(problem.value)
    assert [path.name for path in out.iterdir()] == ["worksheet.pdf"]
    assert (out / "worksheet.pdf").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("CHANGELOG.md", "CHANGELOG.md has no entry with a version and a date"),
        ("notebooks/glossary.md", "glossary.md cannot be read"),
        ("notebooks/instructor/plans.md", "plans.md cannot be read"),
    ],
)
def test_a_file_that_is_missing_or_empty(file: str, sentence: str, tmp_path: Path) -> None:
    """One sentence names it: no paper is printed with an empty place."""
    root = make_lesson(tmp_path / "lesson")
    if file == "CHANGELOG.md":
        (root / file).write_text("# Changes\n", encoding="utf-8")
    else:
        (root / file).unlink()

    with pytest.raises(Problem, match=sentence):
        make(root, tmp_path / "out", "A4", anew=False)


@pytest.mark.slow
@pytest.mark.usefixtures("no_pdf")
def test_without_weasyprint_the_html_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says what to install, and no old PDF stands beside the new HTML."""
    monkeypatch.setattr(handout, "ROOT", make_lesson(tmp_path / "lesson"))
    out = tmp_path / "out"
    out.mkdir()
    (out / "worksheet.pdf").write_bytes(b"old")

    assert main(["--output", str(out)]) == 1

    said = capsys.readouterr().err
    assert "has the papers as HTML only; PDFs cannot be made here" in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{n}.html" for n in DOCUMENTS)


def test_a_problem_is_told_where_the_bar_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal the sentence stands alone in its line."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(handout, "ROOT", make_lesson(tmp_path / "lesson", "{}"))

    assert main(["--output", str(tmp_path / "out")]) == 1

    assert re.search(r"\r\033\[K01_small.ipynb is not .*\.\n$", capsys.readouterr().err)


def test_an_interrupt_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not a traceback."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(handout, "make", interrupted)

    assert main(["--output", str(tmp_path / "out")]) == 130
    assert capsys.readouterr().err == "Nothing was changed, because you interrupted it.\n"


@pytest.mark.parametrize("paper", ["A5", "a4"])
def test_a_paper_that_is_not_known(paper: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Capitals are forgiven; else the sentence names those that are known."""
    if paper == "A5":
        assert main(["--paper", paper]) == 1
        assert capsys.readouterr().err == "A5 is not a paper: name one of A4, Letter.\n"
    else:
        assert handout.paper_named(paper) == "A4"


@pytest.mark.slow
@pytest.mark.usefixtures("no_pdf")
def test_the_papers_of_one_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a folder of their own, without the papers that none of its notebooks is in."""
    monkeypatch.setattr(handout, "ROOT", make_lesson(tmp_path / "lesson"))

    assert main(["--output", str(tmp_path / "out"), "--plan", "a day"]) == 1
    assert f"{tmp_path / 'out' / 'a-day'} has the papers as HTML only" in capsys.readouterr().err
    made = {path.name for path in (tmp_path / "out" / "a-day").iterdir()}
    assert made == {f"{name}.html" for name in DOCUMENTS} - {"findings-optional.html"}


@pytest.mark.parametrize(("plan", "numbers"), PLANS.items())
def test_a_plan_has_the_pages_of_its_notebooks_alone(plan: str, numbers: list[str]) -> None:
    """Worksheet, findings and guide; the desk sheet is the same for all."""
    lesson = read_lesson(ROOT, read_notebooks(ROOT / "notebooks", anew=False))
    taught = of_plan(lesson, plan)

    for document in (worksheet, findings, guide):
        html = document(taught, "A4")
        assert re.findall(r'id="c(\d\d)"', html) == numbers
        assert 'href="#c' in html


def test_a_plan_that_there_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The sentence names those that there are, and nothing is made."""
    assert main(["--plan", "a week", "--output", str(tmp_path / "out")]) == 1
    assert re.match(r'There is no plan "a week": name one of', capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_notebooks(tmp_path: Path) -> None:
    """One sentence says what is expected there."""
    with pytest.raises(Problem, match=r"has no notebook such as 00_start_here\.ipynb"):
        read_notebooks(tmp_path, anew=False)


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused before any work, in one sentence that names it."""
    (tmp_path / "file").write_bytes(b"")

    assert main(["--output", str(tmp_path / "file" / "out")]) == 1
    assert re.fullmatch(r".*file.out cannot be written to .*--output\.\n", capsys.readouterr().err)


@pytest.mark.slow
@pytest.mark.usefixtures("no_pdf")
def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    """When one file cannot be written, the others are as they were."""
    root, out = make_lesson(tmp_path / "lesson"), tmp_path / "out"
    (out / "guide.html.part").mkdir(parents=True)
    (out / "worksheet.html").write_bytes(b"old")

    with pytest.raises(Problem, match="cannot be written to"):
        make(root, out, "A4", anew=False)

    assert sorted(path.name for path in out.iterdir()) == ["guide.html.part", "worksheet.html"]
    assert (out / "worksheet.html").read_bytes() == b"old"
