"""Temporary folders that end with the notebook, also when its kernel is killed."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir, mkdtemp
from typing import Self

from helpers.spawn.forgotten import when_forgotten

# Reading ends when this process closes the pipe, or when the system does it after kill -9.
REMOVER = """
import os, shutil, sys
sys.stdin.read()
os.close(2)  # says that nobody uses the folder any more
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
WAIT = 5.0  # seconds for a process that still uses the folder to end
# Removers that nobody waits for any longer: Python warns of a child that is forgotten.
_waiting: list[subprocess.Popen[bytes]] = []


class TemporaryFolder:
    """A folder that a process of its own removes as soon as this process lets go of it.

    ::

        folder = TemporaryFolder()
        url = f"sqlite:///{(folder.new() / 'shop.db').as_posix()}"
        folder.remove()

    A process that writes to it needs its ``lifeline``, as in
    ``Process(command, cwd=folder.path, pass_fds=folder.lifeline)``: the remover waits until
    everybody has let go of that. Whoever uses the folder after ``remove`` gets a new one, so
    a section of a notebook can run again.

    :param parent: where to make it; by default where the system has temporary files.
    """

    def __init__(self, parent: str | None = None) -> None:
        self._parent = parent
        self._make()

    def _make(self) -> None:
        # Named first and made last: an interrupt leaves no folder that nobody removes.
        self._path = Path(self._parent or gettempdir(), f"lesson-{token_hex(4)}").absolute()
        self._remover = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", REMOVER, self._path],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl+C goes to its own session only
        )
        self._let_go = when_forgotten(self, _let_go, self._remover)
        self._path.mkdir(mode=0o700)

    def _make_again_if_removed(self) -> None:
        if not self._let_go.alive:
            self._make()

    @property
    def path(self) -> Path:
        """The folder itself."""
        self._make_again_if_removed()
        return self._path

    @property
    def lifeline(self) -> tuple[int, ...]:
        """File descriptors for ``pass_fds``; none on Windows, where files in use stay."""
        self._make_again_if_removed()
        assert self._remover.stdin
        return () if sys.platform == "win32" else (self._remover.stdin.fileno(),)

    def new(self) -> Path:
        """Make an empty folder in it, with a name that was not there before."""
        return Path(mkdtemp(dir=self.path))

    def remove(self) -> None:
        """Remove it with all that is in it; once is enough.

        :raises RuntimeError: when a process still uses it; it is removed when that ends.
        """
        if self._let_go() is False:
            raise RuntimeError(
                f"A process that was started with this folder's lifeline still runs after {WAIT:g}"
                f" s: stop that process. {self._path} is removed as soon as it has ended."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            self.remove()
        else:
            self._let_go()  # the error of the block says more than that the folder is in use


def _let_go(remover: subprocess.Popen[bytes]) -> bool:
    """Close the pipe, and wait for the folder's end, but not for ever: say whether it came.

    This runs also when nobody refers to the folder any more. A process that somebody still
    refers to can have its lifeline then.
    """
    assert remover.stdin and remover.stderr
    remover.stdin.close()
    _waiting[:] = [each for each in _waiting if each.poll() is None]
    with remover.stderr as said:
        if sys.platform != "win32" and not select.select([said], [], [], WAIT)[0]:
            _waiting.append(remover)
            return False
        remover.wait()
    return True
