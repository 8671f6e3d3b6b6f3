"""Try a shop as its visitors would: from new threads, two at once, and after a restart."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from helpers.learn import Flaw, Verdict
from helpers.look import describe_error
from helpers.repair.price import is_file, outside, price_of
from helpers.repair.visits import app_of, ask
from helpers.repair.watch import Statement, once, watched
from helpers.serve import LiveServer
from helpers.step import give_time

AGAIN = "Notebook 05 asks what an app finds when it starts again."


@dataclass(frozen=True)
class Shop:
    """A shop to try.

    :param thing: what it sells, which is the name of its table and, with an s, of its path.
    :param stock: the names that a new shop has in stock.
    :param takes: whether ``POST`` with a name as JSON stores one more.
    :param lasts: whether what was stored must be there when the program starts again.
    """

    thing: str
    stock: tuple[str, ...]
    takes: bool = False
    lasts: bool = False

    @property
    def path(self) -> str:
        """The path of the shop's list."""
        return f"/{self.thing}s"


def judge_shop(make_app: object, shop: Shop) -> Verdict:
    """Serve what a function makes, and say how its visitors fared.

    :param make_app: a function without arguments that returns a Flask app, one hopes.
    :param shop: what the app should do.
    """
    with watched() as statements:
        try:
            app = app_of(make_app)
            with LiveServer(app) as server:
                engine = _lists(server, shop, statements)
                _shows_what_is_stored(server, shop, engine)
                if shop.takes:
                    _stores(server, shop)
                _serves_two_at_once(server, shop, engine)
                locked = _visits_while_another_writes(server, shop, engine)
                left = ask(server, "GET", shop.path)
            if shop.lasts and not outside(engine):
                raise Flaw(_ends_with_the_program(shop))
            price = _second_start(make_app, shop, left) if is_file(engine) else ""
            price = price or price_of(engine, shop.thing, statements) or locked
        except Flaw as flaw:
            return Verdict("not yet", str(flaw))
    if price:
        return Verdict("right, but", f"every visitor is served{price}")
    return Verdict("right", "Every visitor is served, also two at once, and sees what is stored.")


def _lists(server: LiveServer, shop: Shop, statements: list[Statement]) -> Engine:
    """Two visitors each see the stock; the engine that the second one's view used."""
    begun = len(statements)
    for _ in range(2):
        begun = len(statements)
        shown = ask(server, "GET", shop.path)
        ran = statements[begun:]
        if failed := [each for each in ran if each.error]:
            raise Flaw(
                f"Your view met {failed[0].error!r} and answered all the same: the visitor"
                f" was told {shown!r}."
            )
        if not _has(shown, shop.stock):
            raise Flaw(f"A visitor was told {shown!r}, and the stock is {list(shop.stock)!r}.")
        if not ran:
            raise Flaw(
                f"A visitor was told {shown!r}, and no statement went through an engine for it."
            )
    return statements[begun].engine


def _shows_what_is_stored(server: LiveServer, shop: Shop, engine: Engine) -> None:
    """A name that the check puts into the view's database is shown."""
    name = f"unseen {shop.thing}"
    insert = f"INSERT INTO {shop.thing} (name) VALUES ('{name}')"
    try:
        with engine.begin() as connection:
            connection.execute(text(insert))
    except Exception as error:  # noqa: BLE001 - of whichever driver
        if not _stored_by_a_view(server, shop, insert):
            raise Flaw(
                f"The check stored one more {shop.thing} through your engine, as a thread of its"
                f" own would, and got {describe_error(error)}."
            ) from None
    _shown(server, shop, name, f"The check stored one more {shop.thing} through your engine")


def _stored_by_a_view(server: LiveServer, shop: Shop, insert: str) -> bool:
    """Store in the very thread that a view reads in: an app may have one thread for all that."""
    stored: list[bool] = []

    def store(connection: Connection) -> None:
        with suppress(Exception):
            driver: Any = connection.connection.dbapi_connection
            driver.execute(insert)
            driver.commit()
            stored.append(True)

    with once(lambda _, sql: sql.lstrip().upper().startswith("SELECT"), store):
        ask(server, "GET", shop.path)
    return bool(stored)


def _shown(server: LiveServer, shop: Shop, name: str, how: str) -> None:
    shown = ask(server, "GET", shop.path)
    if not _has(shown, (name,)):
        raise Flaw(f"{how}, and the next visitor was told {shown!r}, without {name!r}.")


def _stores(server: LiveServer, shop: Shop) -> None:
    name = f"sold-out {shop.thing}"
    ask(server, "POST", shop.path, json={"name": name})
    for _ in range(2):
        _shown(server, shop, name, f"A visitor stored {name!r} with POST")


def _serves_two_at_once(server: LiveServer, shop: Shop, engine: Engine) -> None:
    """While one visitor has a connection, another one comes, who may have to wait."""
    with ThreadPoolExecutor(1) as visitor:
        with engine.connect():
            answer = visitor.submit(ask, server, "GET", shop.path)
            give_time([answer], 0.3)  # a pool of one answers only when this one lets go
        try:
            shown = answer.result()
        except Flaw as flaw:
            raise Flaw(f"While another visitor had a connection: {flaw}") from None
    if not _has(shown, shop.stock):
        raise Flaw(f"While another visitor had a connection, one was told {shown!r}.")


def _visits_while_another_writes(server: LiveServer, shop: Shop, engine: Engine) -> str:
    """What a visitor is told while a row is stored and not committed, if it's an error, or ""."""
    insert = f"INSERT INTO {shop.thing} (name) VALUES ('no {shop.thing}')"
    try:
        with ThreadPoolExecutor(1) as visitor, engine.connect() as connection:
            connection.execute(text(insert))
            answer = visitor.submit(ask, server, "GET", shop.path)
            give_time([answer], 0.3)
            connection.rollback()
    except Exception:  # noqa: BLE001 - one thread has the tables, or a pool closed what is in use
        return ""
    try:
        answer.result()
    except Flaw as flaw:
        return f", until somebody writes. {flaw} Notebook 08 compares how others wait."
    return ""


def _ends_with_the_program(shop: Shop) -> str:
    return (
        f"Every visitor is served as long as the program runs. Your {shop.thing}s are in its"
        " memory: `PRAGMA database_list` names no file. So they end with it, and the next start"
        f" has none. {AGAIN}"
    )


def _second_start(make_app: object, shop: Shop, left: list[Any]) -> str:
    """What is wrong when the app starts again on the file that it left, or ""."""
    try:
        app = app_of(make_app)
    except Flaw as flaw:
        return f", but only after the first start. The check started your app again. {flaw} {AGAIN}"
    with LiveServer(app) as server:
        for name in map(str, left):
            _shown(server, shop, name, "After a restart of the app, the file is still there")
        shown = ask(server, "GET", shop.path)
    if added := list((Counter(map(str, shown)) - Counter(map(str, left))).elements()):
        return f". The check started your app again, and the startup code added {added}. {AGAIN}"
    return ""


def _has(shown: Any, names: tuple[str, ...]) -> bool:
    return isinstance(shown, list) and set(names) <= {str(each) for each in shown}
