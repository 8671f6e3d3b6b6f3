"""The workbook: one command brings a notebook back, and a folder that refuses loses nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from learners_work import NAME, cell, cells, lesson, sources, update, work

from helpers.tasks import commands, workbook
from helpers.tasks.places import Problem
from helpers.tasks.workbook import Workbook

# One command puts one notebook back


@pytest.mark.parametrize("which", ["04", "4", " 04 ", "04_a_notebook", NAME])
def test_a_notebook_is_put_back_and_the_learners_is_kept(project: Path, which: str) -> None:
    """Byte by byte, under a name that says whose it is, and again under another one."""
    for beside in (f"my_{NAME}", f"my_2_{NAME}", f"my_3_{NAME}"):
        work(project, typed=f"mine in {beside}", ran=True)
        before = (project / "workbook" / NAME).read_bytes()
        said = Workbook(project).put_back(which)
        assert said == (f"workbook/{NAME} is as the lesson has it, and yours is workbook/{beside}.")
        assert (project / "workbook" / beside).read_bytes() == before
        assert sources(project) == ["first version"]
        assert update(project) == []


def test_a_notebook_that_was_not_changed_leaves_nothing_beside_it(project: Path) -> None:
    """Its outputs go."""
    work(project, ran=True)

    assert Workbook(project).put_back("04") == f"workbook/{NAME} is as the lesson has it."
    assert cells(project)[0]["outputs"] == []
    assert len(list((project / "workbook").iterdir())) == 2


def test_a_notebook_can_be_put_back_without_a_workbook(tmp_path: Path) -> None:
    """It is the first one in it, and the others follow."""
    lesson(tmp_path, cell("four"))
    lesson(tmp_path, cell("five"), name="05_five.ipynb")

    Workbook(tmp_path).put_back("05")
    assert update(tmp_path) == []
    assert sources(tmp_path, "05_five.ipynb") == ["five"]


@pytest.mark.parametrize("which", ["99", "x", "4.5", "../04"])
def test_whatever_is_no_notebook_is_refused(project: Path, which: str) -> None:
    """The sentence says which there are."""
    sentence = rf"NOTEBOOK={which} is no notebook of the lesson: name one .* from 04 to 04, as in"
    with pytest.raises(Problem, match=sentence):
        Workbook(project).put_back(which)


# The commands


def test_the_commands_say_what_is_left_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting may follow the task, as with make, where there is none."""
    monkeypatch.setattr(workbook, "ROOT", project)
    monkeypatch.setenv("NOTEBOOK", "")
    assert commands.main(["workbook"]) == 0
    assert capsys.readouterr() == ("", "")

    assert commands.main(["again"]) == 1
    assert capsys.readouterr().err.startswith("Which notebook? name one by its number, from 04")

    work(project, typed="mine")
    assert commands.main(["again", "NOTEBOOK=04"]) == 0
    said = f"workbook/{NAME} is as the lesson has it, and yours is workbook/my_{NAME}.\n"
    assert capsys.readouterr() == (said, "")


# A folder that does not let itself be written to


def test_a_workbook_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """Here something else has its name."""
    lesson(tmp_path, cell("first version"))
    (tmp_path / "workbook").write_text("a file")
    for ask in (update, lambda project: Workbook(project).put_back("04")):
        with pytest.raises(Problem, match=r"workbook cannot be written to \(.*\): move that file"):
            ask(tmp_path)
    assert (tmp_path / "workbook").read_text() == "a file"


def test_a_folder_in_the_place_of_a_copy_is_named(tmp_path: Path) -> None:
    """It may hold something of the learner's, so it stays."""
    lesson(tmp_path, cell("first version"))
    place = tmp_path / "workbook" / NAME
    place.mkdir(parents=True)
    with pytest.raises(Problem, match=f"move the folder .*{NAME} away, then try again"):
        update(tmp_path)
    assert place.is_dir()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="A mode forbids root and Windows nothing."
)
def test_a_read_only_workbook_loses_nothing(project: Path) -> None:
    """It can be used as it is, and is not brought up to date."""
    folder = project / "workbook"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert update(project) == []
        lesson(project, cell("second version"))
        with pytest.raises(Problem, match=r"\(Permission denied\)"):
            update(project)
    finally:
        folder.chmod(stat.S_IRWXU)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_no_space_left_loses_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a copy nor what the learner had is half written, and no part is left."""
    work(project, typed="mine")
    before = {path: path.read_bytes() for path in (project / "workbook").iterdir()}
    lesson(project, cell("second version"))

    def no_space(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_space)
        with pytest.raises(Problem, match=r"\(No space left on device\)"):
            Workbook(project).put_back("04")
    assert {path: path.read_bytes() for path in (project / "workbook").iterdir()} == before


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": [{}]}'])
def test_a_lesson_that_is_broken_is_named(project: Path, content: str) -> None:
    """The learner's copies are left alone."""
    (project / "notebooks" / NAME).write_text(content)
    with pytest.raises(Problem, match=f"{NAME} is no notebook .*: restore it, then try again"):
        update(project)
    assert sources(project) == ["first version"]


def test_a_lesson_without_notebooks_is_named(tmp_path: Path) -> None:
    """As when only a part of it was copied."""
    with pytest.raises(Problem, match="has no notebooks: get the lesson again as a whole"):
        update(tmp_path)
