"""Answers to the repair of notebook 03: every right one passes, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from bank import answer_of, there_and_back

from helpers.repair import the_test_sees_what_visitors_see

HEAD = """
import asyncio
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
import pytest
from helpers import LiveServer
"""


def cell(body: str) -> Any:
    """What the learner's cell makes of a function's body."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return answer_of(f"{HEAD}\ndef test_items(app):\n{lines}", "test_items")


BAD = "server.post('/items', json={'name': None})\n"


def ends_in(statement: str) -> Any:
    """A test that sees what it has to see, and ends in a statement where it's broken."""
    return cell(
        f"with LiveServer(app, threads=1) as server:\n    {BAD}"
        f"    if not server.get('/items').ok:\n        {statement}"
    )


GRADES = {
    "right": {
        "through a server of one thread": cell(
            "with LiveServer(app, threads=1) as server:\n"
            f"    {BAD}    assert server.get('/items').status_code == 200"
        ),
        "before and after": cell(
            "with LiveServer(app, threads=1) as server:\n"
            "    assert server.get('/items').ok\n"
            f"    {BAD}    assert server.get('/items').ok"
        ),
        "a server that was not asked before": cell(
            "with LiveServer(app) as server:\n    assert server.get('/items').ok\n"
            f"with LiveServer(app, threads=1) as server:\n"
            f"    {BAD}    server.get('/items').raise_for_status()"
        ),
        "many visitors after it": cell(
            f"with LiveServer(app, threads=1) as server:\n    {BAD}"
            "    for _ in range(4):\n        assert server.get('/items').ok"
        ),
        "a good order, too": cell(
            "with LiveServer(app, threads=1) as server:\n"
            "    server.post('/items', json={'name': 'lamp'})\n"
            f"    {BAD}    assert server.get('/items').status_code == 200"
        ),
        "the client in an executor": cell(
            "client = app.test_client()\n"
            "with ThreadPoolExecutor(1) as visitor:\n"
            "    visitor.submit(client.post, '/items', json={'name': None}).result()\n"
            "    found = visitor.submit(client.get, '/items').result()\n"
            "assert found.status_code == 200"
        ),
        "the client in a thread": cell(
            "found = []\n"
            "def visit():\n"
            "    client = app.test_client()\n"
            "    client.post('/items', json={'name': None})\n"
            "    found.append(client.get('/items').status_code)\n"
            "thread = threading.Thread(target=visit)\nthread.start()\nthread.join()\n"
            "assert found == [200]"
        ),
        "by pytest.fail": ends_in("pytest.fail('broken')"),
        "by pytest.raises": ends_in("with pytest.raises(LookupError): pass"),
        "cancelled": ends_in("raise asyncio.CancelledError"),
        "a group": ends_in("raise BaseExceptionGroup('broken', [SystemExit(1)])"),
    },
    "not yet": {
        "skips where it is broken": ends_in("pytest.skip('broken')"),
        "skips as unittest does": ends_in("raise unittest.SkipTest('broken')"),
        "as it is": cell("assert app.test_client().get('/items').status_code == 200"),
        "asks twice": cell(
            "for _ in range(2):\n    assert app.test_client().get('/items').status_code == 200"
        ),
        "testing, in one thread": cell("app.testing = True\napp.test_client().get('/items')"),
        "one visitor of a server": cell(
            "with LiveServer(app) as server:\n    assert server.get('/items').status_code == 200"
        ),
        "four visitors of a pool": cell(
            "with LiveServer(app, threads=4) as server:\n"
            "    for _ in range(4):\n        assert server.get('/items').ok"
        ),
        "two visitors of one thread": cell(
            "with LiveServer(app, threads=1) as server:\n"
            "    assert server.get('/items').ok\n    assert server.get('/items').ok"
        ),
        "a bad order in another thread": cell(
            f"with LiveServer(app) as server:\n    {BAD}    assert server.get('/items').ok"
        ),
        "a bad order to another server": cell(
            f"with LiveServer(app, threads=1) as server:\n    {BAD}"
            "with LiveServer(app, threads=1) as server:\n    assert server.get('/items').ok"
        ),
        "a bad order in the thread of the test": cell(
            "client = app.test_client()\nclient.post('/items', json={'name': None})\n"
            "assert client.get('/items').status_code == 200"
        ),
        "a bad order must be well": cell(
            "with LiveServer(app, threads=1) as server:\n"
            "    assert server.post('/items', json={'name': None}).ok"
        ),
        "a good order": cell(
            "with LiveServer(app, threads=1) as server:\n"
            "    server.post('/items', json={'name': 'lamp'})\n"
            "    assert server.get('/items').status_code == 200"
        ),
        "asks for the function that lets go": cell("assert app.teardown_appcontext_funcs"),
        "propagated from a thread": cell(
            "app.testing = True\nclient = app.test_client()\n"
            "with ThreadPoolExecutor(1) as visitor:\n"
            "    visitor.submit(client.post, '/items', json={'name': None}).result()\n"
            "    visitor.submit(client.get, '/items').result()"
        ),
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
    assert said["one visitor of a server"] == (
        "Your test passed on a shop that serves, until somebody sends an order without a name:"
        " then its thread answers everybody with 500."
    )
    assert said["always fails"].startswith("Your test failed on a shop on a file, which serves")


def test_nobody_counts_through_the_apps() -> None:
    """One order of the second round in seventy fits; in ten checks, not each is that one."""
    counts = "def test_items(app, n=[]):\n    i = len(n)\n    n.append(1)\n"
    cheat = f"{counts}    assert (i // 8 + i) % 2 == 1"
    checks = [the_test_sees_what_visitors_see(answer_of(cheat, "test_items")) for _ in range(10)]

    assert "not yet" in {verdict.grade for verdict in checks}


def test_it_says_that_a_test_was_skipped() -> None:
    """A test that was skipped is green, or at least not red."""
    said = the_test_sees_what_visitors_see(GRADES["not yet"]["skips where it is broken"]).said

    assert said == "Your test was skipped on the shop of the visitor, who gets 500."


def test_an_interrupt_ends_the_check() -> None:
    """It isn't taken for a test that fails."""
    with pytest.raises(KeyboardInterrupt):
        the_test_sees_what_visitors_see(cell("raise KeyboardInterrupt"))
