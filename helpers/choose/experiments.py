"""The experiments of the scoreboard: each tries a setup on a new database, and answers.

An answer begins with ✓, which is good, or with –, which is not; words may follow.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool

from helpers.look import Observation, Observer, dispose
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

TIMEOUT = 0.3  # seconds
COUNT = """
import sys
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool
with create_engine(sys.argv[1], poolclass=NullPool).connect() as connection:
    there = inspect(connection).has_table("item")
    print(connection.scalar(text("SELECT count(*) FROM item")) if there else "no table")
"""


def mark(good: bool, words: str = "") -> str:
    """An answer: ✓ or –, and perhaps some words."""
    return f"{'✓' if good else '–'} {words}".strip()


def seen_by_another_thread(setup: Setup, folder: Path) -> str:
    """One thread stores a lamp, and another one looks for it."""
    with setup.engine(folder) as engine, ThreadPoolExecutor() as threads:
        store_a_lamp(engine)
        return mark(threads.submit(finds_the_lamp, engine).result())


def two_sessions(setup: Setup, folder: Path) -> list[Observation]:
    """Ann adds a lamp, Ben counts and closes, Ann commits, Cem counts; what each look found.

    Who would have to wait gets the error of a timeout at once.
    """
    with setup.stepped().engine(folder) as engine:
        look = Observer(engine).look
        start_over(engine)
        with Session(engine) as ann, Session(engine) as ben, Session(engine) as cem:
            return [
                look("Ann adds a lamp", lambda: write_a_lamp(ann)),
                look("Ben counts", lambda: count(ben)),
                look("Ben closes", ben.close),
                look("Ann commits", ann.commit),
                look("Cem counts", lambda: count(cem)),
            ]


def write_a_lamp(session: Session) -> None:
    """Add a lamp and send it, uncommitted."""
    add_lamp(session)
    session.flush()


def uncommitted_work_is_hidden(setup: Setup, folder: Path) -> str:
    """Ben counts while Ann's lamp is not committed."""
    seen = two_sessions(setup, folder)[1]["result"]
    if "database is locked" in seen or "QueuePool limit" in seen:
        return mark(True, "readers wait")
    return mark(seen == "0") if seen.isdecimal() else mark(True, "readers fail")


def safe_from_rollback(setup: Setup, folder: Path) -> str:
    """Ben closes his session, which rolls back; Ann commits; Cem looks for her lamp."""
    return mark(two_sessions(setup, folder)[4]["result"] == "1")


def seen_by_another_process(setup: Setup, folder: Path) -> str:
    """A process of its own counts the items."""
    with setup.engine(folder) as engine:
        store_a_lamp(engine)
        url = engine.url.render_as_string(hide_password=False)
        with Process([sys.executable, "-c", COUNT, url]) as process:
            if process.wait():
                raise RuntimeError(f"The other process could not look: {process.output}")
    return mark(process.output.strip() == "1")


def two_writers_get_through(setup: Setup, folder: Path) -> str:
    """Ben writes while Ann has written and not yet committed."""
    with setup.stepped().engine(folder) as engine:
        observer = Observer(engine)
        start_over(engine)
        looks = interleave(
            "A add, A flush, B add, B flush, A commit, B commit, C count",
            session=lambda: Session(engine),
            steps={"add": add_lamp, "count": count},
            observer=observer,
        )
    if looks[-1]["result"] != "2":
        return mark(False, "one fails")
    if any(look["result"].startswith("blocked") for look in looks):
        return mark(True, "in turns")
    if len({look["connection"] for look in looks} - {"none"}) == 1:
        return mark(False, "in one transaction")
    return mark(True, "at once")


def timeout_is_honored(setup: Setup, folder: Path) -> str:
    """Ben writes while Ann never commits, and it is timed whether he waits for his timeout."""
    with with_timeout(setup).engine(folder) as engine:
        start_over(engine)
        with Session(engine) as ann, Session(engine) as ben:
            add_lamp(ann)
            ann.flush()
            add_lamp(ben)
            start = perf_counter()
            try:
                ben.flush()
            except SQLAlchemyError:
                waited = perf_counter() - start >= TIMEOUT
                return mark(waited, "" if waited else "fails at once")
            if driver_connection(ann) is driver_connection(ben):
                return mark(False, "no lock")
    return mark(True, "never waits")


def survives_dispose(setup: Setup, folder: Path) -> str:
    """All connections of the engine are closed, and somebody looks again."""
    with setup.engine(folder) as engine:
        store_a_lamp(engine)
        dispose(engine)
        return mark(finds_the_lamp(engine))


def outlives_the_program(setup: Setup, folder: Path) -> str:
    """Everything is closed, the keeper too, and somebody looks for files, then for the lamp."""
    with setup.engine(folder) as engine:
        store_a_lamp(engine)
    files = sorted(path.name for path in folder.iterdir())
    if files:
        return mark(True, f"in {', '.join(files)}")
    is_elsewhere = finds_the_lamp(create_engine(engine.url, poolclass=NullPool))
    return mark(is_elsewhere, "on the server" if is_elsewhere else "")


def configuration_is_enough(setup: Setup, folder: Path) -> str:
    """Flask-SQLAlchemy gets the URL and the options, and it is looked at what it makes of them."""
    with setup.database(folder) as url:
        plain = create_engine(url, **setup.options)
        flask = make_flask_sqlalchemy_shop(url, **setup.options).engine
        asked_for, made = pool_and_place(plain), pool_and_place(flask)
        dispose(plain)
        dispose(flask)
    for wanted, found in zip(asked_for, made, strict=True):
        if found != wanted:
            return mark(False, f"replaced by {found}")
    if setup.keep_alive:
        return mark(False, "needs a keeper")
    return mark(False, "needs a listener") if setup.on_connect else mark(True)


def with_timeout(setup: Setup) -> Setup:
    """The setup, with a timeout for SQLite and for its pool. A server keeps its own."""
    if not setup.url.startswith("sqlite"):
        return setup
    connect_args = {**setup.options.get("connect_args", {}), "timeout": TIMEOUT}
    options = {**setup.options, "connect_args": connect_args}
    if options.get("poolclass") is QueuePool:
        options |= {"pool_timeout": TIMEOUT}
    return replace(setup, options=options)


def driver_connection(session: Session) -> object:
    """The connection of the driver that a session has borrowed."""
    return session.connection().connection.dbapi_connection


def pool_and_place(engine: Engine) -> tuple[str, str]:
    """The pool of an engine, and the file or the server that it reaches; none for memory."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            return type(engine.pool).__name__, str(engine.url)
        databases = connection.exec_driver_sql("PRAGMA database_list")
        return type(engine.pool).__name__, databases.one()[2]
