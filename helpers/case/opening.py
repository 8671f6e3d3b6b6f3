"""Open the case: put the project where the learner can edit it."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.case.files import write_project
from helpers.show import WORKBOOK
from helpers.spawn import TemporaryFolder

NAME = "the_case"
REMOVED = "The project has been removed: run the first code cell of this notebook again"


class Project:
    """The project on disk: in the workbook, and elsewhere in a temporary folder.

    Files that are there already stay as they are; one that was deleted comes back as it was.

    :raises OSError: when it cannot be written.
    """

    def __init__(self) -> None:
        in_workbook = (Path.cwd() / WORKBOOK).is_file()
        self._temporary = None if in_workbook else TemporaryFolder()
        parent = self._temporary.path if self._temporary else Path.cwd()
        try:
            self.folder = write_project(parent / NAME)
        except OSError as error:
            raise OSError(
                f"The project cannot be written to {parent / NAME} ({error.strerror}): let that"
                " folder be written to, and run this cell again."
            ) from None

    def there(self) -> Path:
        """Its folder.

        :raises FileNotFoundError: when it has been removed.
        """
        if not self.folder.is_dir():
            raise FileNotFoundError(f"{REMOVED}.")
        return self.folder

    def read(self, name: str) -> str:
        """The text of one of its files.

        :param name: as ``"shop/views.py"``.
        :raises FileNotFoundError: when there is no such file, or the project has been removed.
        """
        path = self.there() / name
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {name} in {NAME}: its files are {self}.")
        return path.read_text(encoding="utf-8")

    def close(self) -> None:
        """Remove it, unless it is in the workbook, where it stays."""
        if self._temporary:
            self._temporary.remove()

    def __repr__(self) -> str:
        paths = [path.relative_to(self.folder) for path in sorted(self.folder.rglob("*"))]
        hidden = re.compile(r"\.|__pycache__|instance")
        names = [
            path.as_posix()
            for path in paths
            if (self.folder / path).is_file() and not any(map(hidden.match, path.parts))
        ]
        return "\n".join(f"{NAME}/{name}" for name in names)
