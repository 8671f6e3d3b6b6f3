"""The files of the project: written for the learner, copied for the host."""

from __future__ import annotations

import shutil
from pathlib import Path

PROJECT = Path(__file__).parent / "project"
LEFT_OUT = shutil.ignore_patterns(
    "__pycache__", ".*", "instance", "*.db", "*.db-*", "*.sqlite*", ":memory:", "*.pyc"
)


def write_project(folder: Path) -> Path:
    """Write the project into a folder; files that are there already stay as they are.

    :param folder: is made where it is missing.
    :return: the folder.
    """
    for source in sorted(PROJECT.rglob("*")):
        target = folder / source.relative_to(PROJECT)
        if source.is_dir() or "__pycache__" in source.parts or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return folder


def copy_project(folder: Path, target: Path) -> None:
    """Copy a project without the databases that it has left behind.

    :param folder: the learner's.
    :param target: must not be there yet.
    """
    shutil.copytree(folder, target, ignore=LEFT_OUT)
