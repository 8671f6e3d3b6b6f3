"""The shop and its setups: what the lesson looks at."""

from helpers.sample.full_speed import at_full_speed
from helpers.sample.items import add_lamp, count, finds_the_lamp, start_over, store_a_lamp
from helpers.sample.pytest_run import run_pytest
from helpers.sample.scenes import play
from helpers.sample.setups import ANY_THREAD, Setup, Setups, setups
from helpers.sample.shop import Base, Item, Shop, make_flask_sqlalchemy_shop, make_shop
from helpers.sample.visits import visit_script, visits
from helpers.sample.worker_shop import WorkerShop
from helpers.sample.workers import ask_workers

__all__ = [
    "ANY_THREAD",
    "Base",
    "Item",
    "Setup",
    "Setups",
    "Shop",
    "WorkerShop",
    "add_lamp",
    "ask_workers",
    "at_full_speed",
    "count",
    "finds_the_lamp",
    "make_flask_sqlalchemy_shop",
    "make_shop",
    "play",
    "run_pytest",
    "setups",
    "start_over",
    "store_a_lamp",
    "visit_script",
    "visits",
]
