"""Who is connected to a LiveServer, whose request runs, and on whom it has hung up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress

from helpers.serve.handler import Client


class Guests:
    """The clients of a server, from its start to its stop."""

    def __init__(self) -> None:
        self.stopping = False
        self.sockets: set[socket.socket] = set()
        self._running: dict[socket.socket, tuple[Client, threading.Thread]] = {}
        self._reading: set[socket.socket] = set()
        self._dropped: set[socket.socket] = set()
        # Reentrant, because the collector of garbage may stop a server at any moment.
        self._lock = threading.RLock()

    def begin(self, client: Client) -> bool:
        """Count a request as running, unless the server stops."""
        with self._lock:
            if not self.stopping:
                self._running[client.socket] = client, threading.current_thread()
            return not self.stopping

    def end(self, client: Client) -> None:
        """Count a request as running no more."""
        client.answered = True
        with self._lock:
            self._running.pop(client.socket, None)

    def may_wait_for(self, client: Client) -> bool:
        """Whether to wait for what a client says: not after its answer, nor during a stop.

        Werkzeug reads on after the answer, and would wait for the rest of half a request.
        """
        with self._lock:
            waits = not (self.stopping or client.answered)
            if waits:
                self._reading.add(client.socket)
            return waits

    def waits_no_more(self, client: Client) -> None:
        """A stop need not hang up on a client to have it heard."""
        with self._lock:
            self._reading.discard(client.socket)

    def will_hear(self, client: Client) -> bool:
        """Whether a client can be answered still."""
        with self._lock:
            return client.socket not in self._dropped

    def drop_the_idle(self) -> None:
        """From now on no request begins: hang up on each client whose view does not run.

        Nor does the view of one that has said half a request, and is waited for.
        """
        with self._lock:
            self.stopping = True
            self._dropped = self.sockets - (self._running.keys() - self._reading)
        _hang_up(self._dropped)

    def drop_the_rest(self) -> list[str]:
        """Hang up on every client but the one whose view stops its own server.

        :return: the requests that still run.
        """
        me = threading.current_thread()
        with self._lock:
            self.stopping = True
            running = dict(self._running)
        mine = {sock for sock, (_, thread) in running.items() if thread is me}
        with self._lock:
            self._dropped = self.sockets - mine
        _hang_up(self._dropped)
        hung = [each for sock, each in running.items() if sock not in mine]
        return [f"{client.request} in {thread.name}" for client, thread in hung]


def _hang_up(clients: Iterable[socket.socket]) -> None:
    """End what clients say and hear, so that no thread waits for them."""
    for client in list(clients):
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
