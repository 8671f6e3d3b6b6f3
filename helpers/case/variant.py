"""Tests that the judge adds to those of the project. The fixture ``app`` is the learner's."""

import os
import sys
import threading
import urllib.request

from flask import request_started
from shop.models import Order, Product, db
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

PROOF = "proof.txt"  # the judge puts another name here


def ran_to_its_end():
    """Note the test that calls this: a conftest.py can make pytest say what it likes."""
    note(sys._getframe(1).f_code.co_name)


@request_started.connect
def asks_the_shop(app, **_):
    """Note the file of the test that is under way: one that asks nothing watches over nothing."""
    note(os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0])


def note(what):
    with open(PROOF, "a", encoding="utf-8") as file:
        print(what, file=file)


def products(app):
    """How many products a customer sees over HTTP, in a thread of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{server.server_port}/products", timeout=10) as reply:
            return reply.read().count(b'"') // 2
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_another_thread(app):
    assert products(app) == 3
    ran_to_its_end()


def test_an_order_of_one_test(app):
    assert app.test_client().post("/orders/rug").json == {"number": 1}
    ran_to_its_end()


def test_is_not_there_in_the_next(app):
    assert app.test_client().get("/orders").json == []
    ran_to_its_end()


def test_after_dispose(app):
    with app.app_context():
        db.engine.dispose()
        assert db.session.scalar(select(func.count(Product.id))) == 3
    ran_to_its_end()


def test_two_sessions(app):
    with app.app_context():
        with Session(db.engine) as ann, Session(db.engine) as ben:
            ann.add(Order(product_id=1))
            ann.flush()
            ben.rollback()
            ben.connection()
            ben.rollback()
            ann.commit()
        assert db.session.scalar(select(func.count(Order.number))) == 1
    ran_to_its_end()
