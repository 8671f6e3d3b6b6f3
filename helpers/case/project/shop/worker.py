"""Packs what is paid: ``python -m shop.worker``, or with ``--once`` a single round."""

import sys
from threading import Event

from sqlalchemy import select

from shop import create_app
from shop.models import Order, db

MINUTE = 60  # seconds


def pack():
    """Pack every order that is paid, and return the numbers."""
    paid = list(db.session.scalars(select(Order).filter_by(state="paid")))
    for order in paid:
        order.state = "packed"
    db.session.commit()
    return [order.number for order in paid]


def main():
    app = create_app()
    while True:
        with app.app_context():
            print("packed:", pack() or "nothing", flush=True)
        if "--once" in sys.argv:
            break
        Event().wait(MINUTE)


if __name__ == "__main__":
    main()
