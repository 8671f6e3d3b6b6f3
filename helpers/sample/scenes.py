"""A schedule of sessions on a new database, as several notebooks play it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from helpers.look import Observation, Observer
from helpers.sample.items import start_over
from helpers.sample.setups import Setup
from helpers.sample.shop import Item
from helpers.spawn import TemporaryFolder
from helpers.step import interleave


def play(
    schedule: str,
    setup: Setup,
    steps: Mapping[str, Callable[[Session], Any]],
    items: Mapping[str, int] | None = None,
) -> list[Observation]:
    """Step sessions by a schedule, on a new database of a setup, which ends with the scene.

    :param schedule: such as ``"Ann add lamp, Ann flush, Ben list"``; see ``interleave``.
    :param setup: one of ``setups``.
    :param steps: functions of a session, by name.
    :param items: what the shop has before the first step, with the stock of each.
    """
    with TemporaryFolder() as folder, setup.stepped().engine(folder.path) as engine:
        observer = Observer(engine)
        start_over(engine)
        with Session(engine) as session:
            session.add_all(Item(name=name, stock=stock) for name, stock in (items or {}).items())
            session.commit()
        return interleave(schedule, session=lambda: Session(engine), steps=steps, observer=observer)
