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
        "thread_id": "tid-4711",
        "db": "id-140217081128000",
        "connection": database.replace("D", "C"),
        "database": database,
        "transaction": False,
        "result": "['lamp']",
        "failed": False,
    }
    look.update(changes)  # type: ignore[typeddict-item]
    return look


TRAP = [
    a_look("T1", "D1", step="create tables", result="done"),
    a_look("T2", "D2", failed=True, result="OperationalError: no such table: item"),
]
TITLES = ["T1 request-1", "T2 request-2", "C1", "C2", "database D1", "database D2"]


def texts(figure: Figure) -> list[str]:
    """The words in the drawing, which must be well-formed XML."""
    return [str(text.text) for text in ElementTree.fromstring(figure.drawn).iter(f"{SVG}text")]


def lines(figure: Figure) -> list[dict[str, str]]:
    """The attributes of each line."""
    return [each.attrib for each in ElementTree.fromstring(figure.drawn).iter(f"{SVG}line")]


def arrows(figure: Figure) -> list[tuple[int, int]]:
    """Where each horizontal line starts and ends."""
    return [(int(a["x1"]), int(a["x2"])) for a in lines(figure) if a["y1"] == a["y2"]]


def dots(figure: Figure) -> list[int]:
    """Where the connections of the looks are."""
    circles = ElementTree.fromstring(figure.drawn).iter(f"{SVG}circle")
    return [int(circle.attrib["cx"]) for circle in circles]


def lanes(figure: Figure) -> dict[str, int]:
    """Where the lane with each title is."""
    found = ElementTree.fromstring(figure.drawn).iter(f"{SVG}text")
    return {str(each.text): int(each.attrib["x"]) for each in found if each.attrib["y"] == "24"}


def open_spans(figure: Figure) -> list[tuple[int, int, int]]:
    """Where a connection's lane is thick, and from where to where."""
    thick = [a for a in lines(figure) if "stroke-width" in a.get("style", "")]
    return [(int(a["x1"]), int(a["y1"]), int(a["y2"])) for a in thick]


def test_there_is_a_lane_for_each_thread_connection_and_database() -> None:
    """From left to right, each once, in the order of their first look."""
    found = lanes(swimlane([*TRAP, a_look("T1", "D1")], "Trap."))

    assert list(found) == TITLES
    assert sorted(found.values()) == list(found.values())


def test_databases_stand_in_the_order_of_their_numbers() -> None:
    """The tenth stands right of the second."""
    found = lanes(swimlane([a_look("T1", name) for name in ("D10", "D2", "D1")], "Many."))

    assert list(found)[-3:] == ["database D1", "database D2", "database D10"]


def test_each_look_goes_from_its_thread_through_its_connection_to_its_database() -> None:
    """The arrows start and end where the lanes are, with a dot in the middle."""
    figure = swimlane(TRAP, "Trap.")
    at = lanes(figure)

    assert arrows(figure) == [
        (at["T1 request-1"], at["database D1"]),
        (at["T2 request-2"], at["database D2"]),
    ]
    assert dots(figure) == [at["C1"], at["C2"]]


def test_an_arrow_has_its_number_its_step_and_its_result() -> None:
    """A failed look is marked by a sign, and its result is the message alone."""
    assert texts(swimlane(TRAP, "Trap."))[6:] == [
        "1. create tables",
        "done",
        "2. list items",
        "✗ no such table: item",
    ]


def test_a_connection_is_thick_while_its_transaction_is_open() -> None:
    """From the look that leaves it open to the look that ends it, or to the bottom."""
    flush = {"step": "add a lamp", "transaction": True}
    commit = {"step": "commit", "result": "done"}
    looks = [a_look("T1", "D1", **flush), a_look("T2", "D2"), a_look("T1", "D1", **commit)]

    ended, left = swimlane(looks, "Ended."), swimlane(looks[:2], "Left.")
    rows = [int(a["y1"]) for a in lines(ended) if a["y1"] == a["y2"]]

    assert open_spans(ended) == [(lanes(ended)["C1"], rows[0], rows[2])]
    assert open_spans(left)[0][:2] == (lanes(left)["C1"], rows[0])
    assert "; its transaction stays open." in ended.alt
    assert "open" in texts(ended)


def test_a_look_without_sql_has_no_arrow() -> None:
    """There is no lane for a database that was not asked."""
    figure = swimlane([a_look("T1", "none", result="2")], "Count.")

    assert (arrows(figure), dots(figure)) == ([], [])
    assert texts(figure) == ["T1 request-1", "1. list items", "2"]
    assert figure.alt == "1. T1 (request-1), list items, without SQL: 2."


def test_the_alternative_text_tells_all_that_is_drawn() -> None:
    """One sentence a look: who, what, where and what came back."""
    assert swimlane(TRAP, "Trap.").alt == (
        "1. T1 (request-1), create tables, through C1 in database D1: done."
        " 2. T2 (request-2), list items, through C2 in database D2:"
        " OperationalError: no such table: item."
    )


def test_a_notebook_shows_an_image_with_its_alternative_text_and_caption() -> None:
    """The picture is inside the page, so nothing is fetched."""
    figure = swimlane([a_look("T1", "D1", result='<"&>')], 'Who & "what"')
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
    assert "4711" not in drawn
    assert drawn == swimlane([TRAP[0] | {"thread_id": "tid-1"}, TRAP[1]], "Trap.").drawn


def test_nothing_to_draw_is_refused() -> None:
    """An empty picture would show nothing, so the message says what to pass."""
    with pytest.raises(ValueError, match=r"swimlane was given no observations: pass at least one"):
        swimlane([], "Trap.")


def test_what_is_no_observation_is_refused() -> None:
    """The message names the function and what it was given."""
    with pytest.raises(TypeError, match=r"swimlane was given 'a', which is not an observation"):
        swimlane(["a"], "Trap.")  # type: ignore[list-item]
