"""Predictions, checks, this machine, and cleaning up."""

from helpers.learn.clean_up import clean_up
from helpers.learn.exercises import check, compare
from helpers.learn.machine import check_machine, missing

__all__ = ["check", "check_machine", "clean_up", "compare", "missing"]
