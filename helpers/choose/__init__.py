"""Which setup answers which question."""

from helpers.choose.experiments import two_sessions, uncommitted_work_is_hidden
from helpers.choose.questions import QUESTIONS, Question
from helpers.choose.quiz import quiz_setup_holds
from helpers.choose.recipes import recipes
from helpers.choose.scoreboard import Scoreboard, scoreboard
from helpers.choose.speed import time_rounds

__all__ = [
    "QUESTIONS",
    "Question",
    "Scoreboard",
    "quiz_setup_holds",
    "recipes",
    "scoreboard",
    "time_rounds",
    "two_sessions",
    "uncommitted_work_is_hidden",
]
