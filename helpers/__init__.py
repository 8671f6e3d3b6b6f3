"""The few names that the notebooks import."""

from helpers.cleanup import clean_up
from helpers.exercises import check, compare
from helpers.machine import check_machine
from helpers.observe import Observation, Observer, describe_error
from helpers.pictures import swimlane
from helpers.server import LiveServer
from helpers.tables import grid, table

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
