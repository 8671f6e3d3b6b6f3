"""What a forked child of the notebook does with its copies of the servers' sockets."""

from __future__ import annotations

import os
import socket
import weakref
from collections.abc import Iterable
from typing import Protocol


class Server(Protocol):
    """What has sockets."""

    def close_copies(self) -> None:
        """Close them in a child, where they are copies."""


servers: weakref.WeakSet[Server] = weakref.WeakSet()


def close_all(copies: Iterable[socket.socket]) -> None:
    """Close sockets, whatever else refers to them, and say nothing to who is at the other end."""
    for each in copies:
        if each.fileno() >= 0:
            os.close(each.detach())


def _leave_to_the_parent() -> None:
    for server in list(servers):
        server.close_copies()


# A copy keeps a connection open: its other end never hears that the server has closed it.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_the_parent)
