"""Sessions stepped by a written schedule."""

from helpers.step.interleave import interleave
from helpers.step.locks import STEPPED, StepConnection, StepPool

__all__ = ["STEPPED", "StepConnection", "StepPool", "interleave"]
