"""Stepped sessions: what goes wrong on a shared connection, and what is blocked where."""

from __future__ import annotations

import re
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, text, update
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from helpers.look import Observation, Observer
from helpers.sample import Base, Item, setups
from helpers.spawn import PostgresServer
from helpers.step import STEPPED, StepConnection, interleave, locks

KEEPERS = ("file", "wal", "memdb", "pool of one")

# The schedule, what its last look shows on a shared connection, and what it should show.
HAZARDS = {
    "lost": ("A add, A flush, B count, B close, A commit, C count", "2", "3"),
    "published": ("A add, A flush, B credit, B commit, A rollback, C count", "3", "2"),
    "torn": ("A debit, B count, B rollback, A credit, A commit, C stocks", "[5, 6]", "[4, 6]"),
}
DIRTY = "A add, A flush, B count, A rollback, B close, C count"


def change_stock(item_id: int, by: int) -> Callable[[Session], None]:
    """Make a step that changes the stock of an item in one statement."""

    def step(session: Session) -> None:
        session.execute(update(Item).where(Item.id == item_id).values(stock=Item.stock + by))

    return step


def run_sql(sql: str) -> Callable[[Session], None]:
    """Make a step that executes a statement without a result."""

    def step(session: Session) -> None:
        session.execute(text(sql))

    return step


STEPS: dict[str, Callable[[Session], Any]] = {
    "add": lambda session: session.add(Item(name="lamp")),
    "begin": run_sql("BEGIN"),
    "count": lambda session: session.scalar(select(func.count()).select_from(Item)),
    "credit": change_stock(2, by=1),
    "debit": change_stock(1, by=-1),
    "dispose": lambda session: session.get_bind().dispose(),  # type: ignore[union-attr]
    "stocks": lambda session: list(session.scalars(select(Item.stock).order_by(Item.id))),
}


def play(
    engine: Engine,
    schedule: str,
    session: Callable[[], Any] | None = None,
    steps: dict[str, Callable[[Session], Any]] = STEPS,
    timeout: float = 10.0,
) -> list[Observation]:
    """Run a schedule on a database with two items, with a stock of five each."""
    observer = Observer(engine)
    store_two_items(engine)
    make_session = session or sessionmaker(engine)
    return interleave(
        schedule, session=make_session, steps=steps, observer=observer, timeout=timeout
    )


def store_two_items(engine: Engine) -> None:
    """Make the tables, a lamp and a sofa."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Item(id=1, name="lamp", stock=5), Item(id=2, name="sofa", stock=5)])
        session.commit()


def play_on(name: str, folder: Path, schedule: str) -> list[Observation]:
    """Run a schedule on a new database of a set-up."""
    for file in folder.iterdir():
        file.unlink()
    with setups[name].stepped().engine(folder) as engine:
        return play(engine, schedule)


def in_short(looks: list[Observation]) -> list[str]:
    """Each look as ``A count: 2``."""
    return [
        f"{look['place']} {look['step']}: {'✗ ' * look['failed']}{look['result']}" for look in looks
    ]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a file, for stepped sessions."""
    with setups["file"].stepped().engine(tmp_path) as engine:
        yield engine


# What goes wrong on a shared connection


@pytest.mark.parametrize("hazard", HAZARDS)
def test_sessions_that_share_a_connection_damage_data(hazard: str, tmp_path: Path) -> None:
    """A row is lost, published or torn, fifty times of fifty, and no step fails."""
    schedule, damaged, _ = HAZARDS[hazard]

    runs = [in_short(play_on("default", tmp_path, schedule)) for _ in range(50)]

    assert {run[-1].partition(": ")[2] for run in runs} == {damaged}
    assert all(run == runs[0] for run in runs)
    assert not any("✗" in look for look in runs[0])


@pytest.mark.parametrize("name", KEEPERS)
@pytest.mark.parametrize("hazard", HAZARDS)
def test_sessions_with_a_transaction_each_keep_data(hazard: str, name: str, tmp_path: Path) -> None:
    """The same schedule does no harm, five times of five, and no step fails."""
    schedule, _, right = HAZARDS[hazard]

    runs = [in_short(play_on(name, tmp_path, schedule)) for _ in range(5)]

    assert {run[-1].partition(": ")[2] for run in runs} == {right}
    assert all(run == runs[0] for run in runs)
    assert not any("✗" in look for look in runs[0])


def test_a_shared_connection_shows_what_is_not_committed(tmp_path: Path) -> None:
    """B counts a row that A takes back: a dirty read."""
    runs = [in_short(play_on("default", tmp_path, DIRTY)) for _ in range(50)]

    assert {(run[2], run[-1]) for run in runs} == {("B count: 3", "C count: 2")}


@pytest.mark.parametrize("name", KEEPERS)
def test_a_connection_each_shows_only_what_is_committed(name: str, tmp_path: Path) -> None:
    """B never counts a row that A takes back: it does not see it, or has to wait."""
    counts = {look for look in in_short(play_on(name, tmp_path, DIRTY)) if "count" in look}

    assert counts <= {"B count: 2", "B count: blocked by A", "C count: 2"}


def test_two_sessions_in_one_thread_lose_a_row_too(tmp_path: Path) -> None:
    """Threads are not needed for it: closing the second session is enough."""
    with setups["default"].engine(tmp_path) as engine:
        Base.metadata.create_all(engine)
        first, second = Session(engine), Session(engine)

        first.add(Item(name="lamp"))
        first.flush()
        second.scalar(select(func.count()).select_from(Item))
        second.close()
        first.commit()

        assert second.scalar(select(func.count()).select_from(Item)) == 0
        first.close()
        second.close()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("default", "✗ OperationalError: no such table: item"),
        ("file", "2"),
        ("wal", "2"),
        ("memdb", "2"),
        ("shared cache", "2"),
        ("pool of one", "✗ OperationalError: no such table: item"),
    ],
)
def test_dispose_ends_a_database_that_only_the_pool_kept(
    name: str, found: str, tmp_path: Path
) -> None:
    """It is gone with the last connection, unless it is on disk or another one is held."""
    runs = [
        in_short(play_on(name, tmp_path, "A count, A close, B dispose, A count")) for _ in "12345"
    ]

    assert {(run[0], run[-1]) for run in runs} == {("A count: 2", f"A count: {found}")}


# What is blocked, by whom, and what becomes of it


def test_a_blocked_step_is_reported_and_gets_through_later(engine: Engine) -> None:
    """It gives a look where it is blocked, with the name of the blocker, and one later."""
    looks = play(engine, "A debit, B debit, C count, A commit, B commit, C stocks")

    assert in_short(looks) == [
        "A debit: done",
        "B debit: blocked by A",
        "C count: 2",
        "A commit: done",
        "B debit: done",
        "B commit: done",
        "C stocks: [3, 5]",
    ]
    blocked, done = looks[1], looks[4]
    assert {key for key in blocked if blocked[key] != done[key]} == {"result"}  # type: ignore[literal-required]


def test_the_later_steps_of_a_blocked_session_wait_for_it(engine: Engine) -> None:
    """Each session does its steps in its order."""
    looks = play(engine, "A debit, B debit, B commit, B close, A commit, C stocks")

    assert in_short(looks) == [
        "A debit: done",
        "B debit: blocked by A",
        "A commit: done",
        "B debit: done",
        "B commit: done",
        "B close: done",
        "C stocks: [3, 5]",
    ]


def test_what_is_blocked_at_the_end_gets_the_error_of_its_database(engine: Engine) -> None:
    """Nobody lets it through, so nobody is named, and the session can be closed."""
    looks = play(engine, "A debit, B debit, B commit")

    assert in_short(looks) == [
        "A debit: done",
        "B debit: blocked",
        "B debit: ✗ OperationalError: database is locked",
        "B commit: done",
    ]


def test_a_commit_waits_for_a_reader(engine: Engine) -> None:
    """Without a write-ahead log, a transaction that has read is in the way of a commit."""
    looks = play(engine, "A begin, A count, B debit, B commit, A rollback, A stocks")

    assert in_short(looks) == [
        "A begin: done",
        "A count: 2",
        "B debit: done",
        "B commit: blocked by A",
        "A rollback: done",
        "B commit: done",
        "A stocks: [4, 5]",
    ]


@pytest.mark.parametrize("name", ["file", "memdb"])
def test_a_reader_that_wants_to_write_is_not_blocked_but_fails(name: str, tmp_path: Path) -> None:
    """SQLite does not wait there, as both would wait for ever."""
    looks = play_on(name, tmp_path, "A begin, A count, B debit, A debit, A rollback, B commit")

    assert "A debit: ✗ OperationalError: database is locked" in in_short(looks)
    assert not any("blocked" in look for look in in_short(looks))


def test_a_transaction_that_holds_no_lock_is_blocked(engine: Engine) -> None:
    """Neither BEGIN nor a transaction that has ended is in anybody's way."""
    looks = play(
        engine,
        "A debit, A commit, A begin, B debit, A debit, B commit, A commit, A begin, A count,"
        " A rollback, B debit, A debit, B commit, A commit, C stocks",
    )

    assert [look for look in in_short(looks) if "A debit" in look] == [
        "A debit: done",
        "A debit: blocked by B",
        "A debit: done",
        "A debit: blocked by B",
        "A debit: done",
    ]
    assert in_short(looks)[-1] == "C stocks: [0, 5]"


@pytest.mark.parametrize("end", [StepConnection.commit, StepConnection.rollback])
def test_a_connection_waits_again_after_its_transaction(
    end: Callable[[StepConnection], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a connection that goes back to no pool in between."""
    waits: list[str] = []
    monkeypatch.setattr(locks.here, "wait", lambda: waits.append("waited"), raising=False)
    first, second = (sqlite3.connect(tmp_path / "shop.db", **STEPPED) for _ in range(2))
    try:
        first.execute("CREATE TABLE item (id)")
        first.execute("INSERT INTO item VALUES (1)")
        end(first)
        second.execute("INSERT INTO item VALUES (2)")

        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            first.execute("INSERT INTO item VALUES (3)")
    finally:
        first.close()
        second.close()

    assert waits == ["waited"]


def test_sqlite_itself_does_not_wait_where_a_step_is_not_blocked(tmp_path: Path) -> None:
    """An hour of timeout makes no difference to a reader that wants to write."""
    path = tmp_path / "shop.db"
    first, second = (sqlite3.connect(path, timeout=3600, isolation_level=None) for _ in range(2))
    try:
        first.execute("CREATE TABLE item (id)")
        first.execute("BEGIN")
        first.execute("SELECT * FROM item").fetchall()
        second.execute("BEGIN IMMEDIATE")

        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            first.execute("INSERT INTO item VALUES (1)")
    finally:
        first.close()
        second.close()


def test_a_stale_reader_fails_at_once_in_wal_mode(tmp_path: Path) -> None:
    """Somebody has committed since it read, so no wait could help it."""
    looks = play_on("wal", tmp_path, "A begin, A count, B debit, B commit, A debit")

    assert in_short(looks)[-2:] == [
        "B commit: done",
        "A debit: ✗ OperationalError: database is locked",
    ]


def test_a_shared_cache_does_not_wait(tmp_path: Path) -> None:
    """Readers and writers get an error at once."""
    looks = play_on("shared cache", tmp_path, "A debit, B count, B debit, A commit, B count")

    assert in_short(looks) == [
        "A debit: done",
        "B count: ✗ OperationalError: database table is locked: item",
        "B debit: ✗ OperationalError: database table is locked",
        "A commit: done",
        "B count: 2",
    ]


def test_nobody_is_named_when_two_may_have_been_in_the_way(engine: Engine) -> None:
    """B lets C through, but A came on in between too."""
    looks = play(engine, "A begin, A count, B debit, B commit, C credit, A rollback")

    assert in_short(looks)[3:] == [
        "B commit: blocked by A",
        "C credit: blocked",
        "A rollback: done",
        "B commit: done",
        "C credit: done",
    ]


def test_the_longest_blocked_goes_first(engine: Engine) -> None:
    """C was there before B."""
    looks = play(engine, "A debit, B count, C debit, B debit, A commit, C commit, B commit")

    assert in_short(looks) == [
        "A debit: done",
        "B count: 2",
        "C debit: blocked by A",
        "B debit: blocked by C",
        "A commit: done",
        "C debit: done",
        "C commit: done",
        "B debit: done",
        "B commit: done",
    ]


def test_a_pool_of_one_is_waited_for(tmp_path: Path) -> None:
    """A session without a connection is blocked until the other one gives it back."""
    looks = play_on("pool of one", tmp_path, "A count, B count, C count, A close, B close")

    assert in_short(looks) == [
        "A count: 2",
        "B count: blocked by A",
        "C count: blocked by B",
        "A close: done",
        "B count: 2",
        "B close: done",
        "C count: 2",
    ]


def test_a_pool_of_one_says_at_last_that_it_is_empty(tmp_path: Path) -> None:
    """The error is the one that SQLAlchemy raises after its timeout."""
    looks = play_on("pool of one", tmp_path, "A count, B count")

    assert in_short(looks)[-1].startswith(
        "B count: ✗ TimeoutError: QueuePool limit of size 1 overflow 0 reached"
    )


def test_a_failure_may_let_another_session_through(engine: Engine) -> None:
    """The longest blocked fails first, and what its session does next may free the others."""
    looks = play(engine, "A begin, A count, B debit, B commit, C credit, B rollback")

    assert in_short(looks)[3:] == [
        "B commit: blocked",
        "C credit: blocked by B",
        "B commit: ✗ OperationalError: database is locked",
        "B rollback: done",
        "C credit: done",
    ]


# Threads and sessions


class LoggedSession(Session):
    """A session that writes down which thread makes and closes it."""

    log: list[tuple[str, str]]

    def __init__(self, engine: Engine, log: list[tuple[str, str]]) -> None:
        super().__init__(engine)
        self.log = log
        log.append((threading.current_thread().name, "made"))

    def close(self) -> None:
        """Close the session."""
        super().close()
        self.log.append((threading.current_thread().name, "closed"))


def wait_for_sessions() -> None:
    """Wait for the threads of sessions that were left alone."""
    for thread in threading.enumerate():
        if thread.name in ("A", "B", "C"):
            thread.join(10)


MADE_AND_CLOSED = [
    ("A", "made"),
    ("B", "made"),
    ("A", "closed"),
    ("B", "closed"),
]


def test_a_look_names_session_and_thread(engine: Engine) -> None:
    """The thread has the name of the session, and a label like every other."""
    looks = play(engine, "A count, B count, A count")

    assert [look["place"] for look in looks] == ["A", "B", "A"]
    assert [look["thread_name"] for look in looks] == ["A", "B", "A"]
    assert [look["thread"] for look in looks] == ["T1", "T2", "T1"]
    assert [look["step"] for look in looks] == ["count", "count", "count"]


def test_each_session_is_made_and_closed_in_its_thread(engine: Engine) -> None:
    """Also when it is left with a transaction that failed."""
    log: list[tuple[str, str]] = []

    looks = play(
        engine,
        "A same, A flush, A commit, B count",
        session=lambda: LoggedSession(engine, log),
        steps={**STEPS, "same": lambda session: session.add(Item(id=1, name="lamp"))},
    )

    assert log == MADE_AND_CLOSED
    assert "UNIQUE constraint failed" in looks[1]["result"]
    assert looks[2]["result"].startswith(PendingRollbackError.__name__)


def test_a_session_whose_connection_is_gone_can_be_closed(tmp_path: Path) -> None:
    """Its last rollback fails, and no step is there to record it."""
    looks = play_on("default", tmp_path, "A add, A flush, B dispose")

    assert [look["failed"] for look in looks] == [False, False, False]


def test_an_error_that_is_not_of_the_database_is_raised(engine: Engine) -> None:
    """It is a mistake in a step; all threads end, and a blocked one with them."""
    log: list[tuple[str, str]] = []

    with pytest.raises(ZeroDivisionError):
        play(
            engine,
            "A debit, B debit, A divide",
            session=lambda: LoggedSession(engine, log),
            steps={**STEPS, "divide": lambda session: 1 // 0},
        )

    assert log == MADE_AND_CLOSED


def test_an_error_in_making_a_session_is_raised(engine: Engine) -> None:
    """It is raised where the schedule is run."""
    with pytest.raises(ZeroDivisionError):
        play(engine, "A count", session=lambda: 1 // 0)


def test_a_step_that_does_not_end_is_named(engine: Engine) -> None:
    """The others are closed at once, and the one that hangs when its step returns."""
    log: list[tuple[str, str]] = []
    released = threading.Event()

    with pytest.raises(TimeoutError) as caught:
        play(
            engine,
            "A count, B hang, A count",
            session=lambda: LoggedSession(engine, log),
            steps={**STEPS, "hang": lambda session: released.wait()},
            timeout=0.2,
        )
    at_the_error = list(log)
    released.set()
    wait_for_sessions()

    assert str(caught.value) == (
        "The step 'hang' of the session B did not end within 0.2 s: end what it waits for, or pass"
        " a longer timeout."
    )
    assert at_the_error == MADE_AND_CLOSED[:3]
    assert log == MADE_AND_CLOSED


def interrupt_the_cell() -> None:
    """Interrupt the main thread as a kernel does: a signal also wakes it where it waits."""
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_an_interrupt_of_the_cell_ends_the_sessions(engine: Engine) -> None:
    """The one whose step was running ends when that step does, also if it blocks then."""
    log: list[tuple[str, str]] = []
    released = threading.Event()

    def interrupt(session: Session) -> None:
        interrupt_the_cell()
        released.wait()
        change_stock(1, by=-1)(session)

    with Session(engine) as outside:
        with pytest.raises(KeyboardInterrupt):
            play(
                engine,
                "A count, B interrupt",
                session=lambda: LoggedSession(engine, log),
                steps={**STEPS, "interrupt": interrupt},
            )
        at_the_interrupt = list(log)
        change_stock(1, by=-1)(outside)
        released.set()
        wait_for_sessions()

    assert at_the_interrupt == MADE_AND_CLOSED[:3]
    assert log == MADE_AND_CLOSED


def test_a_step_that_retries_for_ever_is_named(engine: Engine) -> None:
    """What swallows the lock error at the end is a step that does not end."""
    stop = threading.Event()

    def insist(session: Session) -> None:
        while not stop.is_set():
            try:
                return change_stock(1, by=-1)(session)
            except OperationalError:
                session.rollback()

    with pytest.raises(TimeoutError, match="'insist' of the session B"):
        play(engine, "A debit, B insist", steps={**STEPS, "insist": insist}, timeout=0.2)
    stop.set()
    wait_for_sessions()


# Bad input


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("A count, b count", "The schedule has the entry 'b count', and an entry"),
        ("A count, Ann2 count", "The schedule has the entry 'Ann2 count', and an entry"),
        ("A count, ANN count", "The schedule has the entry 'ANN count', and an entry"),
        ("A count, É count", "The schedule has the entry 'É count', and an entry"),
        ("A count, A", "The schedule has the entry 'A', and an entry"),
        ("A count,", "The schedule has the entry '', and an entry"),
        ("", "The schedule has the entry '', and an entry"),
        (["A count"], "The schedule has the entry \"['A count']\", and an entry"),
        ("A count, A pay", "The schedule has the step 'pay', and the steps are flush, commit,"),
    ],
)
def test_a_bad_schedule_is_refused_before_anything_runs(
    schedule: Any, sentence: str, engine: Engine
) -> None:
    """One sentence says what was given, what is known and what to do."""
    observer = Observer(engine)

    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}.*\\.$"):
        interleave(schedule, session=sessionmaker(engine), steps=STEPS, observer=observer)

    assert observer.observations == []


def test_a_schedule_may_span_lines_and_a_step_have_several_words(engine: Engine) -> None:
    """White space does not matter."""
    looks = play(
        engine,
        """
        Ann  count,
        Ben count  twice
        """,
        steps={**STEPS, "count twice": lambda session: 4},
    )

    assert in_short(looks) == ["Ann count: 2", "Ben count twice: 4"]


@pytest.mark.parametrize("wrong", ["session", "count"])
def test_what_is_no_function_is_refused(wrong: str, engine: Engine) -> None:
    """A session is made, and a step is done, by calling something."""
    session: Any = None if wrong == "session" else sessionmaker(engine)
    steps: Any = {"count": None if wrong == "count" else STEPS["count"]}

    with pytest.raises(TypeError, match=f"^'{wrong}' is None, which cannot be called: put "):
        interleave("A count", session=session, steps=steps, observer=Observer(engine))


# PostgreSQL, where there is one


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    pytest.importorskip("psycopg")
    try:
        server = PostgresServer()
    except RuntimeError as error:
        pytest.skip(str(error))
    with server:
        for _ in range(2):  # its own processes start with the first, and are no leftovers
            create_engine(server.url, poolclass=NullPool).connect().close()
        yield server.url


def play_on_server(url: str, schedule: str) -> list[str]:
    """Run a schedule on PostgreSQL."""
    engine = create_engine(url)
    try:
        return in_short(play(engine, schedule))
    finally:
        Base.metadata.drop_all(engine)
        engine.dispose()


def test_postgresql_names_the_blocker(server: str) -> None:
    """C waits for B, who was there first. After a commit of A, either might be next."""
    looks = play_on_server(
        server, "A debit, B debit, C debit, C commit, A rollback, B commit, A stocks"
    )

    assert looks == [
        "A debit: done",
        "B debit: blocked by A",
        "C debit: blocked by B",
        "A rollback: done",
        "B debit: done",
        "B commit: done",
        "C debit: done",
        "C commit: done",
        "A stocks: [3, 5]",
    ]


def test_a_statement_that_postgresql_still_blocks_is_canceled(server: str) -> None:
    """PostgreSQL would wait for ever."""
    looks = play_on_server(server, "A debit, B debit")

    assert looks[-2:] == [
        "B debit: blocked by A",
        "B debit: ✗ QueryCanceled: canceling statement due to user request",
    ]


def test_a_connection_that_was_given_back_is_in_nobodys_way(server: str) -> None:
    """B works on the connection that A had, so C waits for B alone."""
    looks = play_on_server(server, "A debit, A commit, B debit, C debit, B commit")

    assert looks[3] == "C debit: blocked by B"


def test_an_error_elsewhere_ends_what_postgresql_blocks(server: str) -> None:
    """The statement of A is canceled before B, which blocks it, is closed."""
    engine = create_engine(server)
    observer = Observer(engine)
    store_two_items(engine)
    try:
        with pytest.raises(ZeroDivisionError):
            interleave(
                "A count, B debit, A debit, C divide",
                session=sessionmaker(engine),
                steps={**STEPS, "divide": lambda session: 1 // 0},
                observer=observer,
            )
    finally:
        Base.metadata.drop_all(engine)
        engine.dispose()

    assert observer.observations[-1]["result"].startswith("QueryCanceled: canceling statement")


def test_postgresql_ends_a_deadlock_by_itself(server: str) -> None:
    """It looks after a second, and one of the two gets an error that says so."""
    looks = play_on_server(
        server, "A debit, B credit, A credit, B debit, A rollback, B commit, B stocks"
    )

    assert looks[:4] == [
        "A debit: done",
        "B credit: done",
        "A credit: blocked by B",
        "B debit: blocked by A",
    ]
    errors = [look for look in looks if "✗ DeadlockDetected: deadlock detected" in look]
    assert len(errors) == 1  # that of A, unless this machine took a second for a step
    assert looks[-1] == ("B stocks: [4, 6]" if errors[0][0] == "A" else "B stocks: [5, 5]")
