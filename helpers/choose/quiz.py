"""The exercise of notebook 11: a setup for the quiz of a school, chosen and defended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpers.choose.questions import QUESTIONS, Question
from helpers.choose.scoreboard import ask, refuse_what_is_not_ours
from helpers.learn import Flaw, Verdict
from helpers.look import describe_error
from helpers.sample import Setup, add_lamp, count, setups, start_over
from helpers.spawn import TemporaryFolder
from helpers.step import give_time

NOT_NEEDED = {"rows survive dispose()", "a URL and options are enough"}
NEEDED = {question.text: question for question in QUESTIONS if question.text not in NOT_NEEDED}
REFUSED = ("default", "memdb", "shared cache")
A_WHILE = 0.4  # seconds that Ann takes for her answer


def quiz_setup_holds(answer: object) -> Verdict:
    """Judge a setup for the quiz, and the reasons for refusing three others.

    :param answer: the setup, and for each of ``REFUSED`` the name of a row of the scoreboard.
    """
    try:
        match answer:
            case (Setup() as mine, dict() as because):
                _try(mine)
                _defend(because)
            case _:
                raise Flaw("The check needs `mine`, a Setup, and `because`, with three reasons.")
    except Flaw as flaw:
        return Verdict("not yet", str(flaw))
    if not mine.url.startswith("sqlite"):
        return Verdict(
            "right, but",
            "it does all that the quiz needs, and somebody has to run a server for it.",
        )
    return Verdict("right", "The quiz got all that it needs, and each refusal has its reason.")


def _try(mine: Setup) -> None:
    try:
        refuse_what_is_not_ours(mine)
    except ValueError as error:
        raise Flaw(str(error)) from None
    with TemporaryFolder() as folder:
        for question in NEEDED.values():
            answer = ask(question, mine, folder.new())
            if not answer.startswith("✓"):
                raise Flaw(
                    f"Your setup was asked whether {question.text}: {answer}. The quiz needs that;"
                    f" notebook {question.notebook[:2]} shows it."
                )
        with mine.engine(folder.new()) as engine:
            _two_answers_at_once(engine)


def _two_answers_at_once(engine: Engine) -> None:
    """Ann takes a while between her write and her commit, and Ben writes in the meantime."""
    start_over(engine)

    def ben_answers() -> None:
        with Session(engine) as ben:
            add_lamp(ben)
            ben.commit()

    with ThreadPoolExecutor(1) as thread, Session(engine) as ann:
        add_lamp(ann)
        ann.flush()
        ben = thread.submit(ben_answers)
        give_time([ben], A_WHILE)
        ann.commit()
        try:
            ben.result()
        except SQLAlchemyError as error:
            raise Flaw(
                f"Ann took {A_WHILE:g} s for her answer. Ben answered in the meantime, with your"
                f" options as they are, and got {describe_error(error)}."
            ) from None
    with Session(engine) as teacher:
        if count(teacher) != 2:
            raise Flaw(f"Ann and Ben answered, and the teacher counts {count(teacher)}.")


def _defend(because: dict[str, str]) -> None:
    with TemporaryFolder() as folder:
        reasons = [_refuse(name, because.get(name), folder.new()) for name in REFUSED]
    if len(set(reasons)) < len(reasons):
        again = next(each for each in reasons if reasons.count(each) > 1)
        raise Flaw(f"{again!r} is true, and you say it more than once: name three rows.")


def _refuse(name: str, reason: object, folder: Path) -> str:
    """Refuse a suggestion, and return the row that speaks against it."""
    if not isinstance(reason, str) or not reason.strip():
        raise Flaw(f"Your setup holds. What speaks against {name}? Name a row of the scoreboard.")
    rows: dict[str, Question] = {question.text: question for question in QUESTIONS}
    question = rows.get(reason.strip())
    if question is None:
        raise Flaw(f"{reason!r} is no row of the scoreboard: copy one of its names.")
    answer = question.ask(setups[name], folder)
    if answer.startswith("✓"):
        raise Flaw(f"You say of {name}: {question.text}. It was asked again: {answer}.")
    if question.text not in NEEDED:
        raise Flaw(f"It is true of {name}: {question.text}: {answer}. The quiz can live with that.")
    return question.text
