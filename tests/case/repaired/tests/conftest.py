"""What each test gets."""

import pytest

from shop import create_app, database
from shop.models import db


@pytest.fixture
def app():
    app = create_app("testing")
    with app.app_context():
        keeper = db.engine.connect()  # the database lasts as long as this connection
        database.fill()
    yield app
    keeper.close()


@pytest.fixture
def client(app):
    return app.test_client()
