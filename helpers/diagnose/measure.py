"""The questions: what another session sees, in another thread, process, and in the same."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .report import Answer, Problem
from .scratch import Scratch
from .words import QUESTIONS


@dataclass
class Look:
    """What was measured on a scratch database."""

    answers: dict[str, Answer] = field(default_factory=dict)
    one_for_all: bool = False  # two threads get the same connection at the same time
    one_a_thread: bool = False  # two sessions of one thread do
    in_turns: bool = False
    refused: str = ""  # why a server lets this user write nothing
    no_transactions: bool = False
    files: list[str] = field(default_factory=list)  # while a transaction is open


def measure(scratch: Scratch, keeper: bool) -> Look:
    """Ask every question; with a connection open beside the pool, when the app holds a keeper."""
    look = Look()
    first, second, on = scratch.first, scratch.second, scratch.on
    if keeper and scratch.sqlite:
        on(first, scratch.connect, None)
    error = on(first, lambda: scratch.copy.connect().close())
    if error:
        raise Problem(f"It cannot connect: {scratch.describe(error)}")
    error = on(first, scratch.fill)
    if error and scratch.sqlite:
        raise Problem(f"It cannot write to a scratch database: {scratch.describe(error)}")
    after = on(second, scratch.rows)
    with scratch.session(first) as mine:
        on(first, scratch.rows, mine)
        during = on(second, scratch.rows)
        look.one_for_all, look.one_a_thread = scratch.same(mine, second), scratch.same(mine, first)
    look.in_turns = waits(during)
    if error:
        look.refused = scratch.describe(error)
        look.answers = dict.fromkeys(QUESTIONS, Answer(None))
        return look
    look.answers["another_thread"] = another_thread(scratch, after, during)
    look.answers["another_process"] = scratch.another_process()
    isolation(scratch, look)
    look.answers["survives_dispose"] = survival(scratch)
    return look


def waits(seen: object) -> bool:
    """Whether a look had to wait for another session: slow, but nothing is lost."""
    locked = isinstance(seen, Exception) and "locked" in str(seen)
    return locked or isinstance(seen, (PoolTimeout, TimeoutError, AssertionError))  # AssertionPool


def another_thread(scratch: Scratch, after: object, during: object) -> Answer:
    """What a thread sees after the work of another one, and while that one has a session."""
    for seen, when in ((after, ""), (during, ", while the first thread has a session open")):
        if seen != 1 and not waits(seen):
            return Answer(False, scratch.describe(seen) + when)
    return Answer(True, f"in turns ({scratch.describe(during)})" if waits(during) else "")


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
            look.files = os.listdir(scratch.folder)
            seen = on(other, scratch.rows)
            error = on(me, sa.Connection.commit, mine)
        if seen == rows + 1 and hidden.yes:
            hidden = Answer(False, f"a session in {where} sees it")
        elif waits(seen) and hidden.yes:
            hidden = Answer(True, f"the other session waits ({scratch.describe(seen)})")
        if on(me, scratch.rows) != rows + 1 and safe.yes:
            why = f", with {scratch.describe(error)}" if error else ", and raises no error"
            safe = Answer(False, f"after a look from {where}, commit() stores nothing{why}")
    look.answers |= {"uncommitted_hidden": hidden, "safe_from_rollback": safe}
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
