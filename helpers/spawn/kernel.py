"""Another kernel, to try cells in that would block or break the one of the notebook."""

from __future__ import annotations

import asyncio
import queue
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from helpers.spawn.forgotten import when_forgotten

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

COLOR = re.compile(r"\x1b\[[\d;]*m")


@dataclass
class Outcome:
    """What became of a cell.

    :param ended: whether it has ended, so that the next one can run.
    :param error: what it raised, as ``SystemExit: 1``, or "".
    :param printed: what it and its threads have printed.
    """

    ended: bool
    error: str
    printed: str


class Kernel:
    """A kernel of its own, as a second notebook has it.

    ::

        with Kernel() as other:
            other.run("1 / 0").error

    It ends with the block, and when this process ends.
    """

    def __enter__(self) -> Self:
        from jupyter_client.manager import start_new_kernel  # here, because it is slow to import

        self._manager: KernelManager
        self._client: BlockingKernelClient
        # In the thread of the notebook, whose event loop runs, jupyter_client would start a
        # thread that never ends.
        self._thread = ThreadPoolExecutor(1)
        self._is_left = threading.Event()
        # Its own words are none of the notebook's; what its cells print comes as messages.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        start = partial(start_new_kernel, kernel_name="python3", **quiet)
        self._manager, self._client = self._thread.submit(start).result()
        self._end = when_forgotten(self, _end, self._thread, self._manager, self._client)
        return self

    def __exit__(self, *error: object) -> None:
        self._is_left.set()  # an interrupt has left a cell that is still waited for
        self._end()

    def run(self, cell: str, until: str | None = None, seconds: float = 30) -> Outcome:
        """Run a cell, and wait until it has ended, or longer or less long.

        :param cell: its code.
        :param until: a regular expression. Wait until it is found in what is printed, whether
            the cell has ended or not.
        :param seconds: how long to wait at most.
        """
        return self._thread.submit(self._run, cell, until, seconds).result()

    def _run(self, cell: str, until: str | None, seconds: float) -> Outcome:
        number = self._client.execute(cell, stop_on_error=False)
        outcome = Outcome(ended=False, error="", printed="")
        deadline = time.monotonic() + seconds
        while not _is_over(outcome, until) and (left := deadline - time.monotonic()) > 0:
            if self._is_left.is_set():
                break
            try:
                message: dict[str, Any] = self._client.get_iopub_msg(timeout=min(left, 0.5))
            except queue.Empty:
                continue
            content, kind = message["content"], message["msg_type"]
            if kind == "stream":  # of its threads, too, which other cells may have started
                outcome.printed += COLOR.sub("", content["text"])
            elif message["parent_header"].get("msg_id") != number:
                continue
            elif kind == "error":
                outcome.error = f"{content['ename']}: {content['evalue']}"
            elif kind == "status":
                outcome.ended = content["execution_state"] == "idle"
        return outcome

    def interrupt(self) -> None:
        """Interrupt the cell that runs, as the button ■ does."""
        self._thread.submit(self._manager.interrupt_kernel).result()


def _is_over(outcome: Outcome, until: str | None) -> bool:
    if until is None:
        return outcome.ended
    return bool(re.search(until, outcome.printed))


def _end(thread: ThreadPoolExecutor, manager: KernelManager, client: BlockingKernelClient) -> None:
    with suppress(RuntimeError):  # this process ends, without which a kernel ends by itself
        thread.submit(_shut_down, manager, client).result()
        thread.shutdown()


def _shut_down(manager: KernelManager, client: BlockingKernelClient) -> None:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()
    asyncio.get_event_loop().close()  # which jupyter_client has made for this thread
