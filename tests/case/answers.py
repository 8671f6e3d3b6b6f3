"""The bank of the case: projects that learners hand in, and what the judge has to say of each."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from helpers.case.files import write_project

REPAIRED = Path(__file__).parent / "repaired"

SETTINGS, DATABASE, VIEWS = "shop/settings.py", "shop/database.py", "shop/views.py"
INIT, CONFTEST, PROCFILE = "shop/__init__.py", "tests/conftest.py", "Procfile"
ON_A_FILE = 'SQLALCHEMY_DATABASE_URI = "sqlite:///shop.db"'
SEED = "app.cli.command(\"fill\")(database.fill)"


@dataclass
class Answer:
    """A project, and what is expected.

    :param make: changes a project that is repaired, or broken, in a folder.
    :param grade: that of the whole.
    :param says: a part of what is said, by complaint.
    :param repaired: whether it starts from the reference repair.
    """

    make: Callable[[Path], object]
    grade: str
    says: dict[str, str] = field(default_factory=dict)
    repaired: bool = True

    def write(self, folder: Path) -> Path:
        """Write the project."""
        write_project(folder)
        if self.repaired:
            shutil.copytree(REPAIRED, folder, dirs_exist_ok=True)
        self.make(folder)
        return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that has to be there once."""
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def change(file: str, old: str, new: str) -> Callable[[Path], None]:
    """An answer that replaces one text."""
    return lambda folder: edit(folder, file, old, new)


def nothing(folder: Path) -> None:
    """The project as it is."""


# Right


def file_for_each_test(folder: Path) -> None:
    """No memory at all."""
    edit(folder, SETTINGS, 'IN_MEMORY\n    SQLALCHEMY_ENGINE', '"sqlite:///tests.db"\n    SQLALCHEMY_ENGINE')
    edit(
        folder,
        CONFTEST,
        "def app():\n    app = create_app(\"testing\")\n",
        "def app(tmp_path, monkeypatch):\n"
        "    url = f\"sqlite:///{(tmp_path / 'tests.db').as_posix()}\"\n"
        "    monkeypatch.setattr(\"shop.settings.Testing.SQLALCHEMY_DATABASE_URI\", url)\n"
        "    app = create_app(\"testing\")\n",
    )
    edit(folder, CONFTEST, "        keeper = db.engine.connect()  # the database lasts as long as this connection\n", "")
    edit(folder, CONFTEST, "    keeper.close()\n", "")


def name_for_each_test(folder: Path) -> None:
    """A database in memory with a name of its own, kept by the app."""
    edit(folder, SETTINGS, "import os\n", "import os\nfrom uuid import uuid4\n")
    edit(folder, INIT, "    app.config.from_object", "    settings.Testing.SQLALCHEMY_DATABASE_URI = settings.memory()\n    app.config.from_object")
    edit(
        folder,
        SETTINGS,
        'IN_MEMORY = "sqlite:///file:///shop?vfs=memdb&uri=true"\n',
        "def memory():\n    return f\"sqlite:///file:///{uuid4()}?vfs=memdb&uri=true\"\n",
    )
    edit(folder, SETTINGS, "= IN_MEMORY\n", "= memory()\n")
    edit(folder, CONFTEST, "        keeper = db", "        app.keeper = db")
    edit(folder, CONFTEST, "    keeper.close()\n", "    app.keeper.close()\n")


def worker_takes_the_payment(folder: Path) -> None:
    """An outbox: the customer has a number at once, and the worker has it paid."""
    text = (folder / VIEWS).read_text(encoding="utf-8")
    start, end = text.index("    try:\n"), text.index("    return {\"number\"")
    (folder / VIEWS).write_text(text[:start] + text[end:].replace("201", "202"), encoding="utf-8")
    edit(folder, VIEWS, "from shop.payment import Refused, charge\n", "from shop.payment import charge\n")
    edit(
        folder,
        "shop/worker.py",
        "    return [order.number for order in paid]",
        "    numbers = [order.number for order in paid]\n"
        "    for order in list(db.session.scalars(select(Order).filter_by(state=\"new\"))):\n"
        "        try:\n            charge(order.number, order.product.name)\n"
        "        except Refused:\n            order.state = \"refused\"\n"
        "        else:\n            order.state = \"paid\"\n"
        "        db.session.commit()\n    return numbers",
    )
    edit(folder, "shop/worker.py", "import Order, db\n", "import Order, db\nfrom shop.payment import Refused, charge\n")


def every_process_may_fill(folder: Path) -> None:
    """No release line: what two processes do at once is made harmless."""
    edit(folder, PROCFILE, "release: flask --app wsgi fill\n", "")
    edit(folder, INIT, SEED, "with app.app_context():\n        if not app.testing:\n            database.fill()")
    edit(folder, "shop/models.py", "    name: Mapped[str]\n", "    name: Mapped[str] = mapped_column(unique=True)\n")
    text = (folder / DATABASE).read_text(encoding="utf-8")
    text = text[: text.index("def fill")] + (
        "def fill():\n"
        "    for table in db.metadata.sorted_tables:\n"
        "        db.session.execute(CreateTable(table, if_not_exists=True))\n"
        "    rows = [{\"name\": name} for name in PRODUCTS]\n"
        "    db.session.execute(insert(Product).on_conflict_do_nothing(), rows)\n"
        "    db.session.commit()\n"
    )
    text = text.replace(
        "from sqlalchemy import func, select\n",
        "from sqlalchemy.dialects.sqlite import insert\nfrom sqlalchemy.schema import CreateTable\n",
    )
    (folder / DATABASE).write_text(text, encoding="utf-8")


def write_ahead_log(folder: Path) -> None:
    """A file with WAL."""
    edit(
        folder,
        DATABASE,
        "def fill():\n    \"\"\"Create the tables, and put the products on the shelf of a new shop.\"\"\"\n",
        "def fill():\n    db.session.execute(text(\"PRAGMA journal_mode = WAL\"))\n",
    )
    edit(folder, DATABASE, "import func, select", "import func, select, text")


# Right, but


def pay_first(folder: Path) -> None:
    """The order is stored when it is paid."""
    text = (folder / VIEWS).read_text(encoding="utf-8")
    start, end = text.index("    order = Order("), text.index("    return {\"number\"")
    middle = (
        "    try:\n        charge(product.id, name)\n    except Refused:\n"
        "        return {\"error\": \"the payment was refused\"}, 402\n"
        "    order = Order(product=product, state=\"paid\")\n"
        "    db.session.add(order)\n    db.session.commit()\n"
    )
    (folder / VIEWS).write_text(text[:start] + middle + text[end:], encoding="utf-8")


def default_pool_in_tests(folder: Path) -> None:
    """Flask-SQLAlchemy's default: one connection for everybody."""
    edit(folder, SETTINGS, "= IN_MEMORY\n", "= \"sqlite://\"\n")
    edit(folder, CONFTEST, "        keeper = db.engine.connect()  # the database lasts as long as this connection\n", "")
    edit(folder, CONFTEST, "    keeper.close()\n", "")


def pool_keeps_the_tests(folder: Path) -> None:
    """Without NullPool, the pool holds a connection; it is disposed of after each test."""
    edit(folder, SETTINGS, "    SQLALCHEMY_ENGINE_OPTIONS = {\"poolclass\": NullPool}  # a test leaves no connection behind\n", "")
    edit(folder, CONFTEST, "        keeper = db.engine.connect()  # the database lasts as long as this connection\n", "")
    edit(folder, CONFTEST, "    keeper.close()\n", "    with app.app_context():\n        db.engine.dispose()\n")


def preload(folder: Path) -> None:
    """The app is loaded once and forked, and so is its connection."""
    edit(folder, PROCFILE, "release: flask --app wsgi fill\nweb: gunicorn", "web: gunicorn --preload")
    edit(folder, INIT, SEED, "with app.app_context():\n        if not app.testing:\n            database.fill()")


# Not yet


def swallow(folder: Path) -> None:
    """Errors are caught, and a number is made up."""
    edit(
        folder,
        VIEWS,
        "@shop.post(\"/orders/<name>\")\ndef",
        "@shop.errorhandler(OperationalError)\ndef calm(error):\n"
        "    return {\"number\": 7}, 201\n\n\n@shop.post(\"/orders/<name>\")\ndef",
    )
    edit(folder, VIEWS, "from sqlalchemy import select\n", "from sqlalchemy import select\nfrom sqlalchemy.exc import OperationalError\n")
    edit(folder, VIEWS, "db.session.commit()  # nobody waits for the database while the customer pays", "db.session.flush()")


def seed_on_each_request(folder: Path) -> None:
    """The tables are made before each request."""
    edit(folder, PROCFILE, "release: flask --app wsgi fill\n", "")
    edit(folder, INIT, SEED, "app.before_request(database.fill)")


def skip_the_tests(folder: Path) -> None:
    """The red tests are gone, and the others are skipped."""
    (folder / "tests" / "test_shop.py").write_text("def test_nothing():\n    pass\n")
    edit(folder, CONFTEST, "    with app.app_context():\n", "    pytest.skip(\"later\")\n    with app.app_context():\n")


def tests_on_the_shop(folder: Path) -> None:
    """The tests use the shop's own file, and empty it."""
    edit(folder, SETTINGS, "= IN_MEMORY\n", "= \"sqlite:///shop.db\"\n")
    edit(folder, CONFTEST, "        keeper = db.engine.connect()  # the database lasts as long as this connection\n", "        db.drop_all()\n")
    edit(folder, CONFTEST, "    keeper.close()\n", "")


def long_timeout(folder: Path) -> None:
    """Patience instead of a repair."""
    edit(folder, SETTINGS, ON_A_FILE, ON_A_FILE + "\n    SQLALCHEMY_ENGINE_OPTIONS = {\"connect_args\": {\"timeout\": 60}}")
    edit(folder, VIEWS, "db.session.commit()  # nobody waits for the database while the customer pays", "db.session.flush()")


def only_the_url(folder: Path) -> None:
    """The first idea, alone."""
    edit(folder, SETTINGS, "= IN_MEMORY  # ten times as fast as a file", '= "sqlite:///shop.db"')


def one_worker(folder: Path) -> None:
    """The host runs two all the same."""
    edit(folder, PROCFILE, "--workers 2", "--workers 1")


def tables_first(folder: Path) -> None:
    """The release makes the tables; each process still fills an empty shop."""
    edit(folder, INIT, SEED, "app.cli.command(\"tables\")(database.tables)\n    with app.app_context():\n"
         "        if inspect(database.db.engine).has_table(\"product\"):\n            database.fill()")
    edit(folder, INIT, "from flask import Flask\n", "from flask import Flask\nfrom sqlalchemy import inspect\n")
    edit(folder, DATABASE, "def fill", "def tables():\n    db.create_all()\n\n\ndef fill")
    edit(folder, PROCFILE, "wsgi fill", "wsgi tables")


ANSWERS = {
    "the reference": Answer(nothing, "right"),
    "a file for each test": Answer(file_for_each_test, "right"),
    "a name for each test": Answer(name_for_each_test, "right"),
    "the worker takes the payment": Answer(
        worker_takes_the_payment, "not yet", {"orders": "An order of a lamp returns 202"}
    ),
    "every process may fill": Answer(every_process_may_fill, "right"),
    "a write-ahead log": Answer(write_ahead_log, "right"),
    "pay first": Answer(pay_first, "right, but", {"payment": "no trace of her order"}),
    "the default pool in tests": Answer(
        default_pool_in_tests, "right, but", {"tests": "only the connection pool holds"}
    ),
    "the pool keeps the tests' database": Answer(
        pool_keeps_the_tests, "right, but", {"tests": "only the connection pool holds"}
    ),
    "preload": Answer(preload, "right, but", {"orders": "before they were forked"}),
    "untouched": Answer(
        nothing,
        "not yet",
        {
            "orders": "Two customers have order 1: a lamp and a rug.",
            "parcels": "The worker says `packed: nothing`, and order 1 is paid.",
            "payment": "An order of a mug returns 500: OperationalError: database is locked.",
            "tests": "no such table: product",
        },
        repaired=False,
    ),
    "only the URL": Answer(
        only_the_url, "not yet", {"stopped": "`web` did not start: shop/database.py"}, repaired=False
    ),
    "one worker": Answer(
        one_worker, "not yet", {"orders": "Two customers have order 1"}, repaired=False
    ),
    "the tables first": Answer(tables_first, "not yet", {"catalogue": "A customer sees lamp, lamp, "}),
    "drop_all before each start": Answer(
        change(DATABASE, "    db.create_all()", "    db.drop_all()\n    db.create_all()"),
        "not yet",
        {"orders": "After the next deployment"},
    ),
    "no payment": Answer(
        change(VIEWS, "        charge(order.number, name)", "        pass"),
        "not yet",
        {"payment": "The shop sold 2 × lamp, and was paid for 0."},
    ),
    "errors are swallowed": Answer(
        swallow, "not yet", {"payment": "The shop sold 2 × mug, and was paid for 1."}
    ),
    "seed on each request": Answer(
        seed_on_each_request, "not yet", {"stopped": "`GET /products` returns 500"}
    ),
    "skipped tests": Answer(skip_the_tests, "not yet", {"tests": "as it was, does not pass"}),
    "tests on the shop's file": Answer(tests_on_the_shop, "not yet", {"orders": "After the tests"}),
    "a long timeout": Answer(long_timeout, "not yet", {"payment": "database is locked"}),
    "a typed list": Answer(
        change(
            VIEWS,
            "    return list(db.session.scalars(select(Product.name).order_by(Product.id)))",
            "    return [\"lamp\", \"mug\", \"rug\"]",
        ),
        "not yet",
        {"orders": "one process lists lamp, mug, rug."},
    ),
    "the typed list of tests": Answer(
        change(CONFTEST, "def app():\n", "def other():\n"), "not yet", {"tests": "its fixture failed"}
    ),
    "a syntax error": Answer(
        change(VIEWS, "def orders():", "def orders()"), "not yet", {"stopped": "shop/views.py:18 SyntaxError"}
    ),
    "no Procfile": Answer(
        lambda folder: (folder / PROCFILE).unlink(), "not yet", {"stopped": "no Procfile"}
    ),
    "another server": Answer(
        change(PROCFILE, "web: gunicorn --workers 2 --threads 4 wsgi:app", "web: flask run"),
        "not yet",
        {"stopped": "the host starts gunicorn"},
    ),
}
