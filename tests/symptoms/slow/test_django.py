"""Django: had, told, cured, in processes of their own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from bitten import Row, first_look, row_of, run_program

from helpers.spawn import Process

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


MANAGE = """
import sys
from pathlib import Path
from django.conf import settings
from django.core.management import execute_from_command_line

BASE_DIR = Path(__file__).parent
settings.configure(
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}
    },
    INSTALLED_APPS=["shop"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
execute_from_command_line(sys.argv)
"""
MODELS = """
from django.db import models

class Item(models.Model):
    name = models.CharField(max_length=9)
"""


def test_django_not_migrated(row: Row, tmp_path: Path) -> None:
    pytest.importorskip("django")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(MODELS)
    (tmp_path / "manage.py").write_text(MANAGE)

    def manage(*words: str) -> str:
        with Process([sys.executable, "manage.py", *words], cwd=tmp_path) as process:
            process.wait()
        return process.output

    names = "from shop.models import Item; print(list(Item.objects.values_list('name')))"
    look = f"from django.db import connection; print({row.cause.look})"
    assert row.symptom.message in manage("shell", "-c", names)
    assert manage("shell", "-c", look).splitlines()[-1] == "[]"
    row.looked = True
    row.cured_by("`python manage.py makemigrations shop`, `python manage.py migrate`")
    manage("makemigrations", "shop")
    manage("migrate")
    assert manage("shell", "-c", names).splitlines()[-1] == "[]"


ASKS = """
from shop.models import Item
names = list(Item.objects.values_list("name"))
urlpatterns = []
"""


def test_django_at_import(row: Row, tmp_path: Path) -> None:
    """`urls.py` asks, so Django's own checks fail before `migrate` has begun."""
    pytest.importorskip("django")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(MODELS)
    (tmp_path / "shop" / "urls.py").write_text(ASKS)
    start, last = MANAGE.strip().rsplit("\n", 1)
    start = start.replace(
        'INSTALLED_APPS=["shop"]', 'INSTALLED_APPS=["shop"], ROOT_URLCONF="shop.urls"'
    )
    look = f"try:\n    {last}\nexcept Exception as error:\n    print({row.cause.look})\n    raise\n"
    (tmp_path / "manage.py").write_text(f"import traceback\n{start}\n{look}")

    def manage(*words: str) -> str:
        with Process([sys.executable, "manage.py", *words], cwd=tmp_path) as process:
            process.wait()
        return process.output

    for words in (("makemigrations", "shop"), ("migrate",)):
        said = manage(*words)
        assert row.symptom.message in said
        assert "['__main__', 'shop.urls']" in said.splitlines()
    row.looked = True
    row.cured_by("Put the query where it runs later", "`python manage.py migrate`")
    later = ASKS.replace("names = list", "def names(): return list")
    (tmp_path / "shop" / "urls.py").write_text(later)
    manage("makemigrations", "shop")
    manage("migrate")
    assert manage("shell", "-c", "from shop.urls import names; print(names())").endswith("[]\n")


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


READ_THEN_WRITE = """
from django.db import transaction

read = threading.Barrier(2)

def buy():
    with transaction.atomic():
        FIRST
        told = LOOK
        WAIT
        Item.objects.create(name="lamp")
    return told

migrate()
connection.close()
said = []
second = threading.Thread(target=lambda: said.append(in_thread(buy)))
second.start()
said.append(in_thread(buy))
second.join()
print(*sorted(map(str, said)), sep="\\n")
print(names())
"""


def test_django_read_then_write(row: Row, tmp_path: Path) -> None:
    program = READ_THEN_WRITE.replace("LOOK", row.cause.look)
    reads = program.replace("FIRST", "Item.objects.count()")
    waits = reads.replace("WAIT", "read.wait(30)")
    said = django_says(tmp_path, waits, "a.sqlite3").splitlines()
    assert said == ["True", row.symptom.message, "['lamp']"]
    row.looked = True
    [options] = re.findall(r'`("OPTIONS": .+?)`', row.cause.cure)
    cured = (DJANGO + reads.replace("WAIT", "")).replace(
        '"NAME": sys.argv[1]}', f'"NAME": sys.argv[1], {options}}}'
    )
    assert "IMMEDIATE" in cured
    assert run_program(cured, tmp_path, "b.sqlite3").splitlines() == BOTH
    row.cured_by("let a write be the first query of the block")
    first = "Item.objects.filter(pk=1).update(name=models.F('name'))"
    writes = program.replace("FIRST", first).replace("WAIT", "")
    assert django_says(tmp_path, writes, "c.sqlite3").splitlines() == BOTH


READS_MEANWHILE = """
from django.db import transaction

def read():
    with transaction.atomic():
        return names()

migrate()
with transaction.atomic():
    Item.objects.create(name="lamp")
    print(in_thread(read))
"""


def test_with_immediate_readers_wait_too(tmp_path: Path) -> None:
    """The cost that the row above names: without the option, the reader sees what was there."""
    row = row_of("django_read_then_write")
    row.cured_by("then a block that only reads waits, too")
    assert django_says(tmp_path, READS_MEANWHILE, "a.sqlite3") == "[]"
    options = '"OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 0.1}'
    waits = (DJANGO + READS_MEANWHILE).replace(
        '"NAME": sys.argv[1]}', f'"NAME": sys.argv[1], {options}}}'
    )
    assert run_program(waits, tmp_path, "b.sqlite3") == row.symptom.message


BOTH = ["True", "True", "['lamp', 'lamp']"]
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


def test_first_look_of_django(tmp_path: Path) -> None:
    """It says which file, and which tables."""
    said = django_says(tmp_path, f"migrate(); print({first_look('Django')})", "db.sqlite3")
    assert said == "db.sqlite3 ['item']"
