"""What the answers amount to: the finding, the cure, the notes."""

from __future__ import annotations

import os
from urllib.parse import unquote

import sqlalchemy as sa

from .clone import own_listeners
from .database import SCRATCH, Sqlite
from .find import Place
from .measure import Look
from .report import Problem
from .scratch import Scratch
from .words import SAFE


def judge(scratch: Scratch, look: Look) -> str:  # noqa: C901
    """The finding that the answers amount to, a key of ``TRAPS`` or ``SAFE``."""
    sqlite, thread = scratch.sqlite, look.answers["another_thread"]
    if sqlite and sqlite.is_odd:
        return "odd file"
    if thread.yes is False:
        if sqlite is None:
            raise Problem(f"Another thread does not see rows on this server: {thread.detail}")
        if "same thread" in thread.detail:
            return "refused"
        if sqlite.named or sqlite.shared:
            return "not kept" if sqlite.shared else "name not shared"
        if not isinstance(scratch.engine.pool, sa.pool.SingletonThreadPool):
            return "own connection"
        return "own thread" if scratch.kwargs.get("check_same_thread", True) else "check off"
    if look.one_a_thread and not look.one_for_all:
        return "one a thread"
    if look.one_for_all or look.answers["safe_from_rollback"].yes is False:
        return "one connection"
    if look.answers["uncommitted_hidden"].yes is False and not look.no_transactions:
        return "dirty"
    if sqlite and sqlite.in_memory:
        return "turns" if look.in_turns else "memory"
    return "file" if sqlite else "read only" if look.refused else "server"


def cure(place: Place, sqlite: Sqlite | None, finding: str) -> str:
    """The configuration that ends a trap."""
    if finding == "dirty":
        return "leave out read_uncommitted, or isolation_level"
    if not sqlite or not (sqlite.in_memory or sqlite.is_odd):
        return "leave out poolclass and connect_args: by default each session has its connection"
    file = place.setting(":///shop.db")
    memory = place.setting(":///file:///shop?vfs=memdb&uri=true")
    plain = "both without poolclass and connect_args"
    return f"{file}; or, to stay in memory, {memory} and one connection held open; {plain}"


def notes(scratch: Scratch, look: Look, finding: str, keeper: bool) -> list[str]:
    """What else a reader should know about an engine."""
    sqlite, engine = scratch.sqlite, scratch.engine
    listeners = [getattr(each, "__qualname__", "?") for _, each in own_listeners(engine)]
    in_memory = sqlite is not None and sqlite.in_memory
    safe_memory = in_memory and finding in SAFE
    missing = sqlite and not in_memory and not os.path.exists(sqlite.path)
    found = {
        "one session writes at a time: others wait, or get `database is locked`": finding == "file",
        "a second process has none of it: see 10_what_do_several_processes_see": safe_memory,
        "hold one connection open while the app runs": safe_memory and not keeper,
        f"writing was refused: {look.refused}": look.refused,
        "tried with one connection held open, since your code holds one": in_memory and keeper,
        "a second connection inside a session waits, then raises an error": look.in_turns,
        "each statement commits by itself: rollback() takes nothing back": look.no_transactions,
        "the file is not there yet: SQLite makes it at the first connection": missing,
        "asynchronous: tried with two sessions in one event loop": engine.dialect.is_async,
        f"your listeners ran on the scratch database: {', '.join(listeners)}": listeners,
    }
    return [note for note, applies in found.items() if applies]


def describe_files(sqlite: Sqlite | None, used: list[str], left: list[str]) -> str:
    """The files that this kind of database makes, under the reader's names."""
    if not sqlite or not left:
        return "none"
    used, left = ([each.replace(SCRATCH, sqlite.path) for each in names] for names in (used, left))
    more = [os.path.basename(each) for each in sorted(used) if each not in left]
    also = f"; during a transaction also {', '.join(more)}" if more else ""
    return ", ".join(sorted(left)) + also


def shown(url: sa.URL) -> str:
    """A URL without its password; the query of a server's could hold one, too."""
    is_sqlite = url.get_backend_name() == "sqlite"
    return unquote(url.render_as_string()) if is_sqlite else url.set(query={}).render_as_string()
