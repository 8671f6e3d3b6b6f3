"""What is drawn, what is read aloud, and what is the same every time."""

from __future__ import annotations

import base64
import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest

from helpers.look import Observation
from helpers.show import Figure, swimlane

SVG = "{http://www.w3.org/2000/svg}"


def a_look(thread: str, database: str, **changes: Any) -> Observation:
    """A look of a thread at a database, with some values changed."""
    look: Observation = {
        "step": "list items",
        "place": "view /items",
        "thread": thread,
        "thread_name": f"request-{thread[1:]}",
        "thread_id": "tid-140217081128640",
        "db": "id-140217081128000",
        "connection": "C2",
        "database": database,
        "result": "['lamp']",
        "failed": False,
    }
    look.update(changes)  # type: ignore[typeddict-item]
    return look


TRAP = [
    a_look("T1", "A", step="create tables", result="done"),
    a_look("T2", "B", failed=True, result="OperationalError: no such table: item"),
]


def texts(figure: Figure) -> list[str]:
    """The words in the drawing, which must be well-formed XML."""
    return [str(text.text) for text in ElementTree.fromstring(figure.drawn).iter(f"{SVG}text")]


def arrows(figure: Figure) -> list[tuple[int, int]]:
    """Where each horizontal line starts and ends."""
    lines = ElementTree.fromstring(figure.drawn).iter(f"{SVG}line")
    return [(int(a["x1"]), int(a["x2"])) for a in (x.attrib for x in lines) if a["y1"] == a["y2"]]


def test_there_is_a_lane_for_each_thread_and_each_database() -> None:
    """Threads stand left of databases, each once, in the order of their first look."""
    figure = swimlane([*TRAP, a_look("T1", "A")], "Trap.")

    assert texts(figure)[:4] == ["T1 request-1", "T2 request-2", "database A", "database B"]


def test_each_look_is_an_arrow_from_its_thread_to_its_database() -> None:
    """The arrows start and end where the lanes are."""
    lanes = {"T1": 92, "T2": 277, "A": 462, "B": 647}

    assert arrows(swimlane(TRAP, "Trap.")) == [
        (lanes["T1"], lanes["A"]),
        (lanes["T2"], lanes["B"]),
    ]


def test_an_arrow_has_its_number_its_step_and_its_result() -> None:
    """A failed look is marked by a sign, and its result is the message alone."""
    assert texts(swimlane(TRAP, "Trap."))[4:] == [
        "1. create tables",
        "done",
        "2. list items",
        "✗ no such table: item",
    ]


def test_a_look_without_sql_has_no_arrow() -> None:
    """There is no lane for a database that was not asked."""
    figure = swimlane([a_look("T1", "none", connection="none", result="2")], "Count.")

    assert arrows(figure) == []
    assert texts(figure) == ["T1 request-1", "1. list items", "2"]
    assert figure.alt == "T1 (request-1), list items, without SQL: 2."


def test_the_alternative_text_tells_all_that_is_drawn() -> None:
    """One sentence a look: who, what, where and what came back."""
    assert swimlane(TRAP, "Trap.").alt == (
        "T1 (request-1), create tables, through C2 in database A: done."
        " T2 (request-2), list items, through C2 in database B:"
        " OperationalError: no such table: item."
    )


def test_a_notebook_shows_an_image_with_its_alternative_text_and_caption() -> None:
    """The picture is inside the page, so nothing is fetched."""
    figure = swimlane([a_look("T1", "A", result='<"&>')], 'Who & "what"')
    html = figure._repr_html_()
    found = re.fullmatch(
        r'<figure><img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)">'
        r"<figcaption>([^<]*)</figcaption></figure>",
        html,
    )

    assert found
    assert unescape(found[1]) == figure.alt
    assert base64.b64decode(found[2]).decode() == figure.drawn
    assert unescape(found[3]) == 'Who & "what"'
    assert '<"&>' in texts(figure)


def test_as_text_a_picture_is_its_caption_and_its_alternative_text() -> None:
    """What cannot show a picture shows words."""
    figure = swimlane(TRAP, "Trap.")

    assert repr(figure) == f"Trap.\n{figure.alt}"


def test_raw_ids_are_not_drawn() -> None:
    """They differ from run to run, and inside the picture nothing can replace them."""
    drawn = swimlane(TRAP, "Trap.").drawn

    assert "14021708112" not in drawn
    assert drawn == swimlane([TRAP[0] | {"thread_id": "tid-1"}, TRAP[1]], "Trap.").drawn


def test_nothing_to_draw_is_refused() -> None:
    """An empty picture would show nothing, so the message says what to pass."""
    with pytest.raises(ValueError, match=r"swimlane was given no observations: pass at least one"):
        swimlane([], "Trap.")


def test_what_is_no_observation_is_refused() -> None:
    """The message names the function and what it was given."""
    with pytest.raises(TypeError, match=r"swimlane was given 'a', which is not an observation"):
        swimlane(["a"], "Trap.")  # type: ignore[list-item]
