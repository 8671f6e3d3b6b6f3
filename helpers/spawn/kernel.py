"""Another kernel, to try cells in that would block or break the one of the notebook."""

from __future__ import annotations

import queue
import re
import subprocess
import time
from dataclasses import dataclass
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
        # Its own words are none of the notebook's; what its cells print comes as messages.
        self._manager, self._client = start_new_kernel(
            kernel_name="python3", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._end = when_forgotten(self, _end, self._manager, self._client)
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def run(self, cell: str, until: str | None = None, seconds: float = 30) -> Outcome:
        """Run a cell, and wait until it has ended, or longer or less long.

        :param cell: its code.
        :param until: a regular expression. Wait until it is found in what is printed, whether
            the cell has ended or not.
        :param seconds: how long to wait at most.
        """
        number = self._client.execute(cell, stop_on_error=False)
        outcome = Outcome(ended=False, error="", printed="")
        deadline = time.monotonic() + seconds
        while not _is_over(outcome, until) and (left := deadline - time.monotonic()) > 0:
            try:
                message: dict[str, Any] = self._client.get_iopub_msg(timeout=left)
            except queue.Empty:
                break
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
        self._manager.interrupt_kernel()


def _is_over(outcome: Outcome, until: str | None) -> bool:
    if until is None:
        return outcome.ended
    return bool(re.search(until, outcome.printed))


def _end(manager: KernelManager, client: BlockingKernelClient) -> None:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()
