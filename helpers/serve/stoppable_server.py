"""Werkzeug's development server, made silent and quick to stop, for LiveServer."""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
import traceback
import weakref
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer

from helpers.serve.answer import Answer
from helpers.serve.crew import Crew, join
from helpers.serve.forked import close_all, servers
from helpers.serve.guests import Guests
from helpers.serve.handler import Client, QuietHandler
from helpers.serve.records import Records


class StoppableServer(BaseWSGIServer):
    """The sockets and threads of a LiveServer, from one start to its stop.

    :param app: the Flask app.
    :param threads: None, 1 or the size of the pool, as for LiveServer.
    :param port: the port, or 0 for a free one.
    :raises OSError: if the port cannot be bound.
    """

    def __init__(self, app: Flask, threads: int | None, port: int) -> None:
        self.records = Records()
        self.guests = Guests()
        # Bound here, because Werkzeug prints and exits when it cannot bind.
        with socket.create_server(("127.0.0.1", port)) as bound, ExitStack() as undo:
            answer = partial(Answer, app, self.records)
            super().__init__("127.0.0.1", port, answer, QuietHandler, fd=bound.fileno())
            undo.callback(self.socket.close)
            self._wake_up, self._woken = map(undo.enter_context, socket.socketpair())
            self._selector = undo.enter_context(selectors.DefaultSelector())
            self._selector.register(self.socket, selectors.EVENT_READ)
            self._selector.register(self._woken, selectors.EVENT_READ)
            undo.pop_all()
        self.multithread = threads != 1
        self._crew = Crew(threads, self._answer)
        self._serving = threading.Thread(name="server", target=self._serve, daemon=True)
        self._lock = threading.RLock()  # reentrant: garbage is collected at any moment
        self._closer: threading.Thread | None = None
        self._closed = False
        self._process = os.getpid()
        self.finalizer: weakref.finalize[Any, Any] | None = None
        servers.add(self)

    @property
    def is_of_this_process(self) -> bool:
        """False in a forked child, which has a copy of the server and none of its threads."""
        return os.getpid() == self._process

    def start(self) -> None:
        """Start the serving thread, and the pool if there is one."""
        try:
            self._serving.start()
        except RuntimeError:  # the system has no thread left, so none closes these
            self._selector.close()
            self._woken.close()
            raise
        self._crew.start()

    def close(self, timeout: float) -> list[str]:
        """Hang up on silent clients, wait for the views that run, close the sockets.

        What an interrupt has left half closed is closed by the next call.

        :param timeout: seconds to wait.
        :return: the requests that still run then.
        """
        if not self.is_of_this_process or not self._may_close():
            return []
        deadline = time.monotonic() + timeout
        try:
            self.guests.drop_the_idle()
            self._wake()
            join([self._serving], deadline)  # first, because it starts the others
            self._crew.join(deadline)
        finally:  # also when the reader interrupts the wait
            hung = self.guests.drop_the_rest()
            self._wake()
            with suppress(OSError):  # a forked child may not have come to close its copy yet
                self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
            self._wake_up.close()
            if self.finalizer:
                self.finalizer.detach()  # it would keep this server until the process ends
            self._closed = True
        return hung

    def _may_close(self) -> bool:
        """False where that is done, or another thread does it."""
        me = threading.current_thread()
        with self._lock:
            if self._closed or self._closer not in (None, me):
                return False
            self._closer = me
        return True

    def _wake(self) -> None:
        """Let the serving thread see that it stops."""
        with suppress(OSError):
            self._wake_up.send(b".")

    def shutdown(self) -> None:
        """End it, as any server of ``socketserver`` is ended."""
        self.close(timeout=1)

    def close_copies(self) -> None:
        """Close a forked child's copies of the sockets, which would keep each open."""
        close_all([self.socket, self._wake_up, self._woken, *self.guests.sockets])
        self._selector.close()

    @property
    def stopping(self) -> bool:
        """Whether it has begun to stop."""
        return self.guests.stopping

    def _serve(self) -> None:
        """Accept clients, and hand each over once it has asked for something."""
        with self._woken, self._selector as selector:
            while not self.stopping:
                for key, _ in selector.select():
                    if self.stopping:
                        break
                    if key.fileobj is self.socket:
                        with suppress(OSError):  # the client is gone again
                            client = Client(*self.get_request())
                            self.guests.sockets.add(client.socket)
                            selector.register(client.socket, selectors.EVENT_READ, client)
                    elif key.data:
                        self._listen(selector, key.data)
            for key in list(selector.get_map().values()):
                if key.data:
                    self.shutdown_request(key.data.socket)
        self._crew.dismiss()

    def _listen(self, selector: selectors.BaseSelector, client: Client) -> None:
        """Half a request waits here, where it takes no thread."""
        is_there = client.listen()
        if is_there and not client.has_asked:
            return
        selector.unregister(client.socket)
        try:
            if is_there:
                self._crew.give(client)
            else:
                self.shutdown_request(client.socket)
        except RuntimeError as error:  # the system has no thread left
            self.log("error", f"{client.request} was not answered: {error}.")
            self.shutdown_request(client.socket)

    def _answer(self, client: Client) -> None:
        """Answer a request, in the thread that was chosen."""
        try:
            if self.guests.begin(client):
                QuietHandler(client, self)
        except BaseException:  # noqa: BLE001 - a broken request must not end the server
            self.records.log.write(traceback.format_exc())
        finally:
            self.guests.end(client)
            self.shutdown_request(client.socket)

    def close_request(self, request: Any) -> None:
        """Close the client's socket, and forget it."""
        super().close_request(request)
        self.guests.sockets.discard(request)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Collect the line."""
        self.records.log.write((message % args if args else message) + "\n")
