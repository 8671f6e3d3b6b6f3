"""What diagnose says: the ids of its findings, their sentences, and the notebook of each.

An id is stable: programs compare it, and ``--ignore`` takes it.
"""

from __future__ import annotations

from dataclasses import dataclass

NOTEBOOKS = {  # by number: the one place that names files of the lesson
    "01": "01_where_did_the_table_go",
    "02": "02_which_part_decides",
    "05": "05_does_a_file_help",
    "07": "07_what_happens_on_one_connection",
    "08": "08_can_it_stay_in_memory",
    "09": "09_what_does_a_server_change",
    "11": "11_which_setup_fits",
    "12": "12_which_no_such_table_is_yours",
    "14": "14_who_else_falls_in",
}
QUESTIONS = {
    "another_thread": "seen by another thread",
    "another_process": "seen by another process",
    "uncommitted_hidden": "uncommitted work is hidden",
    "safe_from_rollback": "safe from another's rollback",
    "survives_dispose": "survives dispose()",
}
OWN = "Each {} gets its own database in memory, without the others' tables."
NO_TABLE = "OperationalError: no such table: {table}"
GONE = "A row that was answered with 201 is gone"
UNSURE = " Nothing tells whether this is the engine of {}."  # where there are several
MISUSE = "; under load InterfaceError: bad parameter or other API misuse"  # in threads only


@dataclass(frozen=True)
class Words:
    """What a finding says: its notebook, its sentence, and what a reader sees of it.

    ``{...}`` in a text is filled in with what was found; ``{error}`` is the measured message.
    """

    notebook: str
    sentence: str
    message: str = "{error}"


FINDINGS = {
    "own-thread": Words("01", OWN.format("thread")),
    "thread-check-off": Words(
        "02", "check_same_thread=False changes nothing: each thread has its own database."
    ),
    "own-connection": Words("02", OWN.format("connection")),
    "other-thread-refused": Words(
        "02", "A connection works only in the thread that opened it, and others get it."
    ),
    "name-not-shared": Words(
        "08", "This name is not shared: each connection gets its own database."
    ),
    "no-keeper": Words(
        "08", "This database ends with its last connection, and nothing holds one open."
    ),
    "one-connection": Words(
        "07",
        "All sessions share one transaction: a rollback takes the others' work, too.",
        GONE + MISUSE,
    ),
    "one-connection-no-transactions": Words(
        "07",
        "All threads use one connection at the same time, without transactions.",
        "Results that belong to another thread" + MISUSE,
    ),
    "one-connection-a-thread": Words(
        "07",
        "All sessions of a thread share one transaction: a rollback takes it all.",
        GONE,
    ),
    "odd-file": Words(
        "08",
        "This is not memory but a file with a strange name: it keeps its rows.",
        "There is a file called `{file}`.",
    ),
    "dirty-reads": Words(
        "11",
        "Sessions read what another one may never commit.",
        "A session sees what another one has not committed.",
    ),
    "locked": Words("05", "The first connection keeps the database locked while it is open."),
    "tables-missing": Words(
        "12",
        "The database has {there}; your models also name {missing}.",
        NO_TABLE,
    ),
    "no-tables": Words(
        "12",
        "This file has no tables: nothing has created them in it.",
        NO_TABLE,
    ),
    "tables-elsewhere": Words(
        "12",
        "Your models name {missing}, which this database has not: {elsewhere}.",
        NO_TABLE,
    ),
    "columns-missing": Words(
        "12",
        "The table {table} has no column {column}, which your model names.",
        "OperationalError: no such column: {table}.{column}",
    ),
    "url-not-used": Words(
        "12",
        "The configuration says {configured}, and this engine was made before with another URL.",
        NO_TABLE,
    ),
    "no-folder": Words(
        "12",
        "{reason}.",
        "OperationalError: unable to open database file",
    ),
    "not-allowed": Words("12", "{reason}.", "OperationalError: {error}"),
    "not-a-database": Words(
        "12",
        "{file} is not a SQLite database, or is encrypted.",
        "DatabaseError: file is not a database",
    ),
    "sqlite3-refused": Words(
        "14", "This sqlite3 connection was opened once, and works in no other thread."
    ),
    "sqlite3-one-connection": Words(
        "07",
        "All threads use this sqlite3 connection and so one transaction: a rollback takes the"
        " others' work with it.",
        GONE + MISUSE,
    ),
    "engine-each-call": Words(
        "01",
        "Each call of {function} makes another engine, with an empty database in memory.",
        NO_TABLE,
    ),
    "sqlite3-own-memory": Words("01", "Each call of {function} opens an empty database in memory."),
}
SAFE = {  # what holds: the notebook that explains it, and the sentence
    "file": ("05", "All threads and processes share one file."),
    "memory": ("08", "All threads of this process share one database in memory."),
    "turns": ("08", "All sessions take turns on one connection."),
    "server": ("09", "All threads and processes share one server."),
    "calls": ("05", "Each call opens its own connection to one file."),
}


def notebook(number: str) -> str:
    """The file of a notebook, by its number."""
    return NOTEBOOKS[number] + ".ipynb"


def some(names: list[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "no tables"
