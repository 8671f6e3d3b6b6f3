"""Answers to the repair of notebook 03: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import the_test_sees_what_visitors_see

HEAD = """
import threading
from concurrent.futures import ThreadPoolExecutor
from helpers import LiveServer
"""


def cell(body: str) -> Any:
    """What the learner's cell makes of a function's body."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return answer_of(f"{HEAD}\ndef test_items(app):\n{lines}", "test_items")


GRADES = {
    "right": {
        "through a server": cell(
            "with LiveServer(app) as server:\n    assert server.get('/items').status_code == 200"
        ),
        "through a server with a pool": cell(
            "with LiveServer(app, threads=4) as server:\n"
            "    for _ in range(4):\n        assert server.get('/items').ok"
        ),
        "through a server of one thread": cell(
            "with LiveServer(app, threads=1) as server:\n    assert server.get('/items').ok"
        ),
        "raise_for_status": cell(
            "with LiveServer(app) as server:\n    server.get('/items').raise_for_status()"
        ),
        "the client in an executor": cell(
            "with ThreadPoolExecutor(1) as visitor:\n"
            "    found = visitor.submit(app.test_client().get, '/items').result()\n"
            "assert found.status_code == 200"
        ),
        "the client in a thread": cell(
            "found = []\n"
            "def visit():\n    found.append(app.test_client().get('/items').status_code)\n"
            "thread = threading.Thread(target=visit)\nthread.start()\nthread.join()\n"
            "assert found == [200]"
        ),
        "propagated from a thread": cell(
            "app.testing = True\n"
            "with ThreadPoolExecutor(1) as visitor:\n"
            "    visitor.submit(app.test_client().get, '/items').result()"
        ),
    },
    "not yet": {
        "as it is": cell("assert app.test_client().get('/items').status_code == 200"),
        "asks twice": cell(
            "for _ in range(2):\n    assert app.test_client().get('/items').status_code == 200"
        ),
        "testing, in one thread": cell("app.testing = True\napp.test_client().get('/items')"),
        "nothing": cell("pass"),
        "every other time": answer_of(
            "def test_items(app, seen=[]):\n    seen.append(1)\n    assert len(seen) % 2 == 0",
            "test_items",
        ),
        "always fails": cell("assert False"),
        "expects the error": cell(
            "with LiveServer(app) as server:\n    assert server.get('/items').status_code == 500"
        ),
        "asks for another page": cell(
            "with LiveServer(app) as server:\n    assert server.get('/').status_code == 200"
        ),
        "forgets the answer": cell("with LiveServer(app) as server:\n    server.get('/items')"),
        "forgets the thread": cell(
            "def visit():\n    assert app.test_client().get('/items').status_code == 200\n"
            "ThreadPoolExecutor(1).submit(visit)"
        ),
        "asks for the configuration": cell("assert app.config.get('KEEPER')"),
        "a coroutine": answer_of("async def test_items(app):\n    assert False", "test_items"),
        "no argument": answer_of("def test_items():\n    assert False", "test_items"),
        "exits": cell("raise SystemExit(1)"),
        "None": None,
        "a text": "test_items",
    },
}


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(("grade", "name"), there_and_back(GRADES))
def test_an_answer_gets_its_grade(grade: str, name: str) -> None:
    """Before and after every other one."""
    assert the_test_sees_what_visitors_see(GRADES[grade][name]).grade == grade


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_it_says_what_the_test_did() -> None:
    """Of which app, and how."""
    said = {
        name: the_test_sees_what_visitors_see(GRADES["not yet"][name]).said
        for name in GRADES["not yet"]
    }

    assert said["as it is"] == "Your test passed on the shop of the visitor, who gets 500."
    assert said["always fails"].startswith("Your test failed on a shop on a file, which serves")
