"""Predictions: each row, each choice and each mistake gets its sentence."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.learn import compare
from helpers.look import Observation


def a_look(thread: str, number: int, result: str, failed: bool = False) -> Observation:
    """A look of a thread at the database with the same number as its connection."""
    return {
        "step": "list items",
        "place": "view /items",
        "thread": thread,
        "thread_name": "MainThread" if thread == "T1" else "request-1",
        "thread_id": "tid-4711",
        "db": "id-4711000",
        "connection": f"C{number}",
        "database": f"D{number}",
        "transaction": False,
        "result": result,
        "failed": failed,
    }


LOOKS = [
    a_look("T1", 1, "done"),
    a_look("T1", 1, "['lamp']"),
    a_look("T2", 2, "OperationalError: no such table: item", failed=True),
]
REFUTED = (
    "It ran in T2 request-1, used connection C2 and reached database D2:"
    " OperationalError: no such table: item."
)
AGAIN = "Fill it in above and run this cell again."


def told(guess: object, looks: Any = LOOKS, **choices: Any) -> list[str]:
    """The lines that a learner gets."""
    return list(compare("01a", lambda: (guess, looks), choices or None).lines)


def test_each_row_is_marked() -> None:
    """A right one and a wrong one each get the look in words."""
    assert told({2: ("D1", "works"), 3: ("D1", "works")}) == [
        "✓ Look 2: correct. It ran in T1 MainThread, used connection C1 and reached database D1:"
        " ['lamp'].",
        f"✗ Look 3: you said D1, works. {REFUTED}",
    ]


@pytest.mark.parametrize("guess", [(" d2 ", "FAILS"), ["D2", "fails "]])
def test_capitals_and_blanks_are_fine(guess: Any) -> None:
    """So is a list."""
    assert told({3: guess}) == [f"✓ Look 3: correct. {REFUTED}"]


def test_a_look_without_sql_reached_no_database() -> None:
    """The tables say none, and so may a learner."""
    looks = [a_look("T1", 1, "done") | {"connection": "none", "database": "none"}]

    assert told({1: ("None", "works")}, looks)[0].startswith("✓ Look 1: correct.")
    assert told({1: ("D1", "works")}, looks)[0].startswith("✗ Look 1: you said D1, works.")


@pytest.mark.parametrize("wrong", [("D2", "works"), ("D1", "fails"), ("D3", "fails")])
def test_a_row_is_right_when_both_are(wrong: Any) -> None:
    """The database alone, or the result alone, is not enough."""
    assert told({3: wrong}) == [f"✗ Look 3: you said {wrong[0]}, {wrong[1]}. {REFUTED}"]


def test_a_blank_form_reveals_nothing() -> None:
    """One sentence for all of it."""
    assert told({2: ("", ""), 3: (" ", "")}) == [f"No prediction yet. {AGAIN}"]


def test_a_missing_row_reveals_nothing() -> None:
    """The other rows are answered."""
    assert told({2: ("D1", "works"), 3: ("", "")})[1] == f"Look 3: no prediction yet. {AGAIN}"


def test_a_row_that_was_taken_out_is_missed() -> None:
    """It counts as one without a prediction, and so the prediction is not done."""
    reply = compare("01a", lambda: ({2: ("D1", "works")}, LOOKS), rows=(2, 3))

    assert reply.lines[0].startswith("✓ Look 2: correct.")
    assert reply.lines[1:] == (f"Look 3: no prediction yet. {AGAIN}",)


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ({3: ("E2", "fails")}, "Look 3: 'E2' is no database. Write D1, D2 and so on."),
        ({3: ("", "fails")}, "Look 3: '' is no database. Write D1, D2 and so on."),
        ({3: ("D2", "")}, 'Look 3: \'\' is no result. Write "works" or "fails".'),
        ({3: ("D2", "yes")}, 'Look 3: \'yes\' is no result. Write "works" or "fails".'),
        ({3: "D2"}, 'Look 3: \'D2\' is no prediction. Write it as ("D1", "works").'),
        ({3: ("D2", "fails", 1)}, "is no prediction. Write it as"),
        ({3: (2, True)}, "is no prediction. Write it as"),
        ({3: None}, "Look 3: None is no prediction."),
        ({9: ("D1", "works")}, "There is no look 9: number the rows as they were."),
        ({0: ("D1", "works")}, "There is no look 0"),
        ({"x": ("D1", "works")}, "There is no look 'x'"),
        ({3: LOOKS[2]}, "Look 3: a dict is no prediction."),
        (LOOKS, "Your prediction is a list: put the rows back as they were."),
        ({}, "Your prediction is {}: put the rows back as they were."),
        (7, "Your prediction is 7: put the rows back as they were."),
        ("D1", "Your prediction is 'D1': put the rows back"),
    ],
)
def test_nonsense_is_told_so_and_reveals_nothing(guess: Any, said: str) -> None:
    """What was given, and what to write instead."""
    [line] = told(guess)

    assert said in line
    assert REFUTED not in line


@pytest.mark.parametrize("looks", [[1], 7, None])
def test_looks_that_are_something_else_now_are_refused(looks: Any) -> None:
    """A name may have been used for something else; one sentence says what to do."""
    [rows] = told({1: ("D1", "works")}, looks)
    [choice] = told("a", looks, a=lambda looks: [look for look in looks if look["failed"]])

    assert rows.startswith(f"The looks are {looks!r}: run the cells of this section again")
    assert choice.startswith("What was measured does not fit the question (")


def fails(looks: list[Observation]) -> list[Observation]:
    """The looks that failed: they speak against what says that all is well."""
    return [look for look in looks if look["failed"]]


def no_look(looks: list[Any]) -> list[Any]:
    """What nothing speaks against."""
    return []


CHOICES = {"a": fails, "b": no_look}


def test_a_choice_is_right_when_no_look_speaks_against_it() -> None:
    """In capitals and with blanks as well."""
    for letter in ("b", " B "):
        assert told(letter, **CHOICES) == ["Correct: nothing that was measured speaks against b."]


def test_a_wrong_choice_is_answered_with_the_look_that_refutes_it() -> None:
    """By its number and in words; the right one is not told."""
    assert told("a", **CHOICES) == [
        f"Not a. Look 3 speaks against it. {REFUTED}",
        "What fits it? Choose again.",
    ]


def test_a_look_of_another_process_names_it() -> None:
    """With several processes, that is what refutes."""
    looks = [LOOKS[2] | {"process": "P2"}]

    assert told("a", looks, a=lambda looks: looks, b=no_look)[0] == (
        f"Not a. Look 1 speaks against it. {REFUTED.replace('in T2', 'in process P2, in T2')}"
    )


def test_all_that_refute_a_choice_are_named() -> None:
    """The first one in words, the others by their numbers."""
    two, three = (told("a", a=lambda looks, n=n: looks[:n], b=no_look)[0] for n in (2, 3))

    assert two.endswith("reached database D1: done. So does look 2.")
    assert three.endswith("reached database D1: done. So do looks 2, 3.")


def test_rows_that_are_equal_have_their_own_numbers() -> None:
    """As two looks of one worker at one list."""
    looks = [dict(LOOKS[0]) for _ in range(3)]

    assert told("a", looks, a=lambda looks: looks, b=no_look)[0].endswith("So do looks 2, 3.")


def test_rows_of_any_other_kind_can_refute() -> None:
    """They are quoted key by key."""
    rows = [{"pool": "StaticPool", "databases": 1}]

    assert told("a", rows, a=lambda rows: rows, b=no_look)[0] == (
        "Not a. Row 1 speaks against it. Pool: StaticPool; databases: 1."
    )


@pytest.mark.parametrize("letter", ["a", "b"])
def test_where_no_choice_fits_the_cells_are_to_be_run_as_asked(letter: str) -> None:
    """As with another number of threads: no letter is called wrong there."""
    assert told(letter, a=fails, b=fails) == [
        "What was measured fits none of a, b. Did you change a cell? Run the cells of this section"
        " once more, as the question has it.",
    ]


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ("", f"No prediction yet. {AGAIN}"),
        ("  ", f"No prediction yet. {AGAIN}"),
        ("c", "Your prediction is 'c': put one of a, b between the quotes."),
        ("a, b", "Your prediction is 'a, b': put one of a, b between the quotes."),
        (7, "Your prediction is 7: put one of a, b between the quotes."),
        (None, "Your prediction is None: put one of a, b between the quotes."),
        (["a"], "Your prediction is ['a']: put one of a, b between the quotes."),
    ],
)
def test_what_is_no_choice_is_told_so(guess: Any, said: str) -> None:
    """Without a word about the right one."""
    assert told(guess, **CHOICES) == [said]


def test_a_name_that_is_not_there_yet_is_named() -> None:
    """Whoever runs the cell before its section is sent back."""
    reply = compare("01a", lambda: (guess, LOOKS))  # type: ignore[name-defined]  # noqa: F821

    assert reply.lines == (
        "There is no `guess` yet: run the cell above that makes it, then run this cell again.",
    )


@pytest.mark.parametrize("changed", [3, lambda: 3, lambda: (1, 2, 3)])
def test_a_cell_that_was_changed_is_told_so(changed: Any) -> None:
    """Whatever stands in it now."""
    assert compare("01a", changed).lines[0].startswith("This cell was changed: ")


def test_a_reply_is_text_and_html() -> None:
    """With signs that mean something in HTML."""
    reply = compare("01a", lambda: ({3: ("<b>", "fails")}, LOOKS))

    assert repr(reply) == "Look 3: '<b>' is no database. Write D1, D2 and so on."
    assert "&lt;b&gt;" in reply._repr_html_()
    missing = compare("01a", lambda: (guess, LOOKS))  # type: ignore[name-defined]  # noqa: F821
    assert "<code>guess</code>" in missing._repr_html_()


def test_nothing_measured_is_nothing_compared() -> None:
    """Where a package is missing, no letter is right, and none is wrong."""
    said = compare("14b", lambda: ("a", []), choices={"a": lambda looks: []})

    assert said.lines == ("Nothing was measured here, so there is nothing to compare with.",)


def test_no_looks_are_nothing_compared() -> None:
    """It's not the fault of the rows."""
    said = compare("01a", lambda: ({2: ("D1", "works")}, []), rows=(2,))

    assert said.lines == ("Nothing was measured here, so there is nothing to compare with.",)
