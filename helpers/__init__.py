"""What the notebooks import, in wings: one folder for each concern."""

from helpers.learn import check, check_machine, clean_up, compare
from helpers.look import Observation, Observer, describe_error
from helpers.serve import LiveServer
from helpers.show import grid, swimlane, table

__all__ = [
    "LiveServer",
    "Observation",
    "Observer",
    "check",
    "check_machine",
    "clean_up",
    "compare",
    "describe_error",
    "grid",
    "swimlane",
    "table",
]
