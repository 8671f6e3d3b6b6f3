"""What visitors get, as a table shows it: the answer, or the error with its first sentence."""

from __future__ import annotations

from flask import Flask, request

from helpers.sample import visit_script, visits


def test_each_visitor_gets_an_answer_or_an_error() -> None:
    """In their order, and what comes first is there for the next."""
    app, stored = Flask("lamps"), []

    @app.route("/items", methods=["GET", "POST"])
    def items() -> list[str]:
        if request.method == "POST":
            if not request.get_json()["name"]:
                raise ValueError("It has no name. Nobody knows why.")
            stored.append(request.get_json()["name"])
        return stored

    rows = visits(app, {"Ann": {"name": "lamp"}, "Ben": {"name": ""}, "Cem": None}, threads=1)

    assert [list(row.values()) for row in rows] == [
        ["1 Ann", '200: ["lamp"]'],
        ["2 Ben", "500: ValueError: It has no name"],
        ["3 Cem", '200: ["lamp"]'],
    ]


def test_a_script_is_asked_twice() -> None:
    """As a program of its own, whatever it is set up with."""
    script = """
import threading
from flask import Flask

app, startup = Flask("shop"), threading.current_thread().name

@app.get("/items")
def items():
    seen = {"startup": startup, "view": threading.current_thread().name}
    return seen | {"result": app.debug}

app.run(port=0, threaded=False)
"""
    asked = visit_script(script)

    assert list(asked.values()) == ["MainThread"] * 3 + [False]
