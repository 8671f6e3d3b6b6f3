"""What the answers amount to: the finding, or what holds; and what else a reader should know."""

from __future__ import annotations

from sqlalchemy.pool import AssertionPool, SingletonThreadPool, StaticPool

from .database import Sqlite
from .measure import Look
from .private import Engine, is_async, pool_is_default
from .report import Problem
from .scratch import Scratch

__all__ = ["judge", "judge_server", "notes"]


def judge(scratch: Scratch, look: Look) -> str:
    """The id of the finding or, where all is well, a key of ``SAFE``."""
    sqlite, thread = scratch.sqlite, look.answers["another_thread"]
    if sqlite.is_odd:
        return "odd-file"
    if thread.yes is False and "same thread" in look.error:
        return "other-thread-refused"
    if look.one_for_all:
        return "one-connection-no-transactions" if look.no_transactions else "one-connection"
    if thread.yes is False:
        return without_the_table(scratch, look)
    if look.one_a_thread:
        return "one-connection-a-thread"
    if look.answers["safe_from_rollback"].yes is False:
        return "one-connection"
    if look.answers["uncommitted_hidden"].yes is False and not look.no_transactions:
        return "dirty-reads"
    if sqlite.in_memory:
        return "turns" if look.in_turns else "memory"
    return "file"


def without_the_table(scratch: Scratch, look: Look) -> str:
    """The finding where another thread does not get the rows."""
    sqlite = scratch.sqlite
    if look.stays_locked:
        return "locked"
    if "no such table" not in look.error:
        raise Problem(f"Another thread gets an error that diagnose does not know: {look.error}")
    if sqlite.named or sqlite.shared:
        return "no-keeper" if sqlite.shared else "name-not-shared"
    if not isinstance(scratch.engine.pool, SingletonThreadPool):
        return "own-connection"
    return "own-thread" if scratch.kwargs.get("check_same_thread", True) else "thread-check-off"


def judge_server(engine: Engine) -> str:
    """The same for a database server, by its pool alone: nothing is connected or written."""
    if isinstance(engine.pool, StaticPool):
        return "one-connection"
    return "one-connection-a-thread" if isinstance(engine.pool, SingletonThreadPool) else "server"


def server_notes(engine: Engine) -> list[str]:
    """What else a reader should know about an engine of a server."""
    taken = ["the pool has one connection: a second session at a time raises AssertionError"]
    return taken if isinstance(engine.pool, AssertionPool) else []


def notes(scratch: Scratch, look: Look, kind: str, kept: bool, other_keepers: int) -> list[str]:
    """What else a reader should know about an engine of SQLite."""
    sqlite, engine = scratch.sqlite, scratch.engine
    memory = sqlite.in_memory and kind in ("memory", "turns")
    found = {
        "a second process sees none of it": memory,
        "tried with one connection held open, since your code holds one": memory and kept,
        "hold one connection open while the app runs: dispose() ends this database": (
            memory and not kept
        ),
        "a connection that your code holds leads to another database": (
            sqlite.shared and not kept and other_keepers > 0
        ),
        "a second connection inside a session waits, then raises an error": look.in_turns,
        "each statement commits by itself: rollback() takes nothing back": look.no_transactions,
        "asynchronous: tried with two sessions in one event loop": is_async(engine),
        f"{engine.url.drivername} has this pool by default": (
            kind == "one-connection-a-thread" and pool_is_default(engine)
        ),
        f"opened for reading only ({sqlite.reads_only})": sqlite.reads_only,
        **file_notes(sqlite),
    }
    return [note for note, applies in found.items() if applies] + scratch.notes


def file_notes(sqlite: Sqlite) -> dict[str, bool]:
    """What else a reader should know about a file."""
    if sqlite.in_memory or not sqlite.relative:
        return {}
    return {"the path is relative: started in another folder, it is another file": True}
