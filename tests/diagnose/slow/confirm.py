"""Tries a real app without diagnose, to confirm what diagnose said of it.

Run it with the Python of the app, in a scratch copy of the app's folder, whose database it writes
to. ``public_apps.csv`` beside this folder has the command of each app and what came out::

    python confirm.py engine app.database:engine
    python confirm.py tables website:create_app() website:db
    python confirm.py opens app:app /
    python confirm.py shared app.models:connection
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import threading
from typing import Any

FORM = {"username": "a", "name": "a", "email": "a@b.c", "password": "Abc-12345"}
FORM |= {"title": "a", "content": "a"}


def get(spec: str) -> Any:
    """The object at ``module:expression``."""
    module, _, expression = spec.partition(":")
    return eval(expression, vars(importlib.import_module(module)))


def in_a_thread(function: Any) -> Any:
    """What a function returns in another thread, or its error."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(function())
        except Exception as error:  # noqa: BLE001 - it is what is to be seen
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def engine(spec: str) -> str:
    """Whether another thread sees a row, and whether its look loses one."""
    import sqlalchemy as sa

    made = get(spec)
    made = getattr(made, "sync_engine", made)
    if made.dialect.is_async:
        return asynchronous(made)
    with made.connect() as connection, connection.begin():
        connection.execute(sa.text("DROP TABLE IF EXISTS confirm_it"))
        connection.execute(sa.text("CREATE TABLE confirm_it (n INTEGER)"))

    def count() -> Any:
        with made.connect() as connection:
            return connection.execute(sa.text("SELECT count(*) FROM confirm_it")).scalar()

    with made.connect() as connection:
        transaction = connection.begin()
        connection.execute(sa.text("INSERT INTO confirm_it VALUES (1)"))
        between = in_a_thread(count)
        transaction.commit()
    after = in_a_thread(count)
    return f"another thread sees {said(between)} before the commit and {said(after)} after it"


def asynchronous(made: Any) -> str:
    """The same with two sessions of one event loop."""
    import asyncio

    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import AsyncEngine

    both = AsyncEngine(made)

    async def look() -> str:
        async with both.begin() as connection:
            await connection.execute(sa.text("DROP TABLE IF EXISTS confirm_it"))
            await connection.execute(sa.text("CREATE TABLE confirm_it (n INTEGER)"))
        seen = []
        async with both.connect() as first:
            await first.execute(sa.text("INSERT INTO confirm_it VALUES (1)"))
            async with both.connect() as second:
                seen.append(await second.scalar(sa.text("SELECT count(*) FROM confirm_it")))
            await first.commit()
        async with both.connect() as second:
            seen.append(await second.scalar(sa.text("SELECT count(*) FROM confirm_it")))
        await both.dispose()
        return f"another session sees {seen[0]} before the commit and {seen[1]} after it"

    return asyncio.run(look())


def said(result: Any) -> str:
    """A count, or the message of an error without its table."""
    line = str(getattr(result, "orig", result)).splitlines()[0]
    return re.sub("confirm_it", "…", line)


def tables(app_spec: str, db_spec: str) -> str:
    """The tables that models name and the database has not."""
    import sqlalchemy as sa

    app, db = get(app_spec), get(db_spec)
    with app.app_context():
        there = set(sa.inspect(db.engine).get_table_names())
        return f"missing: {sorted(set(db.metadata.tables) - there)}"


def upgrade(app_spec: str) -> str:
    """What the migrations say to the tables that are there."""
    migrate = importlib.import_module("flask_migrate")
    with get(app_spec).app_context():
        try:
            migrate.upgrade()
        except Exception as error:  # noqa: BLE001 - it is what is to be seen
            return said(error)
    return "no error"


def calls(spec: str) -> str:
    """What a function opens that is called in two threads, or its error."""
    opened: list[str] = []

    def hear(event: str, args: Any) -> None:
        if event == "sqlite3.connect":
            opened.append(os.path.basename(os.fsdecode(args[0])))

    function = get(spec)
    sys.addaudithook(hear)
    results = [in_a_thread(function), in_a_thread(function)]
    errors = {str(each) for each in results if isinstance(each, Exception)}
    return f"two calls open {opened}, {'; '.join(sorted(errors)) or 'no error'}"


def shared(spec: str) -> str:
    """Whether a connection of sqlite3 works in another thread, and whose work it rolls back."""
    connection = get(spec)
    connection.execute("CREATE TABLE IF NOT EXISTS confirm_it (n)")
    connection.execute("DELETE FROM confirm_it")
    connection.commit()
    connection.execute("INSERT INTO confirm_it VALUES (1)")
    error = in_a_thread(connection.rollback)
    connection.commit()
    [rows] = connection.execute("SELECT count(*) FROM confirm_it").fetchone()
    return (
        error and str(error).partition(". ")[0]
    ) or f"{rows} rows after commit(), and another thread's rollback()"


def opens(app_spec: str, *urls: str) -> str:
    """The databases that requests from two threads open, by the audit event of sqlite3."""
    opened: list[tuple[str, int]] = []

    def hear(event: str, args: Any) -> None:
        if event == "sqlite3.connect":
            opened.append((os.path.basename(os.fsdecode(args[0])), threading.get_native_id()))

    app = get(app_spec)
    sys.addaudithook(hear)
    for url in urls:
        for _ in range(2):
            in_a_thread(lambda url=url: app.test_client().post(url, data=FORM))
    threads = len({thread for _, thread in opened})
    return f"{sorted({name for name, _ in opened})} opened in {threads} of {2 * len(urls)} threads"


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    with contextlib.redirect_stdout(sys.stderr):
        ways: dict[str, Any] = {"calls": calls, "engine": engine, "opens": opens}
        ways.update(shared=shared, tables=tables, upgrade=upgrade)
        answer = ways[sys.argv[1]](*sys.argv[2:])
    print(answer)
