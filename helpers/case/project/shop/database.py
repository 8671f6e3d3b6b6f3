"""The database: its connection, its tables, and the products that the shop opens with."""

from sqlalchemy import func, select

from shop.models import Product, db

PRODUCTS = ("lamp", "mug", "rug")


def keep_open():
    """Hold a connection open: a database in memory ends with its last one."""
    if "memdb" in str(db.engine.url):
        keeper = db.engine.connect()


def fill():
    """Create the tables, and put the products on the shelf of a new shop."""
    db.metadata.create_all(db.session.connection())
    if db.session.scalar(select(func.count(Product.id))) == 0:
        db.session.add_all(Product(name=name) for name in PRODUCTS)
    db.session.commit()
