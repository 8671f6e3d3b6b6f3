"""Starts one command, and ends it when the program that asked for it ends or says so.

``helpers.spawn.process`` runs this file by its path. Standard input is a pipe from the
caller that holds nothing. Reading it returns when the caller writes or closes it, and
also when the caller is killed, because the system then closes the pipe.

Only the standard library, and little of it: this file is started with every process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

# Signals, and seconds to wait after each. At SIGTERM, PostgreSQL waits for its clients; at
# SIGINT it disconnects them, and still cleans up, which it cannot do at SIGKILL.
REQUESTS = (("SIGTERM", 1.0), ("SIGINT", 4.0), ("SIGKILL", 0.0))


def main(remove: str, user: str, *command: str) -> None:
    """Run a command to its end, delete a folder, and end as the command did.

    :param remove: the folder, or ``""``.
    :param user: account to run the command as, or ``""`` for the current one.
    :param command: program and arguments.
    """
    try:
        code = run(command, user)
    finally:
        if remove:
            from shutil import rmtree  # slow to import, and seldom needed

            os.chdir(os.path.dirname(remove))  # Windows keeps a folder that somebody is in
            rmtree(remove, ignore_errors=True)
    end_like(code)


def run(command: tuple[str, ...], user: str) -> int:
    """Run a command to its end, or to the end of standard input; return its return code."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            close_fds=False,  # passes on what the caller passed
            start_new_session=True,  # a group of its own, which can be ended as one
            user=user or None,
        )
    except (OSError, LookupError) as error:
        sys.exit(f"{command[0]!r} cannot be started: {error}.")
    ended = threading.Event()
    threading.Thread(target=end_on_request, args=(child.pid, ended), daemon=True).start()
    code = child.wait()
    ended.set()
    end_group(child.pid, "SIGKILL")  # what the command started and left behind
    return code


def end_on_request(pid: int, ended: threading.Event) -> None:
    """Wait for standard input, then end the group."""
    os.read(0, 1)
    for name, seconds in REQUESTS:
        end_group(pid, name)
        if ended.wait(seconds):
            return


def end_group(pid: int, name: str) -> None:
    """Send a signal to a process and everything that it started."""
    if sys.platform == "win32":  # has no signals: ends the tree at once
        command = ["taskkill", "/F", "/T", "/PID", str(pid)]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError, PermissionError):  # macOS, on ended: the second
            os.killpg(pid, getattr(signal, name))


def end_like(code: int) -> None:
    """End this process with the given return code, by the same signal if it was one."""
    if sys.platform == "win32":
        os._exit(code if code < 2**31 else code - 2**32)  # takes a signed number
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one core file is enough
        if code != -signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        signal.raise_signal(-code)
    os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
