"""Processes that a notebook starts, and that end with it, also when its kernel is killed.

Each command runs under ``watchdog.py``, which ends it and all that it started as soon as
the pipe from this process closes. The system closes that pipe even after ``kill -9``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Self

from helpers.spawn.forgotten import when_forgotten

WATCHDOG = Path(__file__).with_name("watchdog.py")
LAST_WORDS = 5.0  # seconds that the output may last after the end


class Process:
    r"""A command that runs until it ends by itself, is stopped, or this process ends.

    ::

        with Process([sys.executable, "app.py"], ready=r"Running on (\S+)") as process:
            requests.get(process.ready.group(1))

    It starts when it is made. ``ready`` is then the match in its output. Its standard
    input is empty, and a terminal's Ctrl+C does not reach it.

    :param command: the program, by name or path, and its arguments.
    :param ready: regular expression; the start waits for a line of output in which it
        is found. Without one, the start waits for nothing.
    :param timeout: seconds to wait for that line.
    :param cwd: folder to run in; by default the current one.
    :param env: all environment variables; by default those of this process.
    :param pass_fds: file descriptors to keep open in it; not on Windows.
    :param remove: folder to delete after the end.
    :param user: account to run it as, for a program that refuses root; not on Windows.
    :raises FileNotFoundError: when there is no such program.
    :raises RuntimeError: when it ends before it is ready.
    :raises TimeoutError: when it is not ready in time.
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        ready: str | None = None,
        timeout: float = 30.0,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        remove: str | os.PathLike[str] | None = None,
        user: str | None = None,
    ) -> None:
        environment = dict(os.environ if env is None else env)
        program, *arguments = _found(command, environment.get("PATH"))
        options = [os.path.abspath(remove) if remove else "", user or ""]
        self._name = shlex.join([Path(program).name, *arguments])
        self._output = _Output(ready)
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", WATCHDOG, *options, program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd=cwd,
            env=environment | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
            pass_fds=pass_fds,
            start_new_session=True,  # a terminal's Ctrl+C goes to its own session only
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # on Windows
        )
        self._reader = threading.Thread(
            target=self._output.read,  # nothing of self, which could not be collected otherwise
            args=(self._watchdog.stdout,),
            name="output of a process",
            daemon=True,
        )
        self._end = when_forgotten(self, _end, self._watchdog, self._reader, self._name)
        try:
            self._reader.start()
            if ready:
                self._wait_until_ready(ready, timeout)
        except BaseException:  # the interrupt of a cell, too
            self.stop()
            raise

    @property
    def ready(self) -> re.Match[str] | None:
        """The match in the first line of output in which ``ready`` was found."""
        return self._output.ready

    @property
    def output(self) -> str:
        """All that it printed so far, standard output and standard error together."""
        return "".join(self._output.lines)

    @property
    def returncode(self) -> int | None:
        """Its return code, minus the signal that ended it, or ``None`` while it runs."""
        return self._watchdog.poll()

    def wait(self, timeout: float = 30.0) -> int:
        """Wait until it ends by itself, and return its return code.

        :param timeout: seconds to wait.
        :raises TimeoutError: when it still runs then; it goes on running.
        """
        self._reader.join(timeout)
        if self._reader.is_alive():
            raise TimeoutError(
                f"{self._name} still runs after {timeout:g} s: wait longer, or stop() it."
            )
        self.stop()
        return self._watchdog.wait()

    def stop(self) -> None:
        """End it and all that it started, and wait for that; once is enough."""
        _end(self._watchdog, self._reader, self._name)
        self._end.detach()  # now, since an interrupt of the line above would leave it undone

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        # The error of the block says more than that the end was not complete.
        with suppress(RuntimeError) if error else nullcontext():
            self.stop()

    def _wait_until_ready(self, pattern: str, timeout: float) -> None:
        over = self._output.ready_or_over.wait(timeout)
        if self.ready:
            return
        self.stop()
        what = f"ended with return code {self.returncode}" if over else f"ran {timeout:g} s"
        raise (RuntimeError if over else TimeoutError)(
            f"{self._name} {what} and printed no line with {pattern!r}: correct what its output"
            f" names, or give it more time. It printed:\n{self.output or '(nothing)'}"
        )


class _Output:
    """What a process printed, collected to its end, so that it never waits for a reader."""

    def __init__(self, ready: str | None) -> None:
        self._pattern = re.compile(ready) if ready else None
        self.lines: list[str] = []
        self.ready: re.Match[str] | None = None
        self.ready_or_over = threading.Event()

    def read(self, stream: Iterable[str]) -> None:
        for line in stream:
            self.lines.append(line)
            if self._pattern and not self.ready:
                self.ready = self._pattern.search(line)
                if self.ready:
                    self.ready_or_over.set()
        self.ready_or_over.set()


def _end(watchdog: subprocess.Popen[str], reader: threading.Thread, name: str) -> None:
    """End a process and all that it started, and wait for that."""
    assert watchdog.stdin and watchdog.stdout
    with suppress(OSError, ValueError):  # it has ended, or was stopped before
        watchdog.stdin.write("end")  # a fork of this process may keep the pipe open
        watchdog.stdin.close()
    watchdog.wait()
    if reader.ident:  # the system may have refused to start it
        reader.join(LAST_WORDS)
    if reader.is_alive():
        raise RuntimeError(
            f"{name} has ended, but left a process in a session of its own that holds its"
            " output: end that process by hand."
        )
    watchdog.stdout.close()


def _found(command: Sequence[str | os.PathLike[str]], path: str | None) -> list[str]:
    """Return the command as text, with the full path of its program."""
    if isinstance(command, str):
        raise TypeError(f"The command is one string, {command!r}: give a list of its words.")
    name, *arguments = [os.fspath(word) for word in command]
    program = shutil.which(name, path=path)
    if program is None:
        raise FileNotFoundError(
            f"There is no program {name!r} to start: install it, or give the path to it."
        )
    return [os.path.abspath(program), *arguments]
