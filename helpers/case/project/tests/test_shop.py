"""What the shop promises."""

import pytest

from shop import views
from shop.payment import Refused


def test_three_products(client):
    assert client.get("/products").json == ["lamp", "mug", "rug"]


@pytest.mark.parametrize("name", ["lamp", "rug"])
def test_an_order_is_the_first_one(client, name):
    assert client.post(f"/orders/{name}").status_code == 201
    assert client.get("/orders").json == [{"number": 1, "product": name, "state": "paid"}]


def test_what_the_shop_does_not_sell(client):
    assert client.post("/orders/chair").status_code == 404


def test_a_refused_payment(client, monkeypatch):
    def refuse(number, name):
        raise Refused

    monkeypatch.setattr(views, "charge", refuse)
    assert client.post("/orders/mug").status_code == 402
    assert "paid" not in [order["state"] for order in client.get("/orders").json]
