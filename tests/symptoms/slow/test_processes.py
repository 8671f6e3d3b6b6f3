"""Several processes, and programs of their own: had, told, cured."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from bitten import Row, in_thread, run_cells, run_program
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from helpers.sample import Base, Item
from helpers.serve import send
from helpers.spawn import Kernel

MakeEngine = Callable[..., Engine]
LIST = """
import os, sys
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from helpers.sample import Item
print(os.getpid(), list(Session(create_engine(sys.argv[1])).scalars(select(Item.name))))
"""


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///file:///shop?vfs=memdb&uri=true"])
def test_own_process(row: Row, tmp_path: Path, make_engine: MakeEngine, url: str) -> None:
    engine = make_engine(url)
    with engine.connect():
        Base.metadata.create_all(engine)
        assert row.symptom.message in run_program(LIST, tmp_path, url)
    row.cured_by("sqlite:///shop.db")
    file = f"sqlite:///{tmp_path}/shop.db"
    Base.metadata.create_all(make_engine(file))
    pid, _, names = run_program(LIST, tmp_path, file).partition(" ")
    assert names == "[]" and int(pid) != row.tells()


def test_come_and_go(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    program = LIST.replace("print(", "from helpers.sample import store_a_lamp\nprint(").replace(
        "Session(create_engine(sys.argv[1]))", "Session(engine)"
    )
    start = "\nengine = create_engine(sys.argv[1])\nfrom helpers.sample import Base\n"
    program = program.replace("print(", start + "Base.metadata.create_all(engine)\nprint(")
    memory, file = "sqlite://", f"sqlite:///{tmp_path}/shop.db"
    for url, found in ((memory, "[]"), (file, "['lamp']")):
        engine = make_engine(url)
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add(Item(name="lamp"))
        pid, _, names = run_program(program, tmp_path, url).partition(" ")
        assert names == found and int(pid) != row.tells()


def make_tables(engine: Engine, look_first: threading.Barrier) -> None:
    """What ``create_all`` does, with a meeting between its look and its ``CREATE``."""
    with engine.begin() as connection:
        missing = not engine.dialect.has_table(connection, "item")
        look_first.wait(timeout=10)
        if missing:
            connection.execute(text("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)"))


def together(action: Callable[[], None]) -> list[str]:
    """The errors of two that do the same at the same time."""
    errors: list[str] = []

    def run() -> None:
        try:
            action()
        except (IntegrityError, OperationalError) as error:
            errors.append(str(error.orig))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_two_workers(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    barrier = threading.Barrier(2)
    assert together(lambda: make_tables(engine, barrier)) == [row.symptom.message]
    assert isinstance(row.tells(), int)
    row.cured_by("before the server starts")
    Base.metadata.create_all(engine)
    assert together(lambda: make_tables(engine, barrier)) == []


def test_seeded_twice(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    barrier = threading.Barrier(2)

    def seed(conflict: str) -> None:
        with engine.begin() as connection:
            if connection.scalar(select(func.count()).select_from(Item)) == 0:
                barrier.wait(timeout=10)
                insert = "INSERT INTO item (id, name, stock) VALUES (1, 'lamp', 0)"
                connection.execute(text(insert + conflict))

    assert together(lambda: seed("")) == [row.symptom.message]
    assert isinstance(row.tells(), int)
    row.cured_by("ON CONFLICT DO NOTHING")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM item"))
    assert together(lambda: seed(" ON CONFLICT DO NOTHING")) == []


APP = """
from flask import Flask
app = Flask("shop")
app.add_url_rule("/", view_func=lambda: "hello")
"""
THREAD = "import threading\nthread = threading.Thread(target=app.run, kwargs={})\nthread.start()\n"


def a_visitor_gets(cell: str) -> str:
    """What an app answers that a cell serves until it is interrupted."""
    with Kernel() as kernel:
        kernel.run(APP)
        printed = kernel.run(cell, until="CTRL").printed
        address = re.search(r"Running on (http\S+)", printed)
        assert address, printed
        text = str(send("GET", address[1], "/").text)
        kernel.interrupt()
    return text


def test_port_in_use(row: Row) -> None:
    app = Flask("shop")
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    port = server.server_port
    shown = run_cells(f"{APP}\napp.run(port={port})")
    assert row.symptom.message in shown and "SystemExit: 1" in shown
    row.tells(port=port)
    row.cured_by("`server.shutdown()`, `thread.join()`, `server.server_close()`; or port 0")
    server.shutdown()
    thread.join()
    server.server_close()
    for free in (port, 0):
        make_server("127.0.0.1", free, app).server_close()


SERVE = """
import threading
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, app)
print(f"Running on http://127.0.0.1:{server.server_port}", "CTRL")
threading.Thread(target=server.serve_forever, daemon=True).start()
"""


def test_debug_in_a_cell(row: Row) -> None:
    told = f"{APP}app.debug = True\nprint({row.cause.look})"
    assert row.symptom.message in run_cells(f"{APP}app.run(port=0, debug=True)")
    assert "True" in run_cells(told)
    row.looked = True
    row.cured_by("app.run(use_reloader=False)", 'make_server("127.0.0.1", 0, app)')
    assert a_visitor_gets("app.run(port=0, debug=True, use_reloader=False)") == "hello"
    assert a_visitor_gets(SERVE) == "hello"


def test_debug_in_a_thread(row: Row) -> None:
    options = {"port": 0, "debug": True}
    shown = run_cells(APP + THREAD.format(options) + "thread.join()")
    assert row.symptom.message in shown
    assert row.tells() is True and in_thread(row.tells) is False
    row.cured_by("use_reloader=False")
    assert a_visitor_gets(THREAD.format(options | {"use_reloader": False})) == "hello"
