"""Files that the system, a copy or another program spoiled: had, told, cured."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from bitten import Row, row_of, run_program
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

MakeEngine = Callable[..., Engine]
FULL = """
import resource, signal, sys
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

engine = create_engine("sqlite:///shop.db")

def fill():
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS item (name TEXT)")
        connection.exec_driver_sql("INSERT INTO item VALUES (zeroblob(100000))")

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, most))
try:
    fill()
except OperationalError as error:
    print(error.orig, LOOK)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
fill()
print("filled")
"""
WRITE = """
import sqlite3
connection = sqlite3.connect("shop.db", timeout=0)
connection.execute("INSERT INTO item VALUES ('mug')")
connection.commit()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size.")
def test_io_error(row: Row, tmp_path: Path) -> None:
    said = run_program(FULL.replace("LOOK", row.cause.look), tmp_path)
    assert said.splitlines() == [f"{row.symptom.message} SQLITE_IOERR_WRITE", "filled"]
    assert "`SQLITE_IOERR_WRITE`" in row.cause.shows
    row.looked = True


def fill(path: Path, name: str, rows: int, *pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS item (name TEXT)")
    connection.executemany("INSERT INTO item VALUES (?)", [(name * 100,)] * rows)
    connection.commit()
    return connection


def break_off(row: Row, engine: Engine, action: Callable[[], object]) -> None:
    """An action comes between a write and its commit."""
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO item VALUES ('lamp')"))
        action()
        with row.fails():
            try:
                connection.commit()
            except OperationalError as error:
                assert row.tells(error=error) == "SQLITE_IOERR_DELETE_NOENT"
                raise


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its locks, and the files.")
def test_locks_dropped(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "shop.db"
    fill(path, "lamp", 1).close()
    engine = make_engine(f"sqlite:///{path}")

    def copy() -> None:
        shutil.copy(path, folder / "copy.db")
        assert run_program(WRITE, folder) == ""

    break_off(row, engine, copy)
    row.cured_by("VACUUM INTO 'copy.db'")
    with engine.connect() as connection, closing(sqlite3.connect(path)) as other:
        connection.execute(text("INSERT INTO item VALUES ('lamp')"))
        other.execute(f"VACUUM INTO '{tmp_path}/copy.db'")
        assert "database is locked" in run_program(WRITE, folder)
        connection.commit()
    engine.dispose()
    break_off(row, engine, lambda: shutil.rmtree(folder))


def test_without_wal(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    shop, copy = tmp_path / "shop.db", tmp_path / "copy.db"
    with closing(fill(shop, "lamp", 1, "journal_mode=WAL")) as connection:
        shutil.copy(shop, copy)
        engine = make_engine(f"sqlite:///{copy}")
        with engine.connect() as other, row.fails():
            other.execute(text("SELECT name FROM item"))
        engine.dispose()
        assert row.tells(original=str(shop)) > 0
        row.cured_by("Remove the copy", "`VACUUM INTO 'copy.db'` in the original", "its `-wal`")
        for each in ("", "-wal", "-shm"):
            Path(f"{copy}{each}").unlink(missing_ok=True)
        connection.execute(f"VACUUM INTO '{copy}'")
        assert count(engine) == 1
        engine.dispose()
    # The last connection has moved all of it into the file.
    shutil.copy(shop, copy)
    assert count(engine) == 1


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM item")) or 0)


FORKED = """
import os, sqlite3

connection = sqlite3.connect("shop.db", isolation_level=None)
connection.execute("PRAGMA cache_size = 10")
rows = connection.execute("SELECT name FROM item")
rows.fetchone()
print(LOOK, flush=True)
wait, go_on = os.pipe()
if os.fork() == 0:
    os.read(wait, 1)
    try:
        rows.fetchall()
    except sqlite3.Error as error:
        print(LOOK, error, sep="\\n", flush=True)
    os._exit(0)
rows.close()
connection.execute("DELETE FROM item")
connection.execute("CREATE TABLE other AS SELECT zeroblob(3000) FROM generate")
os.write(go_on, b".")
os.wait()
"""


def forked(folder: Path, program: str) -> list[str]:
    """The lines of a program that forks while it reads a table."""
    folder.mkdir()
    with closing(fill(folder / "shop.db", "lamp", 2000)) as connection:
        connection.execute("CREATE TABLE generate AS SELECT 1 FROM item LIMIT 500")
        connection.commit()
    return run_program(program, folder).splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork.")
def test_carried_over_fork(row: Row, tmp_path: Path) -> None:
    """The child reads on, and trusts pages that the parent has changed: the file is fine."""
    opened, failed, message = forked(tmp_path / "a", FORKED.replace("LOOK", row.cause.look))
    assert opened != failed and message == row.symptom.message
    row.looked = True
    check = row.cause.cure.split("`")[1]
    checked = f"import sqlite3; path = 'shop.db'; print({check})"
    assert run_program(checked, tmp_path / "a") == "[('ok',)]"
    row.cured_by("`[('ok',)]`", "with `sqlite3`, `connect` there")
    own = "own = sqlite3.connect('shop.db').execute('SELECT count(*) FROM other').fetchone()"
    own += "; print(own, flush=True)"
    cured = FORKED.replace("LOOK", "None").replace("rows.fetchall()", own)
    assert forked(tmp_path / "b", cured)[-1] == "(500,)"


def test_half_a_copy(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    other, shop, copy = tmp_path / "other.db", tmp_path / "shop.db", tmp_path / "copy.db"
    fill(shop, "lamp", 200).close()
    engine = make_engine(f"sqlite:///{shop}")

    row.cured_by("VACUUM INTO 'copy.db'", "without a `-wal` and `-shm` beside it")
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    shop.write_bytes(shop.read_bytes()[:-40_000])
    with row.fails():
        count(engine)
    assert row.tells(engine=engine) is False
    engine.dispose()
    shutil.copy(copy, shop)
    assert count(engine) == 200
    engine.dispose()
    fill(other, "mug", 1000, "journal_mode=WAL").close()
    with closing(fill(other, "mug", 200, "wal_autocheckpoint=0")):  # as a killed app leaves it
        shutil.copy(f"{other}-wal", f"{shop}-wal")
    with row.fails():
        count(engine)
    assert row.tells(engine=engine) is True
    engine.dispose()
    for each in ("-wal", "-shm"):
        Path(f"{shop}{each}").unlink(missing_ok=True)
    shutil.copy(copy, shop)
    assert count(engine) == 200


def test_where_vacuum_into_says_no(tmp_path: Path) -> None:
    """What the rows say beside it."""
    with closing(fill(tmp_path / "shop.db", "lamp", 1)) as connection:
        for name in ("without_wal", "half_a_copy"):
            row_of(name).cured_by("outside a transaction, to a name that is new")
        copy = f"VACUUM INTO '{tmp_path}/copy.db'"
        connection.execute("BEGIN")
        with pytest.raises(sqlite3.OperationalError, match="cannot VACUUM from within"):
            connection.execute(copy)
        connection.rollback()
        connection.execute(copy)
        with pytest.raises(sqlite3.OperationalError, match="output file already exists"):
            connection.execute(copy)


KILLED = """
import os, sqlite3
connection = sqlite3.connect("shop.db", isolation_level=None)
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
connection.execute("DELETE FROM item")
os._exit(1)
"""


def test_restored_beside_wal(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    shop, copy = tmp_path / "shop.db", tmp_path / "copy.db"
    with closing(fill(shop, "lamp", 50, "journal_mode=WAL")) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    run_program(KILLED, tmp_path)
    engine = make_engine(f"sqlite:///{shop}")
    assert row.tells(engine=engine) is True
    shutil.copy(copy, shop)
    assert count(engine) == 0  # and there is no message
    with engine.connect() as other:
        assert other.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
    engine.dispose()
    row.cured_by("remove the file with its `-wal` and `-shm`, then put the copy there")
    for each in ("", "-wal", "-shm"):
        Path(f"{shop}{each}").unlink(missing_ok=True)
    shutil.copy(copy, shop)
    assert count(engine) == 50


TOO_MANY = """
import os, resource, sqlite3
from contextlib import closing

sqlite3.connect("shop.db").executescript("CREATE TABLE IF NOT EXISTS item (name TEXT)")
resource.setrlimit(resource.RLIMIT_NOFILE, (60, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
kept = []
try:
    for _ in range(100):
        with OPEN as connection:
            connection.execute("SELECT * FROM item").fetchall()
        kept.append(connection)
    print("done")
except sqlite3.Error as error:
    print(error)
    try:
        print(LOOK)
    except OSError as error:
        print(f"OSError: {error}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit.")
def test_too_many_files(row: Row, tmp_path: Path) -> None:
    program = TOO_MANY.replace("LOOK", row.cause.look)
    said = run_program(program.replace("OPEN", "sqlite3.connect('shop.db')"), tmp_path)
    message, told = said.splitlines()
    assert message == row.symptom.message
    said_so = told.startswith(row.cause.shows.split("`")[-2])
    assert said_so or 60 - 5 <= int(told) <= 60  # a connection may just have been closed
    row.looked = True
    row.cured_by("with closing(sqlite3.connect(path)) as connection:")
    cured = program.replace("OPEN", "closing(sqlite3.connect('shop.db'))")
    assert run_program(cured, tmp_path) == "done"
