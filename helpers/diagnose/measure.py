"""What another session sees, in another thread, process, and in the same; and what that means."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from .clone import ListenerProblem
from .private import is_async, pool_is_default
from .report import Answer
from .scratch import Scratch
from .words import NOTES, Problem


@dataclass
class Look:
    """What was measured on a scratch database."""

    answers: dict[str, Answer] = field(default_factory=dict)
    error: str = ""  # what another thread gets instead of the rows
    one_for_all: bool = False  # two threads get the same connection at the same time
    one_a_thread: bool = False  # two sessions of one thread do
    in_turns: bool = False  # the pool has no second connection
    stays_locked: bool = False  # also when the first session has ended
    no_transactions: bool = False


def measure(scratch: Scratch, kept: bool) -> Look:
    """Ask every question; with a connection open beside the pool, when the app holds a keeper."""
    look = Look()
    first, second, on = scratch.first, scratch.second, scratch.on
    if kept:
        on(first, scratch.connect)
    if error := on(first, scratch.fill):
        place = getattr(error, "listener", "")
        reason = f"It cannot write to a scratch database: {scratch.describe(error)}{place}"
        raise error if isinstance(error, ListenerProblem) else Problem(reason)
    after = on(second, scratch.rows)
    with scratch.session(first) as mine:
        on(first, scratch.rows, mine)
        during = on(second, scratch.rows)
        on(first, lambda: mine.rollback())
        idle = on(second, scratch.rows)
        look.one_for_all, look.one_a_thread = scratch.same(mine, second), scratch.same(mine, first)
    look.in_turns = isinstance(during, (PoolTimeout, AssertionError))  # AssertionPool
    look.stays_locked = "locked" in str(idle)
    after = idle if look.stays_locked else after
    look.answers["another_thread"] = another_thread(scratch, look, after, during)
    of_one = "memory belongs to one process" if scratch.sqlite.in_memory else ""
    look.answers["another_process"] = Answer(not of_one, of_one)
    isolation(scratch, look)
    look.answers["survives_dispose"] = survival(scratch)
    return look


def waits(seen: object) -> bool:
    """Whether a look had to wait for another session: slow, but nothing is lost."""
    locked = isinstance(seen, Exception) and "locked" in str(seen)
    return locked or isinstance(seen, (PoolTimeout, AssertionError))


def how_it_waits(scratch: Scratch, seen: object) -> Answer:
    """What a session does that meets the lock of another one; a shared cache has no timeout."""
    at_once = scratch.sqlite.fails_at_once and "locked" in str(seen)
    does = "fails at once" if at_once else "waits, then fails"
    return Answer(True, f"the other session {does} ({scratch.describe(seen)})")


def another_thread(scratch: Scratch, look: Look, after: object, during: object) -> Answer:
    """What a thread sees after the work of another one, and while that one has a session."""
    for seen, when in ((after, ""), (during, ", while the first thread has a session open")):
        if isinstance(seen, ListenerProblem):
            raise seen
        if seen != 1 and (not waits(seen) or seen is after):
            look.error = scratch.describe(seen)
            return Answer(False, look.error + when)
    return how_it_waits(scratch, during) if waits(during) else Answer(True)


def isolation(scratch: Scratch, look: Look) -> None:
    """Let another session look at uncommitted work: from another thread, and from the same."""
    me, on = scratch.first, scratch.on
    hidden = safe = Answer(True)
    for other, where in ((scratch.second, "another thread"), (me, "the same thread")):
        rows = on(me, scratch.rows)
        if isinstance(rows, Exception):
            hidden = safe = Answer(None, scratch.describe(rows))
            break
        with scratch.session(me) as mine:
            on(me, scratch.add, mine)
            seen = on(other, scratch.rows)
            error = on(me, lambda mine=mine: mine.commit())
        if seen == rows + 1 and hidden.yes:
            hidden = Answer(False, f"a session in {where} sees it")
        elif waits(seen) and hidden.yes:
            hidden = how_it_waits(scratch, seen)
        if on(me, scratch.rows) != rows + 1 and safe.yes:
            why = f", with {scratch.describe(error)}" if error else ", and raises no error"
            safe = Answer(False, f"after a look from {where}, commit() stores nothing{why}")
    look.answers.update(uncommitted_hidden=hidden, safe_from_rollback=safe)
    if hidden.yes is False and safe.yes:
        rows = on(me, scratch.rows)
        with scratch.session(me) as mine:
            on(me, scratch.add, mine)
        look.no_transactions = on(me, scratch.rows) != rows


def survival(scratch: Scratch) -> Answer:
    """Whether the rows are still there after the engine dropped its connections."""
    rows = scratch.on(scratch.first, scratch.rows)
    scratch.on(scratch.first, scratch.copy.dispose)
    left = scratch.on(scratch.first, scratch.rows)
    if isinstance(rows, Exception):
        return Answer(None, scratch.describe(rows))
    return Answer(True) if left == rows else Answer(False, scratch.describe(left))


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
