"""The observer: what it records, how it tells things apart, and that a look changes nothing."""

from __future__ import annotations

import contextlib
import functools
import json
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from helpers.look import Observation, Observer, describe_error, require_observations

ANY_THREAD = {"check_same_thread": False}
MEMDB = "sqlite:///file:///shop?vfs=memdb&uri=true"
SHARED_CACHE = "sqlite:///file:/shop?mode=memory&cache=shared&uri=true"

MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    """``create_engine``, and ``dispose`` for each engine after the test."""
    engines: list[Engine] = []

    def make(url: str = "sqlite://", **options: Any) -> Engine:
        engines.append(create_engine(url, **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


def run_in_thread(function: Callable[[], object]) -> None:
    """Run a function in a thread of its own, from its start to its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def run_at_once(*functions: Callable[[], object]) -> None:
    """Run functions in as many threads, all released at the same moment."""
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> None:
        barrier.wait()
        function()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def ask(observer: Observer, connection: Connection) -> Observation:
    """A look that runs one statement on an open connection."""
    return observer.look("ask", lambda: connection.scalar(text("SELECT 1")))


def databases(*engines: Engine) -> list[str]:
    """The labels of the databases that one open connection of each engine leads to."""
    observer = Observer(*engines)
    connections = [engine.connect() for engine in engines]
    labels = [ask(observer, connection)["database"] for connection in connections]
    for connection in connections:
        connection.close()
    return labels


# What a look records


def test_a_look_records_all_there_is_to_know(make_engine: MakeEngine) -> None:
    """Step, place, thread, db object, connection, database and result are all recorded."""
    engine = make_engine()
    observer = Observer(engine)
    thread = threading.current_thread()

    with engine.connect() as connection:
        look = observer.look("add", lambda: connection.scalar(text("SELECT 1 + 1")), place="here")

    assert look == {
        "step": "add",
        "place": "here",
        "thread": "T1",
        "thread_name": thread.name,
        "thread_id": f"tid-{threading.get_native_id()}",
        "db": f"id-{id(engine)}",
        "connection": "C1",
        "database": "D1",
        "transaction": False,
        "result": "2",
        "failed": False,
    }
    assert observer.observations == [look]


def test_the_db_object_can_be_another_than_the_engine(make_engine: MakeEngine) -> None:
    """The id of the object given as ``db`` is recorded."""
    db = object()

    look = Observer(make_engine(), db=db).look("nothing", lambda: None)

    assert look["db"] == f"id-{id(db)}"


def test_an_action_without_a_result_is_done(make_engine: MakeEngine) -> None:
    """None is shown as the word done."""
    assert Observer(make_engine()).look("nothing", lambda: None)["result"] == "done"


def test_a_look_without_sql_has_no_connection(make_engine: MakeEngine) -> None:
    """The connection and the database of an earlier look are not repeated."""
    engine = make_engine()
    observer = Observer(engine)
    with engine.connect() as connection:
        ask(observer, connection)

        look = observer.look("count to two", lambda: 2)

    assert (look["connection"], look["database"], look["result"]) == ("none", "none", "2")


@pytest.mark.parametrize("end", [Connection.commit, Connection.rollback])
def test_the_end_of_a_transaction_names_its_connection(
    make_engine: MakeEngine, end: Callable[[Connection], None]
) -> None:
    """A look that only commits or rolls back runs no statement, and still uses a connection."""
    engine = make_engine()
    observer = Observer(engine)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))

        look = observer.look("end", lambda: end(connection))

    assert (look["connection"], look["database"], look["result"]) == ("C1", "D1", "done")


def test_a_look_outside_a_view_is_in_a_notebook_cell(make_engine: MakeEngine) -> None:
    """The place has a default outside a request."""
    assert Observer(make_engine()).look("nothing", lambda: None)["place"] == "notebook cell"


def test_a_view_can_answer_a_look_as_json(make_engine: MakeEngine) -> None:
    """The answer is the observation that was recorded, and its place is the route."""
    engine = make_engine()
    observer = Observer(engine)
    app = Flask("shop")

    @app.get("/items")
    def items() -> Observation:
        with engine.connect() as connection:
            return ask(observer, connection)

    answer = app.test_client().get("/items").json

    assert answer == observer.observations[0]
    assert answer["place"] == "view /items"


def test_an_observation_is_plain_values(make_engine: MakeEngine) -> None:
    """An observation comes back from JSON as it was, whatever the result is."""
    look = Observer(make_engine()).look("a set", lambda: {1})

    assert json.loads(json.dumps(look)) == look


# Errors


def test_an_error_of_the_database_is_recorded_word_for_word(make_engine: MakeEngine) -> None:
    """The driver's type and message are the result, and the look has failed."""
    engine = make_engine()
    observer = Observer(engine)

    with engine.connect() as connection:
        look = observer.look("list", lambda: connection.execute(text("SELECT * FROM item")))

    assert look["result"] == "OperationalError: no such table: item"
    assert look["failed"] is True
    assert (look["connection"], look["database"]) == ("C1", "D1")


def test_an_error_of_the_driver_itself_is_recorded(make_engine: MakeEngine) -> None:
    """``sqlite3`` used without SQLAlchemy is observed as well."""
    connection = sqlite3.connect(":memory:")

    look = Observer(make_engine()).look("list", lambda: connection.execute("SELECT * FROM item"))

    connection.close()
    assert look["result"] == "OperationalError: no such table: item"


def test_an_error_of_the_pool_is_recorded(make_engine: MakeEngine) -> None:
    """An error of SQLAlchemy that has no error of the driver behind it is one line too."""
    engine = make_engine(poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0)
    observer = Observer(engine)

    with engine.connect():
        look = observer.look("connect", engine.connect)

    assert look["result"].startswith("TimeoutError: QueuePool limit of size 1 overflow 0 reached")
    assert "\n" not in look["result"]


def test_any_other_error_is_raised(make_engine: MakeEngine) -> None:
    """A mistake in the code is not an observation."""
    observer = Observer(make_engine())

    with pytest.raises(ZeroDivisionError):
        observer.look("divide", lambda: 1 / 0)

    assert observer.observations == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (sqlite3.OperationalError("disk I/O error"), "OperationalError: disk I/O error"),
        (
            ProgrammingError("SELECT", {}, sqlite3.ProgrammingError("Cannot operate")),
            "ProgrammingError: Cannot operate",
        ),
        (SQLAlchemyError("one\ntwo"), "SQLAlchemyError: one"),
        (SQLAlchemyError(""), "SQLAlchemyError: "),
    ],
)
def test_an_error_is_described_in_one_line(error: Exception, line: str) -> None:
    """SQLAlchemy's frame around the driver's message is left out."""
    assert describe_error(error) == line


def test_something_that_is_no_engine_is_refused() -> None:
    """The message says what was given and what to pass."""
    with pytest.raises(TypeError, match=r"was given 'sqlite://', and it listens .* create_engine"):
        Observer("sqlite://")  # type: ignore[arg-type]


def test_an_observer_that_comes_too_late_says_so(make_engine: MakeEngine) -> None:
    """A connection made before the observer cannot be labeled, and is not called none."""
    engine = make_engine(poolclass=StaticPool)
    engine.connect().close()
    observer = Observer(engine)

    with (
        engine.connect() as connection,
        pytest.raises(RuntimeError, match="make the Observer right after the engine"),
    ):
        ask(observer, connection)


@pytest.mark.parametrize("look", ["a look", {"step": "a"}, None])
def test_what_is_no_observation_is_refused(look: Any) -> None:
    """The message names the function and what it was given."""
    with pytest.raises(TypeError, match=r"table was given .* which is not an observation"):
        require_observations([look], "table")


# Labels


def test_a_new_thread_gets_a_new_label_though_its_id_is_used_again(
    make_engine: MakeEngine,
) -> None:
    """A system may give out an id again; labels are not."""
    observer = Observer(make_engine())

    for _ in range(200):
        run_in_thread(lambda: observer.look("nothing", lambda: None))

    looks = observer.observations
    assert [look["thread"] for look in looks] == [f"T{n}" for n in range(1, 201)]


def test_a_thread_keeps_its_label(make_engine: MakeEngine) -> None:
    """The second look of a thread has the label of its first."""
    observer = Observer(make_engine())

    observer.look("nothing", lambda: None)
    run_in_thread(lambda: observer.look("nothing", lambda: None))
    observer.look("nothing", lambda: None)

    assert [look["thread"] for look in observer.observations] == ["T1", "T2", "T1"]


def test_a_new_connection_gets_a_new_label_though_its_id_is_used_again(
    make_engine: MakeEngine,
) -> None:
    """Ids of objects that are gone are given out again; labels are not."""
    engine = make_engine(poolclass=NullPool)
    observer = Observer(engine)
    ids = set()

    for _ in range(100):
        with engine.connect() as connection:
            ask(observer, connection)
            ids.add(id(connection.connection.dbapi_connection))

    looks = observer.observations
    assert [look["connection"] for look in looks] == [f"C{n}" for n in range(1, 101)]
    assert len({look["database"] for look in looks}) == 100
    assert len(ids) < 100


def test_a_connection_from_the_pool_keeps_its_label(make_engine: MakeEngine) -> None:
    """A connection that was given back and taken out again is the same connection."""
    engine = make_engine(poolclass=QueuePool)
    observer = Observer(engine)

    for _ in range(3):
        with engine.connect() as connection:
            ask(observer, connection)

    assert [look["connection"] for look in observer.observations] == ["C1", "C1", "C1"]


def test_databases_are_numbered(make_engine: MakeEngine) -> None:
    """The numbers do not run out."""
    engine = make_engine(poolclass=NullPool)
    observer = Observer(engine)

    for _ in range(28):
        with engine.connect() as connection:
            ask(observer, connection)

    labels = [look["database"] for look in observer.observations]
    assert labels == [f"D{number}" for number in range(1, 29)]


def test_a_look_says_whether_it_leaves_a_transaction_open(make_engine: MakeEngine) -> None:
    """Reading opens none with sqlite3's default; writing does, until the commit."""
    engine = make_engine(poolclass=StaticPool)
    observer = Observer(engine)
    with Session(engine) as session:
        steps = ["CREATE TABLE item (name TEXT)", "INSERT INTO item VALUES ('lamp')"]
        observer.look("read", lambda: session.execute(text("SELECT 1")))
        for step in steps:
            observer.look(step, lambda step=step: session.execute(text(step)))  # type: ignore[misc]
        observer.look("commit", session.commit)
        observer.look("nothing", lambda: None)

    assert [look["transaction"] for look in observer.observations] == [
        *(False, False, True, False, False)
    ]


def test_two_observers_of_one_engine_do_not_mix_their_labels(make_engine: MakeEngine) -> None:
    """Each observer counts what it has met itself, also when the other has met more."""
    first_engine, second_engine = make_engine(), make_engine()
    one = Observer(first_engine, second_engine)
    other = Observer(second_engine)

    with first_engine.connect() as first, second_engine.connect() as second:
        ask(one, first)
        by_one, by_other = ask(one, second), ask(other, second)

    assert (by_one["connection"], by_one["database"]) == ("C2", "D2")
    assert (by_other["connection"], by_other["database"]) == ("C1", "D1")


# A database is told from another by evidence


def test_two_connections_to_memory_are_two_databases(make_engine: MakeEngine) -> None:
    """Each connection to ``sqlite://`` has a database of its own."""
    assert databases(make_engine(), make_engine()) == ["D1", "D2"]


def test_a_static_pool_is_one_database(make_engine: MakeEngine) -> None:
    """Threads that share a connection share its database."""
    engine = make_engine(poolclass=StaticPool, connect_args=ANY_THREAD)
    observer = Observer(engine)

    def look() -> None:
        with engine.connect() as connection:
            ask(observer, connection)

    look()
    run_in_thread(look)

    assert [look["database"] for look in observer.observations] == ["D1", "D1"]
    assert [look["thread"] for look in observer.observations] == ["T1", "T2"]


@pytest.mark.parametrize(
    ("url", "labels"),
    [
        (MEMDB, ["D1", "D1"]),
        (SHARED_CACHE, ["D1", "D1"]),
        ("sqlite:///file:shop?vfs=memdb&uri=true", ["D1", "D2"]),
        ("sqlite:///file:/shop?mode=memory&uri=true", ["D1", "D2"]),
    ],
    ids=["memdb", "shared cache", "memdb without its slash", "a name alone"],
)
def test_a_named_database_in_memory_is_told_by_what_is_in_it(
    make_engine: MakeEngine, url: str, labels: list[str]
) -> None:
    """Two connections by one name are one database only where SQLite makes it so."""
    assert databases(*(make_engine(url, poolclass=QueuePool) for _ in "12")) == labels


def test_a_named_database_that_has_died_is_another_when_it_comes_back(
    make_engine: MakeEngine,
) -> None:
    """A name is no evidence: the database went with its last connection."""
    engine = make_engine(MEMDB, poolclass=NullPool)
    observer = Observer(engine)

    for _ in range(2):
        with engine.connect() as connection:
            ask(observer, connection)

    assert [look["database"] for look in observer.observations] == ["D1", "D2"]


def test_one_file_by_two_paths_is_one_database(make_engine: MakeEngine, tmp_path: Path) -> None:
    """Two engines, and two ways to write the path: still the same file."""
    (tmp_path / "folder").mkdir()
    straight = make_engine(f"sqlite:///{(tmp_path / 'shop.db').as_posix()}")
    detour = make_engine(f"sqlite:///{(tmp_path / 'folder' / '..' / 'shop.db').as_posix()}")

    assert databases(straight, detour) == ["D1", "D1"]


def test_two_files_are_two_databases(make_engine: MakeEngine, tmp_path: Path) -> None:
    """Files with the same content are still two."""
    engines = [make_engine(f"sqlite:///{(tmp_path / name).as_posix()}") for name in ("a", "b")]

    assert databases(*engines) == ["D1", "D2"]


def test_files_and_databases_in_memory_share_the_letters(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """No letter is used twice, whatever the kind of database."""
    file = make_engine(f"sqlite:///{(tmp_path / 'shop.db').as_posix()}")

    assert databases(make_engine(), file, make_engine(), file) == ["D1", "D2", "D3", "D2"]


# A look changes nothing


def test_a_look_leaves_the_uncommitted_row_of_another_session(make_engine: MakeEngine) -> None:
    """On a shared connection even an empty checkout would roll the row back."""
    engine = make_engine(poolclass=StaticPool)
    observer = Observer(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE item (name TEXT)"))

    with Session(engine) as writer, Session(engine) as reader:
        writer.execute(text("INSERT INTO item VALUES ('lamp')"))
        observer.look("nothing", lambda: None)
        observer.look("count", lambda: reader.scalar(text("SELECT count(*) FROM item")))
        writer.commit()

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM item")) == 1
    assert [look["result"] for look in observer.observations] == ["done", "1"]


def heard(engine: Engine, observed: bool) -> list[str]:
    """What SQLite and the pool hear of the same steps, with and without an observer."""
    observer = Observer(engine) if observed else None
    events: list[str] = []

    def listen(dbapi_connection: sqlite3.Connection, _: object) -> None:
        events.append("connect")
        dbapi_connection.set_trace_callback(events.append)

    event.listen(engine, "connect", listen)  # after the observer has left its mark
    event.listen(engine, "checkout", lambda *_: events.append("checkout"))
    event.listen(engine, "checkin", lambda *_: events.append("checkin"))

    def step(action: Callable[[], object]) -> None:
        if observer is None:
            action()
        else:
            observer.look("step", action)

    with Session(engine) as session:
        step(lambda: session.execute(text("CREATE TABLE item (name TEXT)")))
        step(lambda: session.execute(text("INSERT INTO item VALUES ('lamp')")))
        step(session.commit)
        step(lambda: None)
        step(lambda: session.scalars(text("SELECT name FROM item")).all())
    return events


@pytest.mark.parametrize("url", ["sqlite://", MEMDB, "sqlite:///{folder}/shop.db"])
def test_a_look_runs_no_sql_and_checks_out_no_connection(
    make_engine: MakeEngine, tmp_path: Path, url: str
) -> None:
    """SQLite and the pool hear the same, whether somebody looks or not."""
    plain = make_engine(url.format(folder=tmp_path.as_posix()), poolclass=QueuePool)
    without = heard(plain, observed=False)
    plain.dispose()
    (tmp_path / "shop.db").unlink(missing_ok=True)

    watched = make_engine(url.format(folder=tmp_path.as_posix()), poolclass=QueuePool)

    assert heard(watched, observed=True) == without
    assert without.count("checkout") == 2


def test_an_empty_file_stays_empty(make_engine: MakeEngine, tmp_path: Path) -> None:
    """No mark is written to a file."""
    path = tmp_path / "shop.db"
    path.touch()
    engine = make_engine(f"sqlite:///{path.as_posix()}")
    observer = Observer(engine)

    with engine.connect() as connection:
        assert ask(observer, connection)["database"] == "D1"

    assert path.stat().st_size == 0


def test_reading_a_file_leaves_its_bytes(make_engine: MakeEngine, tmp_path: Path) -> None:
    """Being observed does not change a file."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE item (name TEXT)")
    made.close()
    before = path.read_bytes()
    engine = make_engine(f"sqlite:///{path.as_posix()}")
    observer = Observer(engine)

    with engine.connect() as connection:
        look = observer.look("count", lambda: connection.scalar(text("SELECT 1 FROM item")))

    assert look["database"] == "D1"
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has autocommit since 3.12")
def test_an_idle_observed_connection_keeps_nobody_from_writing(make_engine: MakeEngine) -> None:
    """With ``autocommit=False`` a transaction is always open; the label takes no lock in it."""
    engine = make_engine(
        MEMDB, poolclass=QueuePool, connect_args={"autocommit": False, "timeout": 0}
    )
    observer = Observer(engine)

    with engine.connect() as writer, engine.connect() as idle:
        observer.look("create", lambda: writer.execute(text("CREATE TABLE item (n)")) and None)
        observer.look("commit", writer.commit)
        ask(observer, idle)

    looks = observer.observations
    assert [look["database"] for look in looks] == ["D1", "D1", "D1"]
    assert [look["result"] for look in looks] == ["done", "done", "1"]


# Many threads


def test_many_threads_are_each_recorded_with_labels_of_their_own(make_engine: MakeEngine) -> None:
    """Nothing is lost or given out twice when all look at the same moment."""
    engine = make_engine(poolclass=NullPool, connect_args=ANY_THREAD)
    observer = Observer(engine)

    def look_often() -> None:
        for _ in range(5):
            with engine.connect() as connection:
                ask(observer, connection)

    run_at_once(*[look_often] * 20)

    looks = observer.observations
    assert len(looks) == 100
    assert {look["thread"] for look in looks} == {f"T{n}" for n in range(1, 21)}
    assert {look["connection"] for look in looks} == {f"C{n}" for n in range(1, 101)}
    assert len({look["database"] for look in looks}) == 100


def test_threads_that_connect_at_once_find_one_database(make_engine: MakeEngine) -> None:
    """The mark is given once, also when two threads would both find none."""
    both_have_read = threading.Barrier(2)

    class ReadsAtOnce(sqlite3.Connection):
        """Waits, after reading the mark, for another thread that reads it too."""

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *parameters)
            if sql == "PRAGMA user_version":
                with contextlib.suppress(threading.BrokenBarrierError):
                    both_have_read.wait(timeout=0.2)  # nobody comes, and that is right
            return cursor

    options = ANY_THREAD | {"factory": ReadsAtOnce}
    engines = [  # two, as SQLAlchemy lets no thread into an engine that connects first
        make_engine(SHARED_CACHE, poolclass=QueuePool, connect_args=options) for _ in "12"
    ]
    observer = Observer(*engines)
    both_connected = threading.Barrier(2)

    def look(engine: Engine) -> None:
        with engine.connect() as connection:
            ask(observer, connection)
            both_connected.wait()  # the database lives as long as a connection is open

    run_at_once(*(functools.partial(look, engine) for engine in engines))

    assert [look["database"] for look in observer.observations] == ["D1", "D1"]
