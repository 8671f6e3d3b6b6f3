"""Sessions stepped by a written schedule, and a view that waits for others."""

from helpers.step.interleave import interleave
from helpers.step.locks import STEPPED, StepConnection, StepPool, here
from helpers.step.pause import Pause

__all__ = ["STEPPED", "Pause", "StepConnection", "StepPool", "here", "interleave"]
