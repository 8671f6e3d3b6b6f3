"""Notebook 01: does every rug stay in the rug shop, for every visitor?"""

from __future__ import annotations

from helpers.learn import Verdict
from helpers.repair.shops import Shop, judge_shop

RUGS = Shop("rug", stock=("red rug",), takes=True)


def rugs_stay(make_app: object) -> Verdict:
    """Judge a repair of the rug shop.

    :param make_app: the learner's function, which returns the app.
    """
    return judge_shop(make_app, RUGS)
