"""Notebook 02: does every lamp stay in the lamp shop, for every visitor?"""

from __future__ import annotations

from helpers.learn import Verdict
from helpers.repair.shops import Shop, judge_shop

LAMPS = Shop("lamp", stock=("desk lamp",), takes=True)


def lamps_stay(make_app: object) -> Verdict:
    """Judge a repair of the lamp shop.

    :param make_app: the learner's function, which returns the app.
    """
    return judge_shop(make_app, LAMPS)
