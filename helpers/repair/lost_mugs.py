"""Notebook 12: does the mug shop find its table, and its mugs after the next start?"""

from __future__ import annotations

from helpers.learn import Verdict
from helpers.repair.shops import Shop, judge_shop

MUGS = Shop("mug", stock=(), takes=True, lasts=True)


def the_mugs_are_found(make_app: object) -> Verdict:
    """Judge a repair of the mug shop whose tables were made in another file.

    :param make_app: the learner's function, which returns the app.
    """
    return judge_shop(make_app, MUGS)
