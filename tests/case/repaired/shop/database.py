"""The database: its tables, and the products that the shop opens with."""

from sqlalchemy import func, select

from shop.models import Product, db

PRODUCTS = ("lamp", "mug", "rug")


def fill():
    """Create the tables, and put the products on the shelf of a new shop."""
    db.create_all()
    if db.session.scalar(select(func.count(Product.id))) == 0:
        db.session.add_all(Product(name=name) for name in PRODUCTS)
    db.session.commit()
