"""Werkzeug's development server, made silent and quick to stop, for LiveServer."""

from __future__ import annotations

import io
import os
import queue
import selectors
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

from helpers.serve.records import Failure, Request, collecting


class StoppableServer(BaseWSGIServer):
    """The sockets and threads of a LiveServer, from one start to its stop.

    :param app: the Flask app.
    :param threads: None, 1 or the size of the pool, as for LiveServer.
    :param port: the port, or 0 for a free one.
    :raises OSError: if the port cannot be bound.
    """

    def __init__(self, app: Flask, threads: int | None, port: int) -> None:
        self.requests: list[Request] = []
        self.failures: list[Failure] = []
        self.stream = io.StringIO()
        self.running: dict[socket.socket, tuple[str, threading.Thread]] = {}
        self.stopping = False
        # Bound here, because Werkzeug prints and exits when it cannot bind.
        with socket.create_server(("127.0.0.1", port)) as bound:
            answer = collecting(app, self.failures, self.stream)
            super().__init__("127.0.0.1", port, answer, QuietHandler, fd=bound.fileno())
        self.multithread = threads != 1
        pool = threads if threads and self.multithread else 0
        self._jobs: list[queue.SimpleQueue[Any]] = [queue.SimpleQueue() for _ in range(pool)]
        self._handed_over = 0
        self._serving = threading.Thread(name="server", target=self._serve, daemon=True)
        self._threads: list[threading.Thread] = []  # those that it hands requests to
        self._clients: set[socket.socket] = set()
        self._wake_up, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.socket, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._process = os.getpid()

    def start(self) -> None:
        """Start the serving thread, and the pool if there is one."""
        self._serving.start()
        for number, jobs in enumerate(self._jobs, start=1):
            self._start_thread(f"pool-{number}", self._work, jobs)

    def close(self, timeout: float) -> list[str]:
        """Hang up on silent clients, wait for the views that run, close the sockets.

        :param timeout: seconds to wait.
        :return: the requests that still run then.
        """
        if self.stopping or os.getpid() != self._process:  # a fork shares the sockets
            return []
        self.stopping = True
        deadline = time.monotonic() + timeout
        try:
            self._wake_up.close()
            _hang_up(self._clients - set(self.running))
            _join([self._serving], deadline)  # first, because it starts the others
            _join(self._threads, deadline)
        finally:  # also when the reader interrupts the wait
            self._wake_up.close()
            self.socket.close()
            me = threading.current_thread()  # not me, if it is a view that stops its server
            hung = {c: text for c, (text, who) in list(self.running.items()) if who is not me}
            _hang_up(hung)
        return list(hung.values())

    def _serve(self) -> None:
        """Accept clients, and hand each over once it has said something."""
        with self._woken, self._selector as selector:
            while not self.stopping:
                for key, _ in selector.select():
                    if self.stopping:
                        break
                    if key.fileobj is self.socket:
                        with suppress(OSError):  # the client is gone again
                            client, address = self.get_request()
                            self._clients.add(client)
                            selector.register(client, selectors.EVENT_READ, (client, address))
                    elif key.data:
                        selector.unregister(key.fileobj)
                        self._hand_over(*key.data)
            for key in list(selector.get_map().values()):
                if key.data:
                    self.shutdown_request(key.data[0])
        for jobs in self._jobs:
            jobs.put(None)

    def _hand_over(self, client: socket.socket, address: Any) -> None:
        """Choose the thread that answers."""
        if not _has_spoken(client):
            self.shutdown_request(client)
            return
        self._handed_over += 1
        if self._jobs:
            self._jobs[(self._handed_over - 1) % len(self._jobs)].put((client, address))
        elif self.multithread:
            self._start_thread(f"request-{self._handed_over}", self._handle, client, address)
        else:
            self._handle(client, address)

    def _start_thread(self, name: str, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(name=name, target=target, args=args, daemon=True)
        thread.start()
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]

    def _work(self, jobs: queue.SimpleQueue[Any]) -> None:
        """Answer the requests that one thread of the pool is given."""
        while job := jobs.get():
            self._handle(*job)

    def _handle(self, client: socket.socket, address: Any) -> None:
        """Answer one request."""
        try:
            self.finish_request(client, address)
        except BaseException:  # noqa: BLE001 - a broken request must not end the server
            self.stream.write(traceback.format_exc())
        finally:
            self.shutdown_request(client)

    def close_request(self, request: Any) -> None:
        """Close the client's socket, and forget it."""
        super().close_request(request)
        self._clients.discard(request)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Collect the line."""
        self.stream.write((message % args if args else message) + "\n")


class QuietHandler(WSGIRequestHandler):
    """Werkzeug's handler of one request, which collects what it would print."""

    server: StoppableServer
    protocol_version = "HTTP/1.1"  # else Werkzeug writes it on its own class, for everyone

    def run_wsgi(self) -> None:
        """Answer the request, and be known as running meanwhile."""
        if self.server.stopping:  # half a request looks whole once the server hangs up
            self.close_connection = True
            return
        thread = threading.current_thread()
        text = f"{self.command} {self.path} in {thread.name}"
        self.server.running[self.connection] = (text, thread)
        try:
            super().run_wsgi()
        finally:
            del self.server.running[self.connection]

    def make_environ(self) -> dict[str, Any]:
        """Send Flask's log where ours goes."""
        return super().make_environ() | {"wsgi.errors": self.server.stream}

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Record the request, ahead of the answer's first byte: who has one finds the other."""
        self.log("info", '"%s" %s', self.requestline, int(code))
        if self.command:  # None where the line was no request
            thread = threading.current_thread().name
            self.server.requests.append(Request(self.command, self.path, int(code), thread))

    def log(self, type: str, message: str, *args: Any) -> None:
        """Collect the line, without the address and the time."""
        self.server.log(type, message, *args)


def _has_spoken(client: socket.socket) -> bool:
    """Say whether a readable client has sent something, or just left."""
    with suppress(OSError):
        return bool(client.recv(1, socket.MSG_PEEK))
    return False


def _hang_up(clients: Iterable[socket.socket]) -> None:
    """End what clients say and hear, so that no thread waits for them."""
    for client in clients:
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


def _join(threads: list[threading.Thread], deadline: float) -> None:
    """Wait for threads to end, but for the current one."""
    for thread in threads:
        if thread is not threading.current_thread() and thread.is_alive():
            thread.join(max(0, deadline - time.monotonic()))
