"""The case as a learner meets it: the project, its evidence, and bad input to the judge."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from answers import HERE, read_answers

from helpers.case import Project, dashboard, moments, run_tests, running, the_shop_holds
from helpers.case.files import PROJECT
from helpers.case.host import Failed, last_error
from helpers.show import WORKBOOK

ROOT = HERE.parents[1]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that is no workbook."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_outside_of_the_workbook_the_project_is_temporary(elsewhere: Path) -> None:
    """It ends with the notebook, and nothing is written beside it."""
    project = Project()
    assert "the_case/shop/views.py" in repr(project).splitlines()
    project.close()

    assert not project.folder.exists()
    assert list(elsewhere.iterdir()) == []


def test_in_the_workbook_the_project_stays_and_what_was_edited_too(elsewhere: Path) -> None:
    """A file that was deleted comes back as it was."""
    (elsewhere / WORKBOOK).write_text("{}")
    project = Project()
    (project.folder / "shop" / "views.py").write_text("mine")
    (project.folder / "Procfile").unlink()
    project.close()
    again = Project()
    again.close()

    assert again.folder == elsewhere / "the_case"
    assert again.read("shop/views.py") == "mine"
    assert again.read("Procfile") == (PROJECT / "Procfile").read_text()
    with pytest.raises(FileNotFoundError, match="There is no file shop/table.py in the_case: "):
        again.read("shop/table.py")


def test_a_workbook_that_cannot_be_written_to_is_told_so(elsewhere: Path) -> None:
    """One sentence, and what stands in the way stays."""
    (elsewhere / WORKBOOK).write_text("{}")
    (elsewhere / "the_case").write_text("mine")

    with pytest.raises(OSError, match="The project cannot be written to .*the_case .*: let that"):
        Project()
    assert (elsewhere / "the_case").read_text() == "mine"


def test_a_project_that_was_removed_is_told_so(elsewhere: Path) -> None:
    """As after Clean up, outside of the workbook."""
    project = Project()
    project.close()

    said = the_shop_holds(project).said
    assert said == "The project has been removed: run the first code cell of this notebook again."


@pytest.mark.slow
def test_the_evidence_is_what_the_project_does(elsewhere: Path) -> None:
    """Each claim of the log and of the notebook, on a copy of the project."""
    project = Project()
    with running(project) as shop:
        rows = shop.in_turns("POST /orders/lamp", "GET /orders", "GET /orders")
        packed = shop.worker()["result"]
    edit = {"shop/settings.py": ("IN_MEMORY  # ten", '"sqlite:///shop.db"  # ten')}
    with running(project, processes=1, threads=4, edit=edit) as shop:
        paying = shop.while_one_pays("POST /orders/rug", "POST /orders/mug")
    seen, results = moments(project), run_tests(project)
    log = project.read("evidence/web.log")
    project.close()

    assert [row["who"] for row in rows] == ["web-1", "web-2", "web-1"]
    assert rows[1]["result"] == "200: []"
    assert "'number': 1, 'product': 'lamp', 'state': 'paid'" in rows[2]["result"]
    assert packed == "packed: nothing" and packed in log
    assert paying[1]["does"] == "POST /orders/mug, while Ann pays"
    assert paying[1]["result"] == "500: OperationalError: database is locked"
    assert "1 answer was 500" in log and "locked" not in log  # which would tell prediction 17c
    assert [row["open connections"] for row in seen] == ["1", "0", "0"]
    assert [row["tables"] for row in seen] == ["order, product", "none", "none"]
    assert set(results.values()) == {"OperationalError: no such table: product"}


@pytest.mark.slow
def test_moments_of_a_repaired_project(elsewhere: Path) -> None:
    """The same experiment shows that the repair holds; without an app it ends in one sentence."""
    project = Project()
    read_answers()["the reference"].write(project.folder)
    seen = moments(project)
    (project.folder / "tests" / "conftest.py").write_text("")
    with pytest.raises(Failed, match="A test with the fixture `app` came to no end: "):
        moments(project)
    project.close()

    assert [row["tables"] for row in seen] == ["order, product"] * 3
    assert all(int(row["open connections"]) > 0 for row in seen)
    assert seen[2]["moment"] == "3 GET /products has returned 200"


def test_the_dashboard_says_in_words_what_is_red() -> None:
    """Also without color, and for those who cannot see it."""
    figure = dashboard({"test_a": "passed", "test_b": "no such table: x<y"}, "Tests.")

    assert figure.alt == "1 of 2 tests are red. test_a: passed, test_b: no such table: x<y."
    assert "no such table: x&lt;y" in str(figure.drawn)
    assert "All tests are green" in dashboard({"test_a": "passed"}, "Tests.").alt


@pytest.mark.parametrize("answer", [None, 3, "", "no such folder", lambda: 1])
def test_what_is_no_project_is_told_so(answer: object, elsewhere: Path) -> None:
    """One sentence, and nothing runs."""
    verdict = the_shop_holds(answer)

    assert verdict.grade == "not yet"
    assert re.fullmatch(r"The check runs a project and was given .+: hand over `project`\.",
                        verdict.said)  # fmt: skip


@pytest.mark.parametrize("name", ["no Procfile", "another server", "a file outside of the project"])
def test_a_project_that_cannot_be_run_is_told_why(name: str, tmp_path: Path) -> None:
    """The first line says it, and no complaint of a customer is called fixed."""
    answer = read_answers()[name]
    verdict = the_shop_holds(answer.write(tmp_path / "project"))

    why, *lines = verdict.said.splitlines()
    assert answer.says["stopped"] in why
    assert all(line.startswith("–") for line in lines[:4])


def test_the_solution_in_the_notebook_is_the_reference() -> None:
    """What the instructor reads is what the bank tries."""
    notebook = nbformat.read(ROOT / "notebooks" / "17_the_case.ipynb", as_version=4)
    [solution] = [cell for cell in notebook.cells if "solution" in cell.metadata.get("tags", ())]
    for path in (HERE / "repaired").rglob("*"):
        if path.is_file():
            name = path.relative_to(HERE / "repaired").as_posix()
            assert f"\"{name}\": '''\\\n{path.read_text()}'''," in solution.source


FROM_FLASK = """Error: While importing 'wsgi', an ImportError was raised:

Traceback (most recent call last):
  File "/lib/flask/cli.py", line 245, in locate_app
    __import__(module_name)
  File "/tmp/copy-of-the-project/shop/__init__.py", line 4, in <module>
    import nonsense
ModuleNotFoundError: No module named 'nonsense'

Usage: python -m flask [OPTIONS] COMMAND [ARGS]...

Error: No such command 'fill'.
"""
ANOTHER = """Traceback (most recent call last):
  File "/tmp/copy-of-the-project/shop/views.py", line 7, in place_order
KeyError: 'name'

Traceback (most recent call last):
  File "/lib/werkzeug/serving.py", line 9, in serve
OSError: no port
"""


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (FROM_FLASK, "shop/__init__.py:4 ModuleNotFoundError: No module named 'nonsense'"),
        ("Usage: flask\n\nError: No such command 'fil'.\n", "Error: No such command 'fil'"),
        (ANOTHER, "OSError: no port"),
        (ANOTHER.partition("\n\n")[0], "shop/views.py:7 KeyError: 'name'"),
        ("\n", "it printed nothing"),
    ],
)
def test_an_error_is_told_with_its_own_place(output: str, said: str) -> None:
    """Not with the one of another error, nor with what a command says after it."""
    assert last_error(output) == said
