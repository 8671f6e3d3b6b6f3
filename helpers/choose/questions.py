"""Questions about a set-up, each answered in a word or two by trying it on a new database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool

from helpers.look import Observer, dispose
from helpers.sample import (
    Setup,
    add_lamp,
    count,
    finds_the_lamp,
    make_flask_sqlalchemy_shop,
    start_over,
    store_a_lamp,
)
from helpers.spawn import Process
from helpers.step import interleave

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


def with_timeout(setup: Setup) -> Setup:
    """The set-up, with a timeout for SQLite and for its pool. A server keeps its own."""
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
