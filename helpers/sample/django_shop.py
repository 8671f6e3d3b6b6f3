"""A shop of Django in one file: ``python django_shop.py DATABASE WAY``, run as a program.

It makes its table, adds a lamp, and answers ``GET /items`` in one of Django's ways:
``runserver`` with its options, ``test.Client``, or one of ``TESTS``, where the view runs in
another thread than the test.
"""

from __future__ import annotations

import json
import sys
import threading
import unittest
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

TESTS = ("LiveServerTestCase", "TestCase", "TransactionTestCase")


def main(database: str, way: str, *options: str) -> None:
    """Set Django up for one database, and have it answer in one way."""
    import django
    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.test import Client

    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1", "testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        MEDIA_URL="media/",
        ROOT_URLCONF=__name__,
        STATIC_URL="static/",
    )
    django.setup()
    shop = _shop()
    sys.modules[__name__].urlpatterns = shop.urls  # type: ignore[attr-defined]
    if way in TESTS:
        _run_test(shop, way)
        return
    shop.make_table()
    shop.add_a_lamp()
    if way == "test.Client":
        sys.stdout.write(json.dumps(Client().get("/items").json()) + "\n")
    else:
        execute_from_command_line(["shop", way, *options, "--noreload", "127.0.0.1:0"])


class _Shop:
    """The model, the startup code and the view, which can be made once Django is set up.

    Each does its work in the calling thread.
    """

    def __init__(self, item: Any) -> None:
        from django.urls import path

        self.item, self.first = item, None
        self.urls = [path("items", self.items)]

    def make_table(self) -> None:
        """Make the table."""
        from django.db import connection

        with connection.schema_editor() as editor:
            editor.create_model(self.item)
        self.first = connection.connection

    def add_a_lamp(self) -> None:
        """Add a lamp, within the transaction that is open, if one is."""
        self.item.objects.create(name="lamp")

    def items(self, request: Any) -> Any:
        """List the items, and say where."""
        from django.db import OperationalError, connection
        from django.http import JsonResponse

        try:
            result = str([item.name for item in self.item.objects.all()])
        except OperationalError as error:
            result = f"✗ {type(error).__module__}.{type(error).__name__}: {error}"
        first = connection.connection is self.first
        return JsonResponse(
            {
                "view in": threading.current_thread().name,
                "connection": "that of the startup code" if first else "another one",
                "database": connection.settings_dict["NAME"],
                "result": result,
            }
        )


def _shop() -> _Shop:
    from django.db import models

    class Item(models.Model):  # type: ignore[misc]
        name = models.CharField(max_length=20)

        class Meta:
            app_label = "shop"

    return _Shop(Item)


def _run_test(shop: _Shop, way: str) -> None:
    import django.test
    from django.test.runner import DiscoverRunner

    class ItemTest(getattr(django.test, way)):  # type: ignore[misc]
        @classmethod
        def setUpClass(cls) -> None:
            shop.make_table()
            super().setUpClass()

        def test_items(self) -> None:
            shop.add_a_lamp()
            sys.stdout.write(self.ask() + "\n")

        def ask(self) -> str:
            if way == "LiveServerTestCase":
                with urlopen(f"{self.live_server_url}/items") as response:
                    return str(response.read().decode())
            return _in_a_thread(lambda: shop.items(None).content.decode())

    runner = DiscoverRunner(verbosity=0)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(ItemTest)
    unittest.TextTestRunner(stream=sys.stdout).run(suite)
    runner.teardown_databases(databases)


def _in_a_thread(view: Callable[[], str]) -> str:
    from django.db import connection

    answers: list[str] = []

    def run() -> None:
        answers.append(view())
        connection.close()

    thread = threading.Thread(target=run, name="thread of the test")
    thread.start()
    thread.join()
    return answers[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
