"""Run a copy of a project for real, and say what became of each complaint."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.case.checkup import run_diagnose, run_tests
from helpers.case.files import copy_project
from helpers.case.findings import STILL, Findings
from helpers.case.host import COPY, Failed, Host, read_procfile
from helpers.case.opening import REMOVED, Project
from helpers.case.outside import Outside
from helpers.case.sale import EMPTY_SHELF, THREADS, Sale
from helpers.learn import Verdict
from helpers.show import waiting
from helpers.spawn import TemporaryFolder

DAYS = [
    f"Your project runs for 15 to 30 seconds: {day}"
    for day in ("the first day", "the tests, and diagnose", "the second day")
]
A_VASE = (
    "from wsgi import app; from shop.models import Product, db\n"
    "with app.app_context(): db.session.add(Product(name='vase')); db.session.commit()"
)
NO_PRODUCTS = (
    "from wsgi import app; from shop.models import Order, Product, db\n"
    "with app.app_context():\n"
    "    db.session.query(Order).delete(); db.session.query(Product).delete(); db.session.commit()"
)


def the_shop_holds(project: object) -> Verdict:
    """Judge a repair of the whole project.

    :param project: the learner's project, or its folder.
    """
    folder = getattr(project, "folder", project)
    if isinstance(project, Project) and not project.folder.is_dir():
        return Verdict("not yet", f"{REMOVED}.")
    if not isinstance(folder, Path) or not folder.is_dir():
        return Verdict(
            "not yet", f"The check runs a project and was given {project!r}: hand over `project`."
        )
    found = try_project(folder)
    return Verdict(found.grade(), "\n".join(found.lines()))


def try_project(project: Path) -> Findings:
    """Deploy a copy, sell, pack, test, deploy again, sell, pack, diagnose; fill an empty shelf.

    :param project: the learner's folder, which stays as it is.
    """
    found = Findings()
    with TemporaryFolder() as folder, Outside() as outside, waiting(*DAYS) as step:
        copy = folder.path / COPY
        try:
            read_procfile(project / "Procfile")  # what has none is no project, and may be large
            copy_project(project, copy)
            host = Host(copy, outside, folder.lifeline)
            sale = Sale(host, found)
            refuse_files_elsewhere(copy)
            try:
                first_day(host, sale)
            except Failed as failure:
                found.stopped = str(failure)
            step()
            check_up(host, found)  # also when nothing could be sold: each ✓ is a step
            step()
            if not found.stopped:
                second_day(host, sale)
                empty_shelf(host, sale)
        except (Failed, OSError, RuntimeError) as failure:
            found.stopped = found.stopped or str(failure)
    return found


def refuse_files_elsewhere(copy: Path) -> None:
    """A copy that names a file by its whole path would use the learner's own database.

    :raises Failed: when a file of the copy does.
    """
    for path in sorted(copy.rglob("*")):
        if path.suffix == ".py" or path.name == "Procfile":
            text = path.read_text(encoding="utf-8", errors="replace")
            if found := re.search(r"sqlite(?:\+\w+)?:///(?:/|[A-Za-z]:)[^\"'\s]*", text):
                raise Failed(
                    f"{path.relative_to(copy).as_posix()} names {found[0]}, which is not in the"
                    " project: the copy would use your own database. Name it without a folder."
                )


def first_day(host: Host, sale: Sale) -> None:
    """Two processes sell, and the worker packs."""
    host.release()
    with host.web(processes=2, threads=1) as web:
        sale.look_at_the_products(web, "lamp", "mug", "rug")
        sale.buy(web, "lamp", "rug", "mug", "lamp")
        host.run(sys.executable, "-c", A_VASE, name="add a vase")
        sale.look_at_the_products(web, "lamp", "mug", "rug", "vase")
        sale.buy(web, "vase", "vase")
        sale.count_payments()
        sale.pack(web)


def check_up(host: Host, found: Findings) -> None:
    """The tests and diagnose, between two deployments: the shop's data has to outlive them."""
    with ThreadPoolExecutor() as threads:
        futures = [threads.submit(check, host, found) for check in (run_tests, run_diagnose)]
    for future in futures:
        future.result()


def second_day(host: Host, sale: Sale) -> None:
    """The next deployment, on the same database; one process with four threads sells."""
    host.release()
    with host.web(processes=1, threads=THREADS) as web:
        sale.look_for_orders(web, "After the tests and the next deployment")
        sale.look_at_the_products(web, "lamp", "mug", "rug", "vase")
        sale.pay_at_the_same_time(web)
        sale.pay_in_vain(web)
        sale.give_back_connections(web)
        sale.count_payments()
    sale.found.looked("payment")


def empty_shelf(host: Host, sale: Sale) -> None:
    """One more deployment, where the tables are there and the products are not."""
    host.run(sys.executable, "-c", NO_PRODUCTS, name="remove the products")
    try:
        host.release()
        with host.web(processes=2, threads=1) as web:
            sale.look_for_doubles(web)
    except Failed as failure:
        sale.found.note("catalogue", STILL, f"{EMPTY_SHELF}, {failure}")
    sale.found.looked("catalogue")
