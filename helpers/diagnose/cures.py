"""The lines that end what was found, to be pasted into the reader's app."""

from __future__ import annotations

import os
from pathlib import Path

from . import migrations
from .database import Sqlite, shown
from .find import Place
from .private import is_async, pool_is_default
from .report import Cure, Tables
from .settings import (
    AT_FAULT,
    IN_MEMORY,
    MEMDB_IS_KNOWN,
    WAITING,
    Names,
    Setting,
    in_one_memory,
    literal,
    option_lines,
)
from .tables import Content, lost_its_wal


def cures_of(
    id: str, place: Place, sqlite: Sqlite | None, setting: Setting, names: Names
) -> list[Cure]:
    """The cures for what was measured on a copy of an engine."""
    if sqlite is None or not (sqlite.in_memory or sqlite.is_odd):
        return [without_pool(place, sqlite, setting)]
    name = names.new(place.key if place.extension else None, place)
    old_extension = place.extension == "flask_sqlalchemy" and is_old_extension()
    memory = []
    if MEMDB_IS_KNOWN and not old_extension:
        memory = [Cure(IN_MEMORY, in_one_memory([setting], name, names.keeper(name)))]
    if sqlite.fails_at_once and memory:
        memory[0].where = WAITING
    if id == "dirty-reads" or (id == "other-thread-refused" and sqlite.shared):
        more = ("isolation_level",) * (id == "dirty-reads")
        waits = memory if sqlite.fails_at_once else []
        return waits or [without_pool(place, sqlite, setting, *more)]
    return [setting.file(name), *memory]


def is_old_extension() -> bool:
    """Whether Flask-SQLAlchemy takes a URI for the name of a file, as before its release 3.0."""
    from importlib.metadata import version

    return int(version("flask-sqlalchemy").split(".")[0]) < 3


def without_pool(place: Place, sqlite: Sqlite | None, setting: Setting, *more: str) -> Cure:
    """The same engine with the pool that its URL asks for, and all other options kept."""
    engine = place.value
    without = (*AT_FAULT, *more)
    url = f'"{sqlite.url if sqlite and sqlite.creator else shown(engine.url)}"'
    extra: dict[str, str] = {}
    if sqlite and sqlite.in_memory:  # its default would be one connection a thread
        arguments = {**setting.options.get("connect_args", {}), "check_same_thread": False}
        extra = {"poolclass": "QueuePool", "connect_args": literal(arguments)}
    elif sqlite and pool_is_default(engine) and not is_async(engine):
        extra = {"poolclass": "QueuePool"}
    if setting.is_config:
        lines = option_lines(setting.kept(without, extra))
        return Cure(setting.place, setting.lines(url, without) if place.key else lines)
    if engine.url.password or not setting.variable:
        return Cure(f"{setting.place}, leave out poolclass; keep the URL and connect_args", [])
    imports = ["from sqlalchemy.pool import QueuePool"] if "poolclass" in extra else []
    return Cure(setting.place, imports + setting.lines(url, without, **extra))


def for_tables(
    place: Place, tables: Tables, setting: Setting, metadata: str, content: Content, names: Names
) -> list[Cure]:
    """What makes the missing tables, or leads to the file that has them."""
    file = max(tables.elsewhere, key=lambda each: len(tables.elsewhere[each]), default="")
    if os.path.isabs(file):  # else it is another engine in memory
        cures = [Cure(setting.place, setting.lines(f'"{setting.driver}:///{file}"', ()))]
        return cures + [copied(file, setting, names.new(None, place))] * lost_its_wal(content)
    startup = at_startup(place, setting, metadata)
    if migrations.are_begun():
        return [migrations.cure_of(place, tables, content.get("revisions", []), startup.lines)]
    return [startup]


def copied(file: str, setting: Setting, name: str) -> Cure:
    """The lines that copy a file while it is in use, and lead to the copy."""
    copy = Path(file).with_name(f"{name}.db").as_posix()
    lines = ["import sqlite3", f"original = sqlite3.connect({file!r})"]
    lines.append(f'original.execute("VACUUM INTO {copy!r}")')
    where = "If this is to be a copy of it: once, and then the URL"
    return Cure(where, lines + setting.lines(f'"{setting.driver}:///{copy}"', ()))


def at_startup(place: Place, setting: Setting, metadata: str) -> Cure:
    """What makes all tables that are missing."""
    engine = setting.variable or "engine"
    lines = [f"{metadata}.create_all({engine})"]
    if place.extension == "flask_sqlalchemy":
        lines = ["with app.app_context():", "    db.create_all()"]
    elif is_async(place.value):
        lines = [f"async with {engine}.begin() as connection:"]
        lines += [f"    await connection.run_sync({metadata}.create_all)"]
    return Cure("At startup, after the import of all models", lines)


def for_folder(path: str) -> list[Cure]:
    """The line that makes a folder."""
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        return [Cure("Remove that folder, or name a file in it", [])]
    if os.path.isdir(folder):
        return []  # it is a pipe, or may not be made
    line = f"os.makedirs({folder!r}, exist_ok=True)"
    return [Cure("Before the first session", ["import os", line])]


def for_sqlite3(where: str, head: list[str], start: str, names: Names) -> list[Cure]:
    """A file, or a name in memory that all connections of plain sqlite3 share."""
    name = names.new(None, head)
    in_file = Cure(where, [*head, f'{start}sqlite3.connect("{name}.db")'])
    in_memory = f'sqlite3.connect("file:///{name}?vfs=memdb", uri=True)'
    memory = Cure(IN_MEMORY, [*head, f"{start}{in_memory}", f"{names.keeper(name)} = {in_memory}"])
    return [in_file, memory] if MEMDB_IS_KNOWN else [in_file]
