"""Notebook 04: does each visitor of the rug shop see what every visitor has stored?"""

from __future__ import annotations

from helpers.learn import Verdict
from helpers.repair.shops import Shop, judge_shop

RUGS = Shop("rug", stock=(), takes=True)


def rugs_stay_in_the_shop(make_app: object) -> Verdict:
    """Judge a repair of the rug shop.

    :param make_app: the learner's function, which returns the app.
    """
    return judge_shop(make_app, RUGS)
