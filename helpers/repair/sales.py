"""Notebook 06: does the lamp shop sell what it has, also when two sales happen at once?"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.pool import NullPool

from helpers.learn import Verdict
from helpers.look import describe_error
from helpers.repair.watch import once, watched
from helpers.sample import Base, Item
from helpers.step import give_time

ANN_WAITS = 0.4  # seconds for Ben's sale to end, when it doesn't have to wait for Ann's
Sale = Callable[[Any], Any]
WRITES = ("UPDATE", "INSERT", "DELETE")


def sells_what_it_has(answer: object) -> Verdict:
    """Judge the shop's engine and its sale.

    :param answer: the learner's functions ``open_engine``, of a URL, and ``sell_one``, of the
        engine.
    """
    match answer:
        case (open_engine, sell_one) if callable(open_engine) and callable(sell_one):
            with watched():
                return _judged(open_engine, sell_one)
    return Verdict("not yet", f"The check calls two functions and was given {answer!r}.")


def _judged(open_engine: Callable[[str], Any], sell_one: Sale) -> Verdict:
    for stock, sales in ((0, ["no"]), (3, ["yes"]), (1, ["no", "yes"]), (2, ["yes", "yes"])):
        url = _new_shop(stock, f"shop-{stock}.db")
        engine = open_engine(url)
        if not isinstance(engine, Engine):
            return Verdict("not yet", f"open_engine returned {engine!r}: let it return an engine.")
        at_once = len(sales) == 2
        told = _two_at_once(engine, sell_one) if at_once else [_sale(engine, sell_one)]
        left, kept = _stock(url)
        if sorted(told) != sales or left != stock - told.count("yes") or not kept:
            return Verdict("not yet", _sentence(stock, told, left, kept))
    if not _minds_other_programs(open_engine, sell_one):
        return Verdict(
            "right, but",
            "in this program, your sales wait for each other. The check then sold with an UPDATE"
            " through a connection of its own, as another program would that doesn't know of your"
            " lock, and the last lamp was sold twice: *Two people, one number* leaves that to the"
            " database.",
        )
    return Verdict("right", "Of one lamp it sold one, of two it sold two, with two sales at once.")


def _sentence(stock: int, told: list[str], left: int, kept: bool) -> str:
    what = {"yes": "sold", "no": "none left"}
    sales = " and ".join(f"“{what.get(each, each)}”" for each in told)
    how = "two sales at once were told" if len(told) == 2 else "one sale was told"
    lost = "" if kept else ", and the lamp's row is gone"
    return f"With {stock} in stock, {how} {sales}, and {left} are left{lost}."


def _new_shop(stock: int, name: str) -> str:
    url = f"sqlite:///{Path(name).absolute().as_posix()}"
    engine = create_engine(url, poolclass=NullPool)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Item).values(id=1, name="lamp", stock=stock))
        connection.execute(insert(Item).values(id=2, name="rug", stock=7))
    return url


def _stock(url: str) -> tuple[int, bool]:
    """How many lamps are left, and whether both rows are still there."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        rows = {number: stock for number, stock in connection.execute(select(Item.id, Item.stock))}
    return rows.get(1, 0), rows.keys() >= {1, 2} and rows.get(2) == 7


def _sale(engine: Engine, sell_one: Sale) -> str:
    try:
        sold = sell_one(engine)
    except Exception as error:  # noqa: BLE001 - a learner's code may raise anything
        return describe_error(error)
    return {True: "yes", False: "no"}.get(sold, repr(sold)) if type(sold) is bool else repr(sold)


def _two_at_once(engine: Engine, sell_one: Sale) -> list[str]:
    """Just before Ann's first write Ben makes a whole sale, unless he has to wait for her."""
    sales: list[Any] = []

    def let_ben_go_first() -> None:
        sales.append(ben.submit(_sale, engine, sell_one))
        give_time(sales, ANN_WAITS)

    with ThreadPoolExecutor(1, thread_name_prefix="Ben") as ben:
        with _before_the_first_write(engine, let_ben_go_first):
            told = _sale(engine, sell_one)
        if not sales:
            sales.append(ben.submit(_sale, engine, sell_one))
    return [told, sales[0].result()]


def _minds_other_programs(open_engine: Callable[[str], Any], sell_one: Sale) -> bool:
    """Whether the last lamp is sold once, too, where another program sells it just before."""
    url = _new_shop(1, "other-program.db")
    engine = open_engine(url)
    sold: list[int] = []

    def sell() -> None:
        sql = "UPDATE item SET stock = stock - 1 WHERE id = 1 AND stock > 0"
        connection = sqlite3.connect("other-program.db", timeout=0)
        with closing(connection), suppress(sqlite3.OperationalError):  # Ann has the lock
            changed = connection.execute(sql).rowcount
            connection.commit()
            sold.append(changed)

    with _before_the_first_write(engine, sell):
        told = _sale(engine, sell_one)
    return sum(sold) + (told == "yes") == 1


def _before_the_first_write(engine: Engine, do: Callable[[], None]) -> AbstractContextManager[None]:
    """Do something once, when this thread is about to write."""
    ann = threading.current_thread()

    def begins(_: Any, sql: str) -> bool:
        return threading.current_thread() is ann and sql.lstrip().upper().startswith(WRITES)

    return once(begins, lambda _: do(), engine)
