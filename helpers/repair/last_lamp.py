"""Notebook 09: is the last lamp sold once, whoever else buys at the same moment?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from helpers.learn import Flaw, Verdict
from helpers.repair.visits import app_of
from helpers.repair.watch import once, watched
from helpers.sample import start_over
from helpers.serve import LiveServer
from helpers.step import give_time

WRITES = re.compile(r"\s*(WITH\b.*)?\b(UPDATE\s+(?!OF\b)|DELETE\b|INSERT\b|MERGE\b)", re.I | re.S)
SECONDS = 5  # for one purchase
WHILE = 0.4  # seconds for the other buyer, who may have to wait for the first one
SOLD, SOLD_OUT = 200, 409
RUGS = 9  # of which nobody buys one

Buy = Callable[[], int]


def last_lamp_is_sold_once(answer: object) -> Verdict:
    """Judge a shop that sells lamps, on PostgreSQL, while somebody else buys.

    :param answer: the learner's function of a URL, which returns the app, and the server's URL.
    """
    match answer:
        case (make_app, str(url)) if callable(make_app):
            pass
        case _:
            return Verdict(
                "not yet", f"The check was given {answer!r}: keep the function make_app."
            )
    try:
        with watched(), ExitStack() as served:
            own = create_engine(url)
            one, two = (served.enter_context(_served(make_app, url)) for _ in range(2))
            _sells_to_one_after_the_other(own, one)
            errors = [_sells_to_two(own, stock, one, two) for stock in (1, 5)]
            alone = _minds_other_programs(own, one)
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    return _verdict([each for each in errors if each], alone)


def _verdict(errors: list[str], minds_others: bool) -> Verdict:
    if errors:
        return Verdict(
            "right, but",
            f"no lamp was sold twice. One of two buyers got {errors[0]} instead of “sold” or"
            " “sold out”: try the purchase again in that case.",
        )
    if not minds_others:
        return Verdict(
            "right, but",
            "your buyers wait for each other. The check then bought with an UPDATE of its own, as"
            " another program would that doesn't know of your lock, and the last lamp was sold"
            " twice: *Two people, one number* leaves that to the database.",
        )
    return Verdict("right", "Whoever bought at the same moment, each lamp was sold once.")


@contextmanager
def _served(make_app: Callable[[str], object], url: str) -> Iterator[Buy]:
    """A purchase in an app of its own, which returns its status."""
    with LiveServer(app_of(make_app, url)) as server:

        def buy() -> int:
            try:
                status = server.post("/buy", timeout=SECONDS).status_code
            except OSError:
                raise Flaw(f"POST /buy got no answer in {SECONDS} s.") from None
            if status not in (SOLD, SOLD_OUT, 500, 503):
                raise Flaw(f"POST /buy got {status}: return 200 for sold and 409 for sold out.")
            return status

        yield buy


def _sells_to_one_after_the_other(own: Engine, buy: Buy) -> None:
    _stock_up(own, 2)
    told = [buy() for _ in range(3)]
    if told != [SOLD, SOLD, SOLD_OUT]:
        raise Flaw(f"There were 2 lamps, and three buyers in turn were told {told}.")
    _counts(own, 2, told)


def _sells_to_two(own: Engine, stock: int, one: Buy, two: Buy) -> str:
    """The second buyer comes just before the first one's change; what went wrong without harm."""
    _stock_up(own, stock)
    with ThreadPoolExecutor(1, "buyer") as other:
        coming: list[Future[int]] = []

        def come() -> None:
            coming.append(other.submit(two))
            give_time(coming, WHILE)

        with once(_changes, lambda _: come()):
            first = one()
        told = [first, *(each.result() for each in coming)]
    if not coming:
        raise Flaw("A buyer was told “sold”, and no engine changed the stock for it.")
    _counts(own, stock, told)
    failed = [status for status in told if status >= 500]
    if not failed and told.count(SOLD) != min(stock, 2):
        raise Flaw(f"The stock was {stock}, and two buyers were told {told}.")
    return str(failed[0]) if failed else ""


def _minds_other_programs(own: Engine, buy: Buy) -> bool:
    """Whether the last lamp is sold once, too, where another program sells it."""
    _stock_up(own, 1)
    sold: list[int] = []

    def sell() -> None:
        try:
            with own.begin() as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = '{WHILE:g}s'"))
                changed = connection.execute(
                    text("UPDATE item SET stock = stock - 1 WHERE name = 'lamp' AND stock > 0")
                )
                sold.extend([SOLD] * changed.rowcount)
        except OperationalError:
            pass  # the first buyer has locked the row

    with once(lambda of, sql: of.engine is not own and _changes(of, sql), lambda _: sell()):
        told = buy()
    try:
        _counts(own, 1, [told, *sold])
    except Flaw:
        return False
    return True


def _changes(connection: Any, sql: str) -> bool:
    return bool(WRITES.match(sql))


def _stock_up(own: Engine, stock: int) -> None:
    start_over(own)
    with own.begin() as connection:
        insert = text("INSERT INTO item (name, stock) VALUES ('lamp', :lamps), ('rug', :rugs)")
        connection.execute(insert, {"lamps": stock, "rugs": RUGS})


def _counts(own: Engine, stock: int, told: list[int]) -> None:
    """As many lamps are gone as were sold, and no rug."""
    with own.connect() as connection:
        rows = connection.execute(text("SELECT name, stock FROM item"))
        left = {name: number for name, number in rows}
    if left.get("rug") != RUGS:
        raise Flaw(f"Somebody bought a lamp, and of {RUGS} rugs there are {left.get('rug')}.")
    sold = told.count(SOLD)
    if left.get("lamp") != stock - sold:
        raise Flaw(
            f"The stock was {stock}. {sold} buyers at the same moment were told “sold”, and the"
            f" stock is {left.get('lamp')}: both had looked before either changed it."
            if len(told) == 2
            else f"The stock was {stock}, {sold} were sold, and it is {left.get('lamp')}."
        )
