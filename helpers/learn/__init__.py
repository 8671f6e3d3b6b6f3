"""Predictions, repairs, progress, this machine, and cleaning up."""

from helpers.learn.cells import listen
from helpers.learn.clean_up import clean_up
from helpers.learn.machine import check_machine, missing
from helpers.learn.predictions import compare
from helpers.learn.progress import progress, record
from helpers.learn.repairs import check
from helpers.learn.reply import Reply
from helpers.learn.verdict import Flaw, Grade, Judge, Verdict

listen()

__all__ = [
    "Flaw",
    "Grade",
    "Judge",
    "Reply",
    "Verdict",
    "check",
    "check_machine",
    "clean_up",
    "compare",
    "missing",
    "progress",
    "record",
]
