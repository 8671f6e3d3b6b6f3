"""Sessions stepped by a written schedule, a view that waits for others, and a new thread."""

from helpers.step.interleave import interleave
from helpers.step.locks import STEPPED, StepConnection, StepPool, here
from helpers.step.patience import give_time
from helpers.step.pause import Pause
from helpers.step.threads import in_thread

__all__ = [
    "STEPPED",
    "Pause",
    "StepConnection",
    "StepPool",
    "give_time",
    "here",
    "in_thread",
    "interleave",
]
