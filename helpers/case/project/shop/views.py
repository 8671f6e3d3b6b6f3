"""What a customer can do."""

from flask import Blueprint
from sqlalchemy import select

from shop.models import Order, Product, db
from shop.payment import Refused, charge

shop = Blueprint("shop", __name__)


@shop.get("/products")
def products():
    return list(db.session.scalars(select(Product.name).order_by(Product.id)))


@shop.get("/orders")
def orders():
    return [
        {"number": order.number, "product": order.product.name, "state": order.state}
        for order in db.session.scalars(select(Order).order_by(Order.number))
    ]


@shop.post("/orders/<name>")
def place_order(name):
    product = db.first_or_404(select(Product).filter_by(name=name))
    order = Order(product=product)
    db.session.add(order)
    db.session.flush()  # the order gets its number, which stands on the bill
    try:
        charge(order.number, name)
    except Refused:
        db.session.rollback()
        return {"error": "the payment was refused"}, 402
    order.state = "paid"
    db.session.commit()
    return {"number": order.number}, 201
