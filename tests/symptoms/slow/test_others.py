"""Django, an async engine, and a reloader: had, told, cured."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from bitten import Row, run_program
from sqlalchemy import Engine

from helpers.spawn import Process

MakeEngine = Callable[..., Engine]

DJANGO = """
import sys, threading
import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models

database = {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}
settings.configure(DATABASES={"default": database})
django.setup()

class Item(models.Model):
    name = models.CharField(max_length=9)
    class Meta:
        app_label = "shop"
        db_table = "item"

def migrate():
    with connection.schema_editor() as editor:
        editor.create_model(Item)

def names():
    return list(Item.objects.values_list("name", flat=True))

def in_thread(action):
    said = []
    def run():
        try:
            said.append(action())
        except Exception as error:
            kind = type(error)
            said.append(f"{kind.__module__}.{kind.__qualname__}: {error}")
        connection.close()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return said[0]
"""


def django_says(folder: Path, code: str, name: str) -> str:
    """What a program prints that ends with this code."""
    pytest.importorskip("django")
    return run_program(DJANGO + code, folder, name)


def test_django_not_migrated(row: Row, tmp_path: Path) -> None:
    said = django_says(tmp_path, "names()", "db.sqlite3")
    assert row.symptom.message in said
    told = django_says(tmp_path, f"print({row.cause.look})", "db.sqlite3")
    assert told == "[]"
    row.looked = True
    row.cured_by("python manage.py migrate")
    assert django_says(tmp_path, "migrate(); print(names())", "db.sqlite3") == "[]"


def test_django_in_memory(row: Row, tmp_path: Path) -> None:
    served = "migrate(); print(in_thread(names))"
    assert row.symptom.message in django_says(tmp_path, served, ":memory:")
    assert django_says(tmp_path, f"print({row.cause.look})", ":memory:") == ":memory:"
    row.looked = True
    row.cured_by("A file")
    assert django_says(tmp_path, served, "db.sqlite3") == "[]"


def test_django_thread(row: Row, tmp_path: Path) -> None:
    handed = "migrate(); names(); mine = connection._connections.default"
    handed = handed.replace("connection._connections.default", "connections['default']")
    code = f"from django.db import connections; {handed}\n"
    other = code + "print(in_thread(lambda: mine.cursor()))"
    assert row.symptom.message in django_says(tmp_path, other, "a.sqlite3")
    told = code + f"print({row.cause.look}); print(in_thread(lambda: ({row.cause.look})))"
    lines = django_says(tmp_path, told, "b.sqlite3").splitlines()
    assert lines[0] != lines[1]
    row.looked = True
    row.cured_by('connections["default"]')
    own = code + "print(in_thread(names))"
    assert django_says(tmp_path, own, "c.sqlite3") == "[]"


TESTED = """
import unittest
import django.test
from django.test.runner import DiscoverRunner

class ItemTest(getattr(django.test, KIND)):
    @classmethod
    def setUpClass(cls):
        migrate()
        super().setUpClass()

    def test_items(self):
        Item.objects.create(name="lamp")
        print(LOOK, in_thread(names))

runner = DiscoverRunner(verbosity=0)
databases = runner.setup_databases()
suite = unittest.defaultTestLoader.loadTestsFromTestCase(ItemTest)
unittest.TextTestRunner().run(suite)
runner.teardown_databases(databases)
"""


def test_django_test_case(row: Row, tmp_path: Path) -> None:
    tested = TESTED.replace("LOOK", row.cause.look)
    said = django_says(tmp_path, tested.replace("KIND", "'TestCase'"), "db.sqlite3")
    assert said.startswith("True") and row.symptom.message in said
    row.looked = True
    row.cured_by("`TransactionTestCase`")
    said = django_says(tmp_path, tested.replace("KIND", "'TransactionTestCase'"), "db.sqlite3")
    assert said == "False ['lamp']"


ASYNC = """
import asyncio, sys
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from helpers.sample import Base, Item

async def main():
    engine = create_async_engine(sys.argv[1])
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as ann:
        ann.add(Item(name="lamp"))
        await ann.flush()
        async with AsyncSession(engine) as ben:
            await ben.scalars(select(Item.name))
        await ann.commit()
    async with AsyncSession(engine) as cem:
        print(LOOK, list(await cem.scalars(select(Item.name))))
    await engine.dispose()

asyncio.run(main())
"""


def test_lost_async(row: Row, tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    program = ASYNC.replace("LOOK", row.cause.look)
    assert run_program(program, tmp_path, "sqlite+aiosqlite://") == "StaticPool []"
    row.looked = True
    row.cured_by("sqlite+aiosqlite:///shop.db")
    said = run_program(program, tmp_path, "sqlite+aiosqlite:///shop.db")
    assert said == "AsyncAdaptedQueuePool ['lamp']"


RELOADED = """
import glob, os, sys
from flask import Flask

app = Flask("shop")
if os.environ.get("WERKZEUG_RUN_MAIN") and os.path.exists("started.txt"):
    sys.exit()  # it was started again: enough
if os.environ.get("WERKZEUG_RUN_MAIN"):
    open("started.txt", "w").close()

@app.post("/write/<name>")
def write(name):
    with open(name, "a") as file:
        file.write("# a change")
    return ""

app.run(port=0, debug=True, extra_files=glob.glob("*"), reloader_type="stat", OPTIONS)
"""


def changed(folder: Path, program: str, *names: str) -> str:
    """Which file made a served program start again, when these are written in turn."""
    folder.mkdir()
    (folder / "shop.db").touch()
    (folder / "app.py").write_text(program)
    with Process([sys.executable, "app.py"], r"Debugger PIN", cwd=folder) as process:
        address = re.search(r"http://127\.0\.0\.1:\d+", process.output)
        assert address
        for name in names:
            requests.post(f"{address[0]}/write/{name}", timeout=10)
        process.wait()
    found = re.search(r"Detected change in '(.+)'", process.output)
    return Path(found[1]).name if found else process.output


def test_reloader_loop(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    assert changed(tmp_path / "a", RELOADED.replace("OPTIONS", ""), "shop.db") == "shop.db"
    url = f"sqlite:///{tmp_path}/a/shop.db"
    assert row.tells(engine=make_engine(url)).startswith(str(tmp_path / "a"))
    exclude = 'exclude_patterns=["*.db*"]'
    row.cured_by(exclude)
    program = RELOADED.replace("OPTIONS", exclude)
    assert changed(tmp_path / "b", program, "shop.db", "app.py") == "app.py"
