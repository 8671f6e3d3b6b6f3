"""A forked child has copies of the server's sockets, and neither keeps nor ends it."""

from __future__ import annotations

import os
import sys

import pytest
from serving import run_python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
SERVER = """
import multiprocessing, os, socket, sys, threading, warnings
from concurrent.futures import ProcessPoolExecutor
from helpers.serve import send
warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: here on purpose
fork = multiprocessing.get_context("fork")
app = Flask("app")
app.add_url_rule("/", view_func=lambda: "hello")
def connect(url):
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10)
def refused(url):
    try:
        connect(url).close()
    except ConnectionError:
        return True
"""
STOPPED = """
    url = server.url
    server.stop(timeout=60)
    print(client.recv(1), refused(url), "server" in [t.name for t in threading.enumerate()])
    client.close()
    with LiveServer(app, port=int(url.rpartition(":")[2])) as following:
        print(following.get("/").text)
"""


def test_a_forked_child_that_ends_leaves_the_server_running() -> None:
    """The child has a copy of the server's sockets, and must not hang up on its clients."""
    done = run_python(
        SERVER
        + """
with LiveServer(app) as server:
    client = connect(server.url)
    server.get("/")  # when this is answered, the other client is known
    if os.fork() == 0:
        sys.exit()
    os.wait()
    client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(client.makefile().read()[-5:])
    client.close()
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_a_child_that_lives_does_not_hold_up_the_stop(threads: int | None) -> None:
    """Its clients hear the end, the port is free, and no thread is left: while it lives."""
    done = run_python(
        SERVER
        + f"""
ours, theirs = multiprocessing.Pipe()
server = LiveServer(app, threads={threads})
with server:
    client = connect(server.url)
    server.get("/")
    child = fork.Process(target=theirs.recv)
    child.start()
{STOPPED}
ours.send("end")
child.join()
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "b'' True False\nhello\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere the child must close its copy.")
def test_a_child_that_is_late_does_not_keep_the_port() -> None:
    """It has not come to close its copies when the server has stopped already."""
    done = run_python(
        SERVER
        + f"""
server = LiveServer(app)
with server:
    client = connect(server.url)
    server.get("/")
    child = fork.Process(target=sys.exit)
    child.start()
{STOPPED}
os.write(go[1], b".")
child.join()
""",
        first="import os\n"
        "go = os.pipe()\n"
        "os.register_at_fork(after_in_child=lambda: os.read(go[0], 1))",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "b'' True False\nhello\n", "")


def test_a_pool_of_processes_can_send_requests_and_outlive_the_server() -> None:
    """Its processes reach the server of the one that started them."""
    done = run_python(
        SERVER
        + f"""
with LiveServer(app) as server, ProcessPoolExecutor(2, mp_context=fork) as pool:
    client = connect(server.url)
    server.get("/")
    print([each.text for each in pool.map(send, ["GET"] * 4, [server.url] * 4, ["/"] * 4)])
{STOPPED}
"""
    )
    said = f"{['hello'] * 4}\nb'' True False\nhello\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")


def test_a_child_can_serve_for_itself() -> None:
    """It starts what its parent has started, on a port of its own."""
    done = run_python(
        SERVER
        + """
server = LiveServer(app)
server.start()
url = server.url
if os.fork() == 0:
    server.start()
    print(server.get("/").text, server.url != url)
    server.stop()
    sys.exit()
os.wait()
print(server.get("/").text)
"""
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello True\nhello\n", "")
