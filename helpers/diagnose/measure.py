"""The questions: what another session sees, in another thread, process, and in the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.exc import TimeoutError as PoolTimeout

from .clone import ListenerProblem
from .report import Answer
from .scratch import Scratch
from .words import Problem


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
