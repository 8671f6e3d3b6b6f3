"""What a repair costs that serves every visitor, where that can be shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine, StaticPool, text
from sqlalchemy.exc import SQLAlchemyError

from helpers.repair.watch import Statement
from helpers.step import give_time


def price_of(engine: Engine, table: str, statements: list[Statement]) -> str:
    """The price, as the end of a sentence, or "".

    :param engine: the one that the views use.
    :param table: its table, with a column ``name``.
    :param statements: all that ran so far.
    """
    if isinstance(engine.pool, StaticPool) and _loses_a_row(engine, table):
        return (
            ", and all of them share one connection. What that costs is the question of"
            " notebook 07."
        )
    if len(engines := {id(each.engine) for each in statements}) > 2:
        return (
            f". {len(engines)} engines were made on the way, each with its own pool: one for the"
            " whole app is enough."
        )
    return ""


def keeps_a_row(engine: Engine, insert: str, is_shown: Callable[[], bool]) -> bool:
    """Whether a row stays that somebody stores while a visitor looks, if it can be stored.

    :param engine: the one that the views use.
    :param insert: the statement that stores the row.
    :param is_shown: a visit, and whether the row was shown.
    """
    try:
        with ThreadPoolExecutor(1, "visitor") as visitor, engine.connect() as connection:
            connection.execute(text(insert))
            looking = visitor.submit(is_shown)
            give_time([looking], 0.4)  # a pool of one answers only when this one lets go
            connection.commit()
    except SQLAlchemyError:  # it was not stored: a full SingletonThreadPool closes what is in use
        return True
    return is_shown()


def is_file(engine: Engine) -> bool:
    """Whether its database is a file of SQLite."""
    if engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        return bool(connection.exec_driver_sql("PRAGMA database_list").first()[2])  # type: ignore[index]


def outside(engine: Engine) -> list[str]:
    """Where an engine's database is, if that's not in the memory of this process."""
    if engine.dialect.name != "sqlite":
        return [engine.url.render_as_string()]
    with engine.connect() as connection:
        opened = connection.exec_driver_sql("PRAGMA database_list")
        return [file for _, _, file in opened if file and Path(file).is_file()]


def _loses_a_row(engine: Engine, table: str) -> bool:
    """Whether a row is gone because somebody else looked before its commit."""
    count = text(f"SELECT count(*) FROM {table}")
    with engine.connect() as ann:
        before = ann.scalar(count)
        ann.execute(text(f"INSERT INTO {table} (name) VALUES ('lost {table}')"))
        with engine.connect() as ben:
            ben.scalar(count)
        ann.commit()
    with engine.connect() as later:
        return bool(later.scalar(count) == before)
