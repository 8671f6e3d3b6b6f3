"""Temporary folders that end with the notebook, also when its kernel is killed."""

from __future__ import annotations

import subprocess
import sys
import weakref
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

# Reading ends when this process closes the pipe, or when the system does it after kill -9.
REMOVER = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


class TemporaryFolder:
    """A folder that a process of its own removes as soon as this process lets go of it.

    ::

        folder = TemporaryFolder()
        url = f"sqlite:///{(folder.new() / 'shop.db').as_posix()}"
        folder.remove()

    A process that writes to it needs its ``lifeline``, as in
    ``Process(command, cwd=folder.path, pass_fds=folder.lifeline)``: the remover waits until
    everybody has let go of that.

    :param parent: where to make it; by default where the system has temporary files.
    """

    def __init__(self, parent: str | None = None) -> None:
        self.path = Path(mkdtemp(prefix="lesson-", dir=parent))
        remover = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", REMOVER, self.path],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl+C goes to its own session only
        )
        assert remover.stdin
        # A process that still writes would put files back while the remover removes them.
        self.lifeline = () if sys.platform == "win32" else (remover.stdin.fileno(),)
        self._remove = weakref.finalize(self, remover.communicate)

    def new(self) -> Path:
        """Make an empty folder in it, with a name that was not there before."""
        return Path(mkdtemp(dir=self.path))

    def remove(self) -> None:
        """Remove it with all that is in it; once is enough."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()
