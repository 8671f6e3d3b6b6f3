"""What the answers amount to: the finding, or what holds; and what else a reader should know."""

from __future__ import annotations

from sqlalchemy.engine import Engine
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from .measure import Look
from .private import is_async, pool_is_default
from .report import Problem
from .scratch import Scratch

AT_ONCE = (
    "a lock is an error at once: a second writer gets `database table is locked`, whatever the"
    " timeout; vfs=memdb instead of cache=shared waits"
)
WAITS = (
    "a writer waits for another one: up to `timeout` ({} s), then `database is locked`; at once"
    " where a transaction that was begun by BEGIN has read before, but for BEGIN IMMEDIATE"
)


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


def notes(scratch: Scratch, look: Look, kind: str, kept: bool, other_keepers: int) -> list[str]:
    """What else a reader should know about an engine of SQLite."""
    sqlite, engine = scratch.sqlite, scratch.engine
    memory = kind in ("memory", "turns") and sqlite.in_memory
    lost = other_keepers > 0 and sqlite.shared and not kept
    by_default = kind == "one-connection-a-thread" and pool_is_default(engine)
    writes = kind == "memory" and not sqlite.reads_only
    seconds = sqlite.passed[1].get("timeout", 5)
    found = [
        (writes and sqlite.fails_at_once, AT_ONCE),
        (writes and not sqlite.fails_at_once, WAITS.format(seconds)),
        (memory, "a second process sees none of it"),
        (memory and kept, "tried with one connection held open, since your code holds one"),
        (
            memory and not kept,
            "hold one connection open while the app runs: dispose() ends this database",
        ),
        (lost, "a connection that your code holds leads to another database"),
        (look.in_turns, "a second connection inside a session waits, then raises an error"),
        (
            look.no_transactions,
            "each statement commits by itself: rollback() takes nothing back",
        ),
        (is_async(engine), "asynchronous: tried with two sessions in one event loop"),
        (by_default, f"{engine.url.drivername} has this pool by default"),
        (sqlite.reads_only, f"opened for reading only ({sqlite.reads_only})"),
        (sqlite.relative, "the path is relative: started in another folder, it is another file"),
    ]
    return [note for applies, note in found if applies] + scratch.notes
