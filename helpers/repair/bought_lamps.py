"""Notebooks 07 and 08: is a lamp there that was answered with 201, whoever looks meanwhile?"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Any

from sqlalchemy import Connection, Engine, text

from helpers.learn import Flaw, Verdict
from helpers.look import dispose
from helpers.repair.lamp_list import get, is_listed, listed, send, why
from helpers.repair.price import is_file, keeps_a_row, outside
from helpers.repair.shops import AGAIN
from helpers.repair.visits import app_of
from helpers.repair.watch import Statement, once, watched
from helpers.serve import LiveServer
from helpers.step import give_time

INSERT = re.compile(r"\s*INSERT\b", re.I)
STORE = "INSERT INTO item (name, stock) VALUES ('{}', 0)"
WHILE = 0.4  # seconds for the visitor, who may have to wait for the buyer
GONE = (
    "The check then closed the connections of the pool, with engine.dispose(), and the shop was"
    " gone: no other connection was open. What a local variable holds goes when its function ends."
)

STILL_ONE = (
    "The check then stored a lamp through your engine while a visitor looked, and it was gone:"
    " there is still one connection for all."
)


@dataclass(frozen=True)
class Tried:
    """What came of it: for the visitor, for lamps, after dispose(), and on the disk.

    ``again`` is what is wrong when the app starts once more on its file, or "".
    """

    met: str
    stays: bool
    others_stay: bool
    survives: bool
    files: list[str]
    again: str


def bought_lamps_stay(make_app: object) -> Verdict:
    """Judge the shop of notebook 07: is a lamp there that was answered with 201?

    :param make_app: the learner's function, which returns the app.
    """
    try:
        tried = _try(make_app)
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    if not tried.stays:
        return Verdict(
            "right, but",
            "your visitors wait for each other. The check then took a connection of your engine"
            " and gave it back, as a job or a test would, and the lamp was gone: there is still"
            " one connection for all. *And in your tests?* shows that.",
        )
    if not tried.others_stay:
        return Verdict("right, but", f"what was bought is there. {STILL_ONE}")
    if tried.met:
        return Verdict(
            "right, but",
            f"the lamp is there. The visitor who looked in the meantime was told: {tried.met}."
            " Notebook 08 compares how others wait.",
        )
    if not tried.survives:
        return Verdict("right, but", f"each lamp is there. {GONE}")
    if tried.again:
        return Verdict("right, but", f"each lamp is there, until the next start. {tried.again}")
    how_long = "" if tried.files else ", as long as this process runs: memory ends with it"
    said = f"Each lamp is there that was answered with 201, whoever looked{how_long}."
    return Verdict("right", said)


def lamps_stay_in_memory(make_app: object) -> Verdict:
    """Judge the shop of notebook 08: nobody fails, nothing is lost, and there is no file.

    :param make_app: the learner's function, which returns the app.
    """
    try:
        tried = _try(make_app)
        if tried.files:
            raise Flaw(f"Your shop keeps its lamps in {tried.files[0]!r}: keep them in memory.")
        if not tried.stays:
            raise Flaw("Somebody took a connection and gave it back, and a lamp was gone.")
        if not tried.others_stay:
            raise Flaw(STILL_ONE)
        if tried.met:
            raise Flaw(f"A visitor looked during a purchase, and was told: {tried.met}.")
        if not tried.survives:
            raise Flaw(f"Nobody failed, and no lamp was lost. {GONE}")
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    return Verdict("right", "Nobody failed, no lamp is lost, also after dispose(), and no file.")


def _try(make_app: object) -> Tried:
    """Sell lamps; somebody looks between a purchase's INSERT and its commit."""
    with watched() as statements:
        with LiveServer(app_of(make_app)) as server:
            _buys(server, "first lamp", lambda: None)
            met = _buys(server, "second lamp", lambda: get(server))
            listed(server, ["first lamp", "second lamp"])
            engine = _engine(statements)
            _shows_what_is_stored(server, engine)
            # As any job or test might.
            _buys(server, "third lamp", lambda: engine.connect().close())
            stays = is_listed(server, "third lamp")
            job = "lamp of a job"
            others_stay = keeps_a_row(engine, STORE.format(job), lambda: is_listed(server, job))
            dispose(engine)
            survives = is_listed(server, "first lamp")
            files = [path.name for path in Path().rglob("*") if path.is_file()] + outside(engine)
            lasts = is_file(engine)
        again = _second_start(make_app) if lasts else ""
    return Tried(met, stays, others_stay, survives, files, again)


def _second_start(make_app: object) -> str:
    """What is wrong when the app starts again on the file that it left, or ""."""
    try:
        with LiveServer(app_of(make_app)) as server:
            shown = get(server)
    except Flaw as flaw:
        return f"The check started your app again. {flaw} {AGAIN}"
    if {"first lamp", "second lamp"} <= set(shown):
        return ""
    return (
        f"The check started your app again, and its list is {shown}: what was paid is gone. {AGAIN}"
    )


def _buys(server: LiveServer, name: str, meanwhile: Callable[[], object]) -> str:
    """Buy a lamp, and let somebody do something after the INSERT; what went wrong for them."""
    with ThreadPoolExecutor(1, "visitor") as visitor:
        coming: list[Future[object]] = []
        before_commit: list[object] = []

        def come(connection: Connection) -> None:
            coming.append(visitor.submit(meanwhile))
            give_time(coming, WHILE)
            driver: Any = connection.connection.dbapi_connection
            if coming[0].done() and not coming[0].exception() and driver.in_transaction:
                before_commit.append(coming[0].result())

        with once(_is_insert_of_a_view(), come, moment="after_cursor_execute"):
            response = send(server, "POST", json={"name": name})
        if response.status_code != 201:
            raise Flaw(f"POST /lamps with {name!r} got {response.status_code}{why(server)}.")
        if not coming:
            raise Flaw(f"POST /lamps with {name!r} got 201, and no engine inserted a row for it.")
        try:
            coming[0].result()
        except Flaw as flaw:
            return str(flaw).removesuffix(".")
    dirty = any(isinstance(shown, list) and name in shown for shown in before_commit)
    return f"{before_commit[0]}, with the {name} that nobody had committed yet" if dirty else ""


def _shows_what_is_stored(server: LiveServer, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(STORE.format("unseen lamp")))
    if not is_listed(server, "unseen lamp"):
        raise Flaw("The check stored “unseen lamp” with your engine, and your list is without it.")


def _engine(statements: list[Statement]) -> Engine:
    return next(each.engine for each in reversed(statements) if INSERT.match(each.sql))


def _is_insert_of_a_view() -> Callable[[Any, str], bool]:
    """Whether a statement is an INSERT, and of another thread than this one."""
    here = get_ident()
    return lambda connection, sql: get_ident() != here and bool(INSERT.match(sql))
