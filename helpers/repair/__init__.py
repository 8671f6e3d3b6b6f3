"""Judges: each serves a learner's repair for real and says what it did. One module a notebook."""

from helpers.repair.bought_lamps import bought_lamps_stay, lamps_stay_in_memory
from helpers.repair.honest_test import the_test_sees_what_visitors_see
from helpers.repair.lamps import lamps_stay
from helpers.repair.last_lamp import last_lamp_is_sold_once
from helpers.repair.lost_mugs import the_mugs_are_found
from helpers.repair.mugs import mugs_reach_the_visitors
from helpers.repair.old_answer import the_answer_is_tried
from helpers.repair.one_file import script_and_app_share_a_file
from helpers.repair.one_store import threads_share_the_store
from helpers.repair.own_fixture import keeps_tests_apart
from helpers.repair.restarted import the_cell_can_run_again
from helpers.repair.rugs import rugs_stay_in_the_shop
from helpers.repair.sales import sells_what_it_has
from helpers.repair.stored_rugs import rugs_stay
from helpers.repair.two_starts import both_workers_start

__all__ = [
    "both_workers_start",
    "bought_lamps_stay",
    "keeps_tests_apart",
    "lamps_stay",
    "lamps_stay_in_memory",
    "last_lamp_is_sold_once",
    "mugs_reach_the_visitors",
    "rugs_stay",
    "rugs_stay_in_the_shop",
    "script_and_app_share_a_file",
    "sells_what_it_has",
    "the_answer_is_tried",
    "the_cell_can_run_again",
    "the_mugs_are_found",
    "the_test_sees_what_visitors_see",
    "threads_share_the_store",
]
