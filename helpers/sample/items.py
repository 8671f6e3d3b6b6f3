"""What a step of the lesson does with the items of the shop."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpers.sample.shop import Base, Item


def start_over(engine: Engine) -> None:
    """Make the tables, empty also where a server has those of the question before."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)


def store_a_lamp(engine: Engine) -> None:
    """Make the tables, add a lamp and commit."""
    start_over(engine)
    with Session(engine) as session:
        add_lamp(session)
        session.commit()


def add_lamp(session: Session) -> None:
    """Add a lamp, unsent."""
    session.add(Item(name="lamp"))


def count(session: Session) -> int:
    """How many items a session sees."""
    return session.scalars(select(func.count(Item.id))).one()


def finds_the_lamp(engine: Engine) -> bool:
    """Whether there is one item; false also where there is no table."""
    try:
        with Session(engine) as session:
            return count(session) == 1
    except SQLAlchemyError:
        return False
