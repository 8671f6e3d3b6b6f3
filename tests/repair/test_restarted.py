"""Answers to the repair of notebook 15: every right one passes, and no other."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.learn import check
from helpers.repair import the_cell_can_run_again

HEAD = """
import socket, threading
from contextlib import ExitStack, contextmanager, suppress
from werkzeug.serving import make_server
from helpers import LiveServer

running = []

def start(app, port):
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    running.append((server, thread))
"""
END = """
for server, thread in running:
    server.shutdown()
    thread.join()
    server.server_close()
running.clear()
"""
BEGIN = """
if app:
    start(app, port)
"""


def cell(*parts: str, head: str = "") -> str:
    """The learner's cell with a function's body."""
    lines = "\n".join(parts).strip("\n").splitlines()
    body = "".join(f"    {line}\n" for line in lines)
    return f"{HEAD}{head}\ndef serve(app, port):\n{body}"


def answer(grade: str, name: str) -> Any:
    """What a cell of the bank leaves under the name that the check asks for."""
    return answer_of(GRADES[grade][name], "serve")


CONTEXT = """
@contextmanager
def serving(app, port):
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
stack = ExitStack()
"""
WSGIREF = """
from wsgiref.simple_server import WSGIRequestHandler, make_server
class Quiet(WSGIRequestHandler):
    def log_message(self, *said): pass
"""
WSGIREF_BEGIN = """
if app:
    server = make_server("127.0.0.1", port, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    running.append((server, thread))
"""
GRADES: dict[str, dict[str, str]] = {
    "right": {
        "shut down, joined, closed": cell(END, BEGIN),
        "with the default of half a second": cell(END, BEGIN).replace("args=(0.05,), ", ""),
        # Werkzeug closes the socket at the end of serve_forever, so the join is what counts.
        "shut down and joined": cell(END.replace("    server.server_close()\n", ""), BEGIN),
        "closed by the block of a context": cell(
            "stack.close()\nif app:\n    stack.enter_context(serving(app, port))", head=CONTEXT
        ),
        "a LiveServer that is stopped": cell(
            "for server in running:\n    server.stop()\nrunning.clear()\n"
            "if app:\n    running.append(LiveServer(app, port=port))\n    running[0].start()"
        ),
        "a LiveServer that takes over": cell(
            "if app is None:\n    return running.pop().stop()\n"
            "running.append(LiveServer(app, port=port))\nrunning[-1].start()"
        ),
        "a LiveServer that is forgotten": cell(
            "running.clear()\n"
            "if app:\n    running.append(LiveServer(app, port=port))\n    running[0].start()"
        ),
        "one server that changes its app": cell(
            "if app is None:\n" + "".join(f"    {line}\n" for line in END.strip().splitlines()),
            "elif running:\n    running[0][0].app = app\nelse:\n    start(app, port)",
        ),
        "wsgiref": cell(
            END,
            WSGIREF_BEGIN,
            head=WSGIREF,
        ),
    },
    "right, but": {
        "closed, and tried until the port is free": cell(
            "for server, _ in running:\n    server.server_close()\nrunning.clear()",
            "while app and not running:\n    with suppress(SystemExit):\n        start(app, port)",
        ),
    },
    "not yet": {
        "as it is": cell("start(app, port)"),
        "goes on when the port is in use": cell("with suppress(SystemExit):\n    start(app, port)"),
        "serves the first one only": cell("if app and not running:\n    start(app, port)"),
        "never frees the port": cell(
            "if app is None:\n    return\nif running:\n    running[0][0].app = app\n"
            "else:\n    start(app, port)"
        ),
        "wsgiref, and never closed": cell(
            END.replace("    server.server_close()\nrunning.clear()\n", ""),
            WSGIREF_BEGIN,
            head=WSGIREF,
        ),
        "another port": cell(END, "if app:\n    start(app, 0)"),
        "two servers on one port": cell(
            "if app is None:\n    return\n"
            "with socket.socket() as bound:\n"
            "    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
            "    bound.bind(('127.0.0.1', port))\n    bound.listen()\n"
            "    server = make_server('127.0.0.1', port, app, threaded=True, fd=bound.fileno())\n"
            "threading.Thread(target=server.serve_forever, daemon=True).start()"
        ),
        "app.run": cell("app.run(port=port)"),
        "app.run in a thread": cell(
            "threading.Thread(target=app.run, kwargs={'port': port}, daemon=True).start()"
        ),
        "a server that is never run": cell(
            "if app:\n    running.append(make_server('127.0.0.1', port, app))"
        ),
        "nothing": cell("pass"),
        "one parameter": "def serve(app):\n    pass",
        "a coroutine": "async def serve(app, port):\n    pass",
        "exits": cell("raise SystemExit(1)"),
        "None": "serve = None",
        "a server": "from socketserver import BaseServer as serve",
    },
}
# What is wrong with some of them is that they leave threads that fail, and open sockets.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::ResourceWarning",
)


@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_each_answer_gets_its_grade_again_and_again(grade: str, name: str) -> None:
    """Whatever it or another one left behind."""
    assert the_cell_can_run_again(answer(grade, name)).grade == grade


@pytest.mark.parametrize(
    ("grade", "name", "said"),
    [
        ("not yet", "as it is", "Call 2, for the app that says 'mugs', raised SystemExit: 1."),
        ("not yet", "serves the first one only", "says 'mugs', a visitor got 'lamps'."),
        ("not yet", "app.run", "did not come back, so no other cell can run: see *Type it in*."),
        ("not yet", "another port", "nobody answers on the port that it was given."),
        ("not yet", "never frees the port", "After the call with None, the port is still in use"),
        (
            "right, but",
            "closed, and tried until the port is free",
            "what you have stopped still runs: Thread-",
        ),
    ],
)
def test_it_says_what_the_answer_did(grade: str, name: str, said: str) -> None:
    """And not only what it should do."""
    assert said in the_cell_can_run_again(answer(grade, name)).said


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither by the server nor by Werkzeug, which says that a port is in use."""
    reply = check("15c", the_cell_can_run_again, lambda: answer("not yet", "as it is"))
    assert "Not yet. Call 2" in repr(reply)
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_made_late_is_ended_too() -> None:
    """As by a thread on a busy machine; conftest looks for what is left."""
    judged, source = threading.Event(), GRADES["not yet"]["app.run in a thread"]
    late = source.replace("target=app.run", "target=lambda **to: (judged.wait(), app.run(**to))")
    serve = answer_of(f"judged = None\n{late}", "serve")
    serve.__globals__["judged"] = judged
    threading.Timer(1, judged.set).start()

    said = the_cell_can_run_again(serve).said

    assert said == "After call 1, nobody answers on the port that it was given."
