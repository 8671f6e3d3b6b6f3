"""The questions of the scoreboard: the name of each row, its experiment, and who shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.choose.experiments import (
    configuration_is_enough,
    outlives_the_program,
    safe_from_rollback,
    seen_by_another_process,
    seen_by_another_thread,
    survives_dispose,
    timeout_is_honored,
    two_writers_get_through,
    uncommitted_work_is_hidden,
)
from helpers.sample import Setup


@dataclass(frozen=True)
class Question:
    """A row of the scoreboard.

    :param text: what the row is called.
    :param ask: tries a setup, with an empty folder for its files, and returns the answer.
    :param notebook: the one that shows the experiment, by the name of its file.
    """

    text: str
    ask: Callable[[Setup, Path], str]
    notebook: str


QUESTIONS = (
    Question("another thread sees my rows", seen_by_another_thread, "02_which_part_decides"),
    Question(
        "uncommitted work is hidden",
        uncommitted_work_is_hidden,
        "07_what_happens_on_one_connection",
    ),
    Question(
        "another's rollback leaves my work alone",
        safe_from_rollback,
        "07_what_happens_on_one_connection",
    ),
    Question(
        "another process sees my rows",
        seen_by_another_process,
        "10_what_do_several_processes_see",
    ),
    Question("two writers get through", two_writers_get_through, "06_what_does_a_file_cost"),
    Question("who meets a lock waits", timeout_is_honored, "08_can_it_stay_in_memory"),
    Question("rows survive dispose()", survives_dispose, "08_can_it_stay_in_memory"),
    Question("rows outlive the program", outlives_the_program, "05_does_a_file_help"),
    Question("a URL and options are enough", configuration_is_enough, "08_can_it_stay_in_memory"),
)
