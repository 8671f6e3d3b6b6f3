"""One client of a LiveServer: what it has said, and Werkzeug's handler that answers it."""

from __future__ import annotations

import io
import re
import selectors
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler

from helpers.serve.answer import ANSWERED, RAISED
from helpers.serve.records import Request

if TYPE_CHECKING:
    from helpers.serve.stoppable_server import StoppableServer

MOST = 65536  # bytes of a head; http.server refuses one whose line is longer


class Client:
    """A connection that was accepted.

    :param sock: its socket.
    :param address: its address, as the socket's ``accept`` gives it.
    """

    def __init__(self, sock: socket.socket, address: Any) -> None:
        self.socket, self.address = sock, address
        self.said = bytearray()
        self.answered = False

    def listen(self) -> bool:
        """Hear what a readable client says. False when it has left instead."""
        try:
            said = self.socket.recv(MOST)
        except OSError:
            return False
        self.said += said
        return bool(said)

    @property
    def has_asked(self) -> bool:
        """Whether the head of a request is there as a whole."""
        return len(self.said) >= MOST or bool(re.search(rb"\n\r?\n", self.said))

    @property
    def request(self) -> str:
        """The request by method and path, as ``GET /items``."""
        line = self.said.partition(b"\n")[0].decode("latin-1")
        return " ".join(line.split()[:2])


class QuietHandler(WSGIRequestHandler):
    """Werkzeug's handler of one request, which collects what it would print.

    :param client: the client, which has asked.
    :param server: the server.
    """

    server: StoppableServer
    protocol_version = "HTTP/1.1"  # else Werkzeug writes it on its own class, for everyone

    def __init__(self, client: Client, server: StoppableServer) -> None:
        self.client = client
        super().__init__(client.socket, client.address, server)

    def setup(self) -> None:
        """Read what the client has said already, and then from its socket."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Incoming(self.client, self.server))

    def make_environ(self) -> dict[str, Any]:
        """Send Flask's log where ours goes, and have what is raised collected."""
        server = self.server
        ended = partial(server.guests.end, self.client)
        ours = {"wsgi.errors": server.records.log, RAISED: [], ANSWERED: ended}
        return super().make_environ() | ours

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Record the request, ahead of the answer's first byte: who has one finds the other."""
        self.log("info", '"%s" %s', self.requestline, int(code))
        # There is no command where the line was no request.
        if self.command and self.server.guests.will_hear(self.client):
            request = Request(self.command, self.path, int(code), threading.current_thread().name)
            self.server.records.requests.append(request)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Collect the line, without the address and the time."""
        self.server.log(type, message, *args)


class _Incoming(io.RawIOBase):
    """What a client says, from the first byte on; its end where nobody waits for the rest."""

    def __init__(self, client: Client, server: StoppableServer) -> None:
        self._client, self._server = client, server
        self._said = bytes(client.said)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer).cast("B")
        if self._said:
            count = min(len(into), len(self._said))
            into[:count], self._said = self._said[:count], self._said[count:]
            return count
        client, guests = self._client, self._server.guests
        try:
            if guests.may_wait_for(client) or _is_readable(client.socket):
                return client.socket.recv_into(into)
            return 0
        except OSError:  # it is gone
            return 0
        finally:
            guests.waits_no_more(client)


def _is_readable(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
