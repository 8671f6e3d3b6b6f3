"""A prediction is compared with what was measured, and each miss gets the look that refutes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from helpers.learn.cells import NotReady, made_by_cells
from helpers.learn.progress import record
from helpers.learn.reply import Reply, reply
from helpers.look import require_observations

Speaks = Callable[[Any], Sequence[Any]]

AGAIN = "Fill it in above and run this cell again."
NOTHING = "Nothing was measured here, so there is nothing to compare with."
SHORT = 40  # characters
RESULTS = ("works", "fails")


def compare(
    key: str,
    ask: Callable[[], tuple[Any, Any]],
    choices: Mapping[str, Speaks] | None = None,
    rows: Sequence[int] = (),
) -> Reply:
    """Compare a prediction with what was measured.

    :param key: the number of the notebook and a letter, as ``"01a"``; progress is kept by it.
    :param ask: a function that returns the prediction and the looks. The prediction is a
        letter where there are choices, and else a dictionary: the number of a look to the
        database and "works" or "fails".
    :param choices: for each letter a function from the looks to those that speak against it.
    :param rows: the numbers of the looks to predict. A row that was taken out is missed.
    :returns: one line for each row that was predicted, or one for the choice.
    """
    try:
        given = made_by_cells(ask)
        if not (isinstance(given, tuple) and len(given) == 2):
            raise NotReady("This cell was changed: hand over the prediction and the looks.")
        guess, looks = given
        lines, complete = _choice(guess, looks, choices) if choices else _rows(guess, looks, rows)
    except NotReady as sentence:
        return reply(str(sentence))
    return reply(*lines, record(key) if complete else "")


def _choice(guess: object, looks: Any, choices: Mapping[str, Speaks]) -> tuple[list[str], bool]:
    letters = ", ".join(choices)
    letter = guess.strip().lower() if isinstance(guess, str) else "?"
    if not letter:
        return [f"No prediction yet. {AGAIN}"], False
    if letter not in choices:
        return [
            f"Your prediction is {_short(guess)}: put one of {letters} between the quotes."
        ], False
    if isinstance(looks, list) and not looks:
        raise NotReady(NOTHING)
    try:
        speaking = {each: list(speaks(looks)) for each, speaks in choices.items()}
    except Exception as error:  # noqa: BLE001 - a name may have been used for something else
        raise NotReady(
            f"What was measured does not fit the question ({type(error).__name__}: {error}): run"
            " the cells of this section again, from its heading down."
        ) from None
    if all(speaking.values()):
        return [
            f"What was measured fits none of {letters}. Did you change a cell? Run the cells of"
            " this section once more, as the question has it."
        ], True
    against = speaking[letter]
    if not against:
        return [f"Correct: nothing that was measured speaks against {letter}."], True
    refuted = f"Not {letter}. {_refutes(against[0], looks)}{_others(against[1:], looks)}"
    return [refuted, "What fits it? Choose again."], True


def _rows(guess: object, looks: Any, rows: Sequence[int]) -> tuple[list[str], bool]:
    if not isinstance(guess, dict) or not guess:
        raise NotReady(f"Your prediction is {_short(guess)}: put the rows back as they were.")
    try:
        looks = list(looks)
        require_observations(looks, "compare")
    except TypeError:
        raise NotReady(
            f"The looks are {_short(looks)}: run the cells of this section again, from its"
            " heading down."
        ) from None
    if not looks:
        raise NotReady(NOTHING)
    if all(_is_blank(each) for each in guess.values()):
        return [f"No prediction yet. {AGAIN}"], False
    guess = dict.fromkeys(rows, "") | guess
    marked = [_row(number, each, looks) for number, each in guess.items()]
    return [line for line, _ in marked], all(complete for _, complete in marked)


def _row(number: object, guess: object, looks: Sequence[Any]) -> tuple[str, bool]:
    """The line for one row, and whether it was a prediction at all."""
    if type(number) is not int or not 0 < number <= len(looks):
        return f"There is no look {number!r}: number the rows as they were.", False
    if _is_blank(guess):
        return f"Look {number}: no prediction yet. {AGAIN}", False
    match guess:
        case (str(database), str(result)):
            typed, database, result = database, database.strip().upper(), result.strip().lower()
        case _:
            said = f"Look {number}: {_short(guess)} is no prediction."
            return f'{said} Write it as ("D1", "works").', False
    if not re.fullmatch(r"D\d+|NONE", database):
        return f"Look {number}: {typed!r} is no database. Write D1, D2 and so on.", False
    if result not in RESULTS:
        return f'Look {number}: {result!r} is no result. Write "works" or "fails".', False
    look = looks[number - 1]
    database = database.replace("NONE", "none")  # of a look that ran no SQL
    if (database, result) == (look["database"], RESULTS[bool(look["failed"])]):
        return f"✓ Look {number}: correct. {in_words(look)}", True
    return f"✗ Look {number}: you said {database}, {result}. {in_words(look)}", True


def _is_blank(guess: object) -> bool:
    match guess:
        case str(text):
            return not text.strip()
        case (str(database), str(result)):
            return not database.strip() and not result.strip()
    return False


def _short(given: object) -> str:
    """What was given, as it was typed; of more than that, as of the looks, the type alone."""
    text = repr(given)
    return text if len(text) <= SHORT else f"a {type(given).__name__}"


def _refutes(against: Any, looks: Any) -> str:
    try:
        number = _number(against, looks)
        return f"{_kind(against).title()} {number} speaks against it. {in_words(against)}"
    except (TypeError, ValueError):
        return f"This speaks against it. {in_words(against)}"


def _others(against: Sequence[Any], looks: Any) -> str:
    """Which others speak against it, by number; nothing where they have none."""
    try:
        numbers = [str(_number(each, looks)) for each in against]
    except (TypeError, ValueError):
        return ""
    if len(numbers) < 2:
        return "".join(f" So does {_kind(against[0])} {number}." for number in numbers)
    return f" So do {_kind(against[0])}s {', '.join(numbers)}."


def _number(row: Any, looks: Any) -> int:
    """The number of a row, also where another one is equal to it.

    :raises ValueError: when it is none of them.
    """
    looks = list(looks)
    same = [number for number, each in enumerate(looks, 1) if each is row]
    return same[0] if same else looks.index(row) + 1


def _kind(row: Any) -> str:
    return "look" if isinstance(row, Mapping) and "thread" in row else "row"


def in_words(look: Any) -> str:
    """A look, or a row of another table, as a sentence."""
    if isinstance(look, Mapping) and {"thread", "connection", "database", "result"} <= look.keys():
        thread = f"{look['thread']} {look.get('thread_name', '')}".strip()
        if "process" in look:
            thread = f"process {look['process']}, in {thread}"
        if look["database"] == "none":
            return f"It ran in {thread}, without SQL: {look['result']}."
        return (
            f"It ran in {thread}, used connection {look['connection']} and reached database"
            f" {look['database']}: {look['result']}."
        )
    if isinstance(look, Mapping):
        said = "; ".join(f"{key}: {value}" for key, value in look.items())
        return f"{said[:1].upper()}{said[1:]}."
    return f"{look}"
