"""The case: a shop on disk with several faults, a host that runs it, and a judge."""

from helpers.case.board import dashboard
from helpers.case.judge import the_shop_holds
from helpers.case.opening import Project
from helpers.case.running import moments, run_tests, running

__all__ = ["Project", "dashboard", "moments", "run_tests", "running", "the_shop_holds"]
