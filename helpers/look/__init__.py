"""One observation: which thread, which connection, which database, what came back."""

from helpers.look.labels import (
    ProcessObservation,
    across_processes,
    numbered,
    without_addresses,
)
from helpers.look.observation import Observation, describe_error, require_observations
from helpers.look.observer import Observer
from helpers.look.pool_log import dispose, pool_log

__all__ = [
    "Observation",
    "Observer",
    "ProcessObservation",
    "across_processes",
    "describe_error",
    "dispose",
    "numbered",
    "pool_log",
    "require_observations",
    "without_addresses",
]
