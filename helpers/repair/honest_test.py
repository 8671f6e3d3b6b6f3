"""Notebook 03: does a test fail on each app whose visitors get an error, and only there?"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
from flask import Flask, request
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

from helpers.learn import Verdict
from helpers.repair.watch import watched
from helpers.sample import Base, Item

MEMDB = "sqlite:///file:///tested?vfs=memdb&uri=true"


@dataclass(frozen=True)
class Case:
    """An app to test.

    :param about: what is told of it when the test is wrong about it.
    :param make: makes it.
    :param serves: whether its visitors get what they ask for.
    """

    about: str
    make: Callable[[], Flask]
    serves: bool


def the_test_sees_what_visitors_see(test: object) -> Verdict:
    """Judge a test by what it says of apps that it has not seen.

    :param test: the learner's function of an app, which raises where the app fails.
    """
    if not callable(test):
        return Verdict("not yet", f"The check calls a function and was given {test!r}: keep it.")
    again = random.sample(CASES, len(CASES))  # so that no test can count its way through
    with watched():
        for case in [*CASES, *again, again[-1]]:  # the last one twice: no turns fit, by luck or not
            if sentence := _wrong_about(test, case):
                return Verdict("not yet", sentence)
    return Verdict(
        "right",
        f"Your test was right about {len(CASES)} apps, each tried twice: it failed on those whose"
        " visitors get an error, and on no other.",
    )


def _wrong_about(test: Callable[[Any], object], case: Case) -> str:
    """What a test gets wrong about an app, or ""."""
    try:
        test(case.make())
    except KeyboardInterrupt:
        raise
    except (pytest.skip.Exception, SkipTest):
        return f"Your test was skipped on {case.about}."
    except BaseException as error:  # noqa: BLE001 - however a test fails, as by pytest.fail
        said = f"{type(error).__name__}: {error}".partition("\n")[0].rstrip(": ")
        return f"Your test failed on {case.about}: {said}." if case.serves else ""
    return "" if case.serves else f"Your test passed on {case.about}."


def _shop(engine_of: Callable[[], Any], *, keep: bool = False) -> Callable[[], Flask]:
    """An app with one list, whose startup code makes the table."""

    def make() -> Flask:
        app, engine = Flask("shop"), engine_of()
        app.config["KEEPER"] = engine.connect() if keep else None
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS item (name TEXT)"))

        @app.get("/items")
        def items() -> list[str]:
            with engine.connect() as connection:
                return list(connection.scalars(text("SELECT name FROM item")))

        return app

    return make


def _lamps(*, lets_go: bool) -> Callable[[], Flask]:
    """An app with a ``scoped_session``, which takes orders."""

    def make() -> Flask:
        app, engine = Flask("lamps"), create_engine(_file("orders.db"))
        session = scoped_session(sessionmaker(engine))
        Base.metadata.create_all(engine)

        @app.route("/items", methods=["GET", "POST"])
        def items() -> list[str]:
            if request.method == "POST":
                session.add(Item(name=request.get_json()["name"]))
                session.commit()
            return list(session.scalars(select(Item.name)))

        @app.teardown_appcontext
        def end(error: BaseException | None) -> None:
            if lets_go:
                session.remove()

        return app

    return make


def _file(name: str) -> str:
    """The URL of a file in the folder where the test is tried."""
    return f"sqlite:///{Path(name).absolute().as_posix()}"


def _always_broken() -> Flask:
    app = Flask("shop")

    @app.get("/items")
    def items() -> list[str]:
        raise KeyError("a typo")

    return app


CASES = (
    Case("the shop of the visitor, who gets 500", _shop(lambda: create_engine("sqlite://")), False),
    Case(
        "a shop on a file, which serves its visitors",
        _shop(lambda: create_engine(_file("tested.db"))),
        True,
    ),
    Case("a shop whose view raises for everybody", _always_broken, False),
    Case(
        "a shop in memory that serves every visitor through one connection",
        _shop(
            lambda: create_engine(
                "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
            )
        ),
        True,
    ),
    Case(
        "a shop in memory with a larger pool, whose visitors get 500",
        _shop(lambda: create_engine("sqlite://", pool_size=20)),
        False,
    ),
    Case(
        "a shop in memory that every thread reaches by a name",
        _shop(lambda: create_engine(MEMDB), keep=True),
        True,
    ),
    Case(
        "a shop that serves, until somebody sends an order without a name: then its thread answers"
        " everybody with 500",
        _lamps(lets_go=False),
        False,
    ),
    Case(
        "a shop that answers an order without a name with 500, and serves everybody else",
        _lamps(lets_go=True),
        True,
    ),
)
