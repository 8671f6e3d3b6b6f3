"""Notebook 00: does every visitor of the mug shop see its mugs?"""

from __future__ import annotations

from helpers.learn import Verdict
from helpers.repair.shops import Shop, judge_shop

MUGS = Shop("mug", stock=("blue mug",))


def mugs_reach_the_visitors(make_app: object) -> Verdict:
    """Judge a repair of the mug shop.

    :param make_app: the learner's function, which returns the app.
    """
    return judge_shop(make_app, MUGS)
