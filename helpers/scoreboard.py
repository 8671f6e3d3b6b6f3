"""Questions about a set-up, each answered in a word or two by trying it on a new database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool

from helpers.cleanup import dispose
from helpers.folders import TemporaryFolder
from helpers.interleave import interleave
from helpers.observe import Observer
from helpers.processes import Process
from helpers.setups import Setup
from helpers.shop import Base, Item, make_flask_sqlalchemy_shop

Question = Callable[[Setup, Path], str]

TIMEOUT = 0.3  # seconds
COUNT = """
import sys
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool
with create_engine(sys.argv[1], poolclass=NullPool).connect() as connection:
    there = inspect(connection).has_table("item")
    print(connection.scalar(text("SELECT count(*) FROM item")) if there else "no table")
"""


def seen_by_another_process(setup: Setup, folder: Path) -> str:
    """Count the items in a process of its own."""
    with setup.engine(folder) as engine:
        store_a_lamp(engine)
        url = engine.url.render_as_string(hide_password=False)
        with Process([sys.executable, "-c", COUNT, url]) as process:
            if process.wait():
                raise RuntimeError(f"The other process could not look: {process.output}")
    return yes_or_no(process.output.strip() == "1")


def two_writers_get_through(setup: Setup, folder: Path) -> str:
    """Let B write while A has written and not yet committed."""
    with setup.stepped().engine(folder) as engine:
        observer = Observer(engine)
        start_over(engine)
        looks = interleave(
            "A add, A flush, B add, B flush, A commit, B commit, C count",
            session=lambda: Session(engine),
            steps={"add": add_lamp, "count": count},
            observer=observer,
        )
    waits = any(look["result"].startswith("blocked") for look in looks)
    return yes_or_no(looks[-1]["result"] == "2") + (", in turns" if waits else "")


def timeout_is_honored(setup: Setup, folder: Path) -> str:
    """Let B write while A never commits, and take the time."""
    with with_timeout(setup).engine(folder) as engine:
        start_over(engine)
        with Session(engine) as a, Session(engine) as b:
            add_lamp(a)
            a.flush()
            add_lamp(b)
            start = perf_counter()
            try:
                b.flush()
            except SQLAlchemyError:
                return yes_or_no(perf_counter() - start >= TIMEOUT)
    return "no wait"


def survives_dispose(setup: Setup, folder: Path) -> str:
    """Close all connections of the engine, and look again."""
    with setup.engine(folder) as engine:
        store_a_lamp(engine)
        dispose(engine)
        return yes_or_no(finds_the_lamp(engine))


def left_on_disk(setup: Setup, folder: Path) -> str:
    """Close everything, and look for files, then for the lamp."""
    with setup.engine(folder) as engine:
        store_a_lamp(engine)
    files = sorted(path.name for path in folder.iterdir())
    is_elsewhere = not files and finds_the_lamp(create_engine(engine.url, poolclass=NullPool))
    return ", ".join(files) or ("on the server" if is_elsewhere else "nothing")


def configuration_is_enough(setup: Setup, folder: Path) -> str:
    """Give the URL and the options to Flask-SQLAlchemy, and look at what it makes of them."""
    with setup.database(folder) as url:
        plain = create_engine(url, **setup.options)
        flask = make_flask_sqlalchemy_shop(url, **setup.options).engine
        asked_for, made = pool_and_place(plain), pool_and_place(flask)
        dispose(plain)
        dispose(flask)
    for wanted, found in zip(asked_for, made, strict=True):
        if found != wanted:
            return f"no: {found}"
    if setup.keep_alive:
        return "no: a keeper"
    return "no: a listener" if setup.on_connect else "yes"


QUESTIONS: dict[str, Question] = {
    "seen by another process": seen_by_another_process,
    "two writers both get through": two_writers_get_through,
    "the timeout is honored": timeout_is_honored,
    "survives dispose()": survives_dispose,
    "left on disk": left_on_disk,
    "configuration alone does it": configuration_is_enough,
}


def ask_all(
    setups: Iterable[Setup], questions: Mapping[str, Question], folder: TemporaryFolder
) -> list[dict[str, str]]:
    """Ask each set-up each question, on a new database each time.

    :param setups: the set-ups, one column each.
    :param questions: functions of a set-up and an empty folder, by name, one row each.
    :param folder: where to put the folders.
    """
    setups = list(setups)
    return [
        {"question": name} | {setup.name: ask(setup, folder.new()) for setup in setups}
        for name, ask in questions.items()
    ]


def time_rounds(
    setups: Iterable[Setup],
    work: Callable[[Engine], object],
    folder: TemporaryFolder,
    rounds: int,
) -> dict[str, list[float]]:
    """The seconds of some work by set-up, one number a round; the set-ups take turns.

    So what slows the machine down for a while slows all of them down.

    :param setups: the set-ups, each of which gets a new database.
    :param work: what to time, on the engine of a set-up; it runs once before, untimed.
    :param folder: where to put the databases.
    :param rounds: how many times.
    """
    seconds: dict[str, list[float]] = {}
    with ExitStack() as opened:
        engines = {s.name: opened.enter_context(s.engine(folder.new())) for s in setups}
        for engine in engines.values():
            start_over(engine)
            work(engine)
        for _ in range(rounds):
            for name, engine in engines.items():
                start = perf_counter()
                work(engine)
                seconds.setdefault(name, []).append(perf_counter() - start)
    return seconds


def start_over(engine: Engine) -> None:
    """Make the tables, empty also where a server has those of the question before."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)


def store_a_lamp(engine: Engine) -> None:
    """Make the tables, add a lamp and commit."""
    start_over(engine)
    with Session(engine) as session:
        add_lamp(session)
        session.commit()


def add_lamp(session: Session) -> None:
    """Add a lamp, unsent."""
    session.add(Item(name="lamp"))


def count(session: Session) -> int:
    """How many items a session sees."""
    return session.scalars(select(func.count(Item.id))).one()


def finds_the_lamp(engine: Engine) -> bool:
    """Whether there is one item; false also where there is no table."""
    try:
        with Session(engine) as session:
            return count(session) == 1
    except SQLAlchemyError:
        return False


def with_timeout(setup: Setup) -> Setup:
    """The set-up, with a timeout for SQLite and for its pool. A server's writers do not wait."""
    if not setup.url.startswith("sqlite"):
        return setup
    connect_args = {**setup.options.get("connect_args", {}), "timeout": TIMEOUT}
    options = {**setup.options, "connect_args": connect_args}
    if options.get("poolclass") is QueuePool:
        options |= {"pool_timeout": TIMEOUT}
    return replace(setup, options=options)


def pool_and_place(engine: Engine) -> tuple[str, str]:
    """The pool of an engine, and the file or the server that it reaches; none for memory."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            return type(engine.pool).__name__, str(engine.url)
        databases = connection.exec_driver_sql("PRAGMA database_list")
        return type(engine.pool).__name__, databases.one()[2]


def yes_or_no(is_so: bool) -> str:
    """A word for a table."""
    return "yes" if is_so else "no"
