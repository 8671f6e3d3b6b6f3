"""What happened in a LiveServer, kept instead of printed: requests, errors, the log."""

from __future__ import annotations

import copy
import io
import traceback
from types import TracebackType
from typing import NamedTuple

# A terminal or a notebook obeys these: \x1b[2J wipes what stands before it.
_CONTROLS = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]}
_CONTROLS = {code: text for code, text in _CONTROLS.items() if chr(code) not in "\t\n"}


class Request(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    status: int
    thread: str


class Failure(NamedTuple):
    """What a view raised, and where."""

    error: BaseException
    traceback: TracebackType | None


class Log(io.StringIO):
    """Text that can be printed: control characters are written out, as in ``\\x1b``."""

    def write(self, text: str) -> int:
        """Add text to the end."""
        return super().write(text.translate(_CONTROLS))


class Records:
    """All that is known of a server from its start to its stop."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.failures: list[Failure] = []
        self.log = Log()

    def keep(self, error: BaseException) -> None:
        """Keep an error and its traceback, but not the variables of the view that raised it.

        They would keep its sessions and connections open for as long as the server is known.
        """
        for each in _family(error):
            traceback.clear_frames(each.__traceback__)
        self.failures.append(Failure(error, error.__traceback__))


def twin(error: BaseException) -> BaseException:
    """Return an error that is equal, to be raised elsewhere.

    Raising the kept one again would tie the frames of whoever raises it to the server.
    """
    try:
        made = copy.copy(error)
    except Exception:  # noqa: BLE001 - its __init__ wants what its args do not say
        made = type(error).__new__(type(error), *error.args)
        vars(made).update(vars(error))
    made.args = error.args
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    made.__suppress_context__ = error.__suppress_context__
    return made


def _family(error: BaseException) -> list[BaseException]:
    """An error, its causes, and the members of a group: each once, as causes can be a circle."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or any(each is known for known in found):
            continue
        found.append(each)
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    return found
