"""The workbook: what a learner is given, and what stays theirs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from learners_work import NAME, cell, cells, lesson, sources, update, work

from helpers.tasks.copies import sources_of
from helpers.tasks.places import ROOT, Problem

# What a learner is given


def test_a_copy_gives_nothing_away(tmp_path: Path) -> None:
    """It has no outputs and no answers; comparisons and checks are folded."""
    lesson(
        tmp_path,
        cell("# Title", kind="markdown"),
        cell("guess = {}", "prediction"),
        cell("# Compare", "compare"),
        cell("make_app = None", "exercise"),
        cell("# Check", "check"),
        cell("```python\nright\n```", "solution", kind="markdown"),
        cell("b", "answer", kind="markdown"),
        cell("say", "instructor", kind="markdown"),
        cell("plain", "handout"),
    )
    assert update(tmp_path) == []

    copy = cells(tmp_path)
    given = ["# Title", "guess = {}", "# Compare", "make_app = None", "# Check", "plain"]
    assert [each["source"] for each in copy] == given
    folded = [each["source"] for each in copy if each["metadata"].get("jupyter")]
    assert folded == ["# Compare", "# Check"]
    assert copy[2]["metadata"]["jupyter"] == {"source_hidden": True}
    code = [each for each in copy if each["cell_type"] == "code"]
    assert {(len(each["outputs"]), each["execution_count"]) for each in code} == {(0, None)}


def test_the_lesson_itself_is_as_it_was(tmp_path: Path) -> None:
    """Readers on the web, the tests and the papers need its outputs."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.ipynb")}

    assert update(tmp_path) == []

    assert {path: path.read_bytes() for path in before} == before
    for path in (ROOT / "notebooks").glob("*.md"):
        assert (tmp_path / "workbook" / path.name).read_bytes() == path.read_bytes()
    made = sorted(path.name for path in (tmp_path / "workbook").glob("*.ipynb"))
    assert made == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    for name in made:
        copy = nbformat.read(tmp_path / "workbook" / name, as_version=4)
        nbformat.validate(copy)
        tags = {tag for each in copy.cells for tag in each.metadata.get("tags", [])}
        assert not tags & {"answer", "instructor", "solution"}
        assert not [each for each in copy.cells if each.get("outputs")]


# What stays


def test_a_second_time_writes_nothing(project: Path) -> None:
    """So the outputs of what was run are still there, and a folder may be read-only."""
    work(project, ran=True)
    before = {path: path.stat().st_mtime_ns for path in (project / "workbook").iterdir()}

    assert update(project) == []

    assert {path: path.stat().st_mtime_ns for path in (project / "workbook").iterdir()} == before
    assert cells(project)[0]["outputs"][0]["text"] == "mine\n"


@pytest.mark.parametrize("doing", [{}, {"ran": True}, {"extra": ""}, {"ran": True, "extra": "\n"}])
def test_a_newer_version_replaces_what_was_not_changed(
    project: Path, doing: dict[str, Any]
) -> None:
    """Running is no change, nor is the empty cell that JupyterLab adds below the last one."""
    work(project, **doing)
    lesson(project, cell("second version"))

    assert update(project) == []
    assert sources(project) == ["second version"]


@pytest.mark.parametrize("doing", [{"typed": "mine"}, {"extra": "mine"}])
def test_a_newer_version_leaves_what_was_changed(project: Path, doing: dict[str, Any]) -> None:
    """A sentence says so, each time, until the learner decides."""
    work(project, **doing)
    assert update(project) == []
    before = (project / "workbook" / NAME).read_bytes()
    lesson(project, cell("second version"))

    for _ in range(2):
        [sentence] = update(project)
        assert sentence.startswith(f"workbook/{NAME} is as you have changed it, and the lesson has")
        assert "`make again NOTEBOOK=04` brings that one, and keeps yours beside it" in sentence
        assert (project / "workbook" / NAME).read_bytes() == before


def test_a_text_that_the_notebooks_link_to_is_treated_alike(project: Path) -> None:
    """The links of a copy lead somewhere, and notes in the glossary stay."""
    (project / "notebooks" / "glossary.md").write_text("Thread: first version")
    assert update(project) == []
    (project / "notebooks" / "glossary.md").write_text("Thread: second version")
    assert update(project) == []
    copy = project / "workbook" / "glossary.md"
    assert copy.read_text() == "Thread: second version"
    copy.write_text("Thread: mine")
    (project / "notebooks" / "glossary.md").write_text("Thread: third version")

    [sentence] = update(project)
    assert sentence.endswith("the lesson has another version: delete yours to get it.")
    assert copy.read_text() == "Thread: mine"


def test_the_readme_leads_to_the_copies(project: Path) -> None:
    """From a notebook to the README and back, a learner stays in the workbook."""
    links = f"[04](notebooks/{NAME}), [license](LICENSE), [web](https://example.org), [top](#top)"
    (project / "README.md").write_text(links)
    lesson(project, cell("See [README](../README.md#top).", kind="markdown"))

    assert update(project) == []
    readme = (project / "workbook" / "README.md").read_text()
    assert readme == links.replace("notebooks/", "").replace("LICENSE", "../LICENSE")
    assert sources(project) == ["See [README](README.md#top)."]


def test_the_links_of_the_readme_lead_somewhere(tmp_path: Path) -> None:
    """From the workbook, to a copy or to a file of the lesson."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "README.md", tmp_path)
    assert update(tmp_path) == []

    text = (tmp_path / "workbook" / "README.md").read_text(encoding="utf-8")
    links = [each.partition("#")[0] for each in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text)]
    assert len(links) > len(list((tmp_path / "notebooks").glob("*.ipynb")))
    for link in links:
        home = ROOT if link.startswith("../") else tmp_path
        assert (home / "workbook" / link).resolve().exists(), link


def test_a_learner_who_undoes_the_change_gets_newer_versions_again(project: Path) -> None:
    """Whatever the lesson had in between."""
    work(project, typed="mine")
    lesson(project, cell("second version"))
    assert len(update(project)) == 1
    work(project, typed="first version")

    assert update(project) == []
    assert sources(project) == ["second version"]


def test_a_newer_version_that_the_learner_has_typed_already_is_no_news(project: Path) -> None:
    """Both say the same."""
    work(project, typed="second version")
    lesson(project, cell("second version"))

    assert update(project) == []


def test_a_change_of_the_tags_alone_is_a_newer_version(project: Path) -> None:
    """As when a check is folded that was not."""
    work(project, ran=True)
    lesson(project, cell("first version", "check"))

    assert update(project) == []
    assert cells(project)[0]["metadata"]["jupyter"] == {"source_hidden": True}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"cells": 7}', b"\xff\xfe"])
def test_a_copy_that_is_no_notebook_any_more_stays(project: Path, content: bytes) -> None:
    """It may hold work that can be saved by hand."""
    (project / "workbook" / NAME).write_bytes(content)
    lesson(project, cell("second version"))

    assert len(update(project)) == 1
    assert (project / "workbook" / NAME).read_bytes() == content


def test_a_copy_that_was_deleted_comes_back(project: Path) -> None:
    """As the lesson has it now."""
    (project / "workbook" / NAME).unlink()
    lesson(project, cell("second version"))

    assert update(project) == []
    assert sources(project) == ["second version"]


@pytest.mark.parametrize(
    "record", [None, "", "{", "[]", "7", "[" * 10**5, '{"04_a_notebook.ipynb": 7}']
)
def test_without_its_record_whatever_differs_is_the_learners(
    project: Path, record: str | None
) -> None:
    """And whatever is as the lesson has it is known again."""
    path = project / "workbook" / ".workbook.json"
    path.unlink()
    if record is not None:
        path.write_text(record, encoding="utf-8")
    work(project, typed="mine")
    assert len(update(project)) == 1
    assert sources(project) == ["mine"]

    work(project, typed="first version")
    assert update(project) == []
    lesson(project, cell("second version"))
    assert update(project) == []
    assert sources(project) == ["second version"]


@pytest.mark.parametrize("name", ["../mine.txt", "\\u0000", "a/b", ""])
def test_a_record_that_names_what_is_not_in_the_workbook_is_not_believed(
    project: Path, name: str
) -> None:
    """No file elsewhere is taken for a copy that the lesson has no more."""
    mine = project / "mine.txt"
    mine.write_text("mine")
    known = {"lesson": "", "sources": sources_of(b"mine")}
    record = project / "workbook" / ".workbook.json"
    record.write_text(json.dumps({"x": known}).replace("x", name), encoding="utf-8")

    assert update(project) == []
    assert mine.read_text() == "mine"


def test_a_readme_that_is_no_text_is_named(project: Path) -> None:
    """As a notebook that is none."""
    (project / "README.md").write_bytes(b"\xff")

    with pytest.raises(Problem, match=r"README.md cannot be read \(.*\): restore it, then try"):
        update(project)


def test_a_notebook_that_has_left_the_lesson_leaves_the_workbook(project: Path) -> None:
    """Unless it was changed; whatever else is there was never ours."""
    (project / "workbook" / "notes.txt").write_text("mine")
    lesson(project, cell("renumbered"), name="05_a_notebook.ipynb")
    lesson(project, cell("another"), name="06_another.ipynb")
    assert update(project) == []
    work(project, typed="mine")
    for name in (NAME, "06_another.ipynb"):
        (project / "notebooks" / name).unlink()

    [sentence] = update(project)
    assert sentence == f"workbook/{NAME} is no longer part of the lesson: it stays as you have it."
    assert update(project) == []
    left = {path.name for path in (project / "workbook").iterdir()}
    assert left == {NAME, "05_a_notebook.ipynb", "notes.txt", ".workbook.json"}
