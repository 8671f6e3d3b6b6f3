"""What the answers amount to: the finding, or what holds; and what else a reader should know."""

from __future__ import annotations

from sqlalchemy.pool import SingletonThreadPool, StaticPool

from .measure import Look
from .private import is_async, pool_is_default
from .scratch import Scratch
from .words import NOTES, Problem


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


def judge_server(pool: object) -> str:
    """The same for a database server, by its pool alone: nothing is connected or written."""
    if isinstance(pool, StaticPool):
        return "one-connection"
    return "one-connection-a-thread" if isinstance(pool, SingletonThreadPool) else "server"


def notes(scratch: Scratch, look: Look, kind: str, kept: bool, other_keepers: int) -> list[str]:
    """What else a reader should know about an engine of SQLite."""
    sqlite, engine = scratch.sqlite, scratch.engine
    memory = kind in ("memory", "turns") and sqlite.in_memory
    writes = kind == "memory" and not sqlite.reads_only
    applies = {
        "at-once": writes and sqlite.fails_at_once,
        "waits": writes and not sqlite.fails_at_once,
        "one-process": memory,
        "kept": memory and kept,
        "not-kept": memory and not kept,
        "lost": other_keepers > 0 and sqlite.shared and not kept,
        "in-turns": look.in_turns,
        "no-transactions": look.no_transactions,
        "asynchronous": is_async(engine),
        "by-default": kind == "one-connection-a-thread" and pool_is_default(engine),
        "reads-only": bool(sqlite.reads_only),
        "relative": sqlite.relative,
    }
    values = {"driver": engine.url.drivername, "reads_only": sqlite.reads_only}
    values["seconds"] = sqlite.passed[1].get("timeout", 5)
    said = [NOTES[key].format(**values) for key, applies_here in applies.items() if applies_here]
    return said + scratch.notes
