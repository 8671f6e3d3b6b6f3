"""Swimlane, chart and plot: what is drawn, what is read aloud, and what is the same every time."""

from __future__ import annotations

import base64
import io
import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest

from helpers.observe import Observation
from helpers.pictures import Figure, Plot, chart, dot_plot, swimlane

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
    return [str(text.text) for text in ElementTree.fromstring(figure.svg).iter(f"{SVG}text")]


def arrows(figure: Figure) -> list[tuple[int, int]]:
    """Where each horizontal line starts and ends."""
    lines = ElementTree.fromstring(figure.svg).iter(f"{SVG}line")
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
    assert base64.b64decode(found[2]).decode() == figure.svg
    assert unescape(found[3]) == 'Who & "what"'
    assert '<"&>' in texts(figure)


def test_as_text_a_picture_is_its_caption_and_its_alternative_text() -> None:
    """What cannot show a picture shows words."""
    figure = swimlane(TRAP, "Trap.")

    assert repr(figure) == f"Trap.\n{figure.alt}"


def test_raw_ids_are_not_drawn() -> None:
    """They differ from run to run, and inside the picture nothing can replace them."""
    drawn = swimlane(TRAP, "Trap.").svg

    assert "14021708112" not in drawn
    assert drawn == swimlane([TRAP[0] | {"thread_id": "tid-1"}, TRAP[1]], "Trap.").svg


def test_nothing_to_draw_is_refused() -> None:
    """An empty picture would show nothing, so the message says what to pass."""
    with pytest.raises(ValueError, match=r"swimlane was given no observations: pass at least one"):
        swimlane([], "Trap.")


def test_what_is_no_observation_is_refused() -> None:
    """The message names the function and what it was given."""
    with pytest.raises(TypeError, match=r"swimlane was given 'a', which is not an observation"):
        swimlane(["a"], "Trap.")  # type: ignore[list-item]


BOXES = {
    "Rain?": (0, 0),
    "an umbrella": (1, 0),
    "Hot,\nor sunny?": (0, 1),
    "a <hat>\nof straw": (0, 2),
}
WAYS = [
    ("Rain?", "yes", "an umbrella"),
    ("Rain?", "no", "Hot,\nor sunny?"),
    ("Hot,\nor sunny?", "yes", "a <hat>\nof straw"),
]


def rectangles(figure: Figure) -> dict[tuple[int, int], bool]:
    """Where the boxes of a chart are, and whether their frame is thick."""
    found = [each.attrib for each in ElementTree.fromstring(figure.svg).iter(f"{SVG}rect")]
    return {(int(a["x"]), int(a["y"])): "stroke-width" in a.get("style", "") for a in found[1:]}


def test_a_chart_has_a_box_for_each_text_where_it_is_told_to_be() -> None:
    """The rows and columns of the boxes line up, and each line of a text is one of the drawing."""
    figure = chart(BOXES, WAYS, "What to take?")
    umbrella, rain, hot, hat = sorted(rectangles(figure), key=lambda xy: (-xy[0], xy[1]))

    assert rain[0] == hot[0] == hat[0] < umbrella[0]
    assert rain[1] == umbrella[1] < hot[1] < hat[1]
    assert texts(figure) == [
        *("Rain?", "an umbrella", "Hot,", "or sunny?", "a <hat>", "of straw"),
        *("yes", "no", "yes"),
    ]


def test_only_the_answers_of_a_chart_have_a_thick_frame() -> None:
    """So they can be told from questions without a color."""
    assert list(rectangles(chart(BOXES, WAYS, "What to take?")).values()) == [
        False,  # Rain?
        True,
        False,  # Hot, or sunny?
        True,
    ]


def test_the_ways_of_a_chart_lead_from_edge_to_edge() -> None:
    """An arrow leaves the edge of a box and has its head at the edge of the other one."""
    lines = [
        {key: int(value) for key, value in line.attrib.items()}
        for line in ElementTree.fromstring(chart(BOXES, WAYS, "What?").svg).iter(f"{SVG}line")
    ]
    (rain, umbrella, hot, _) = rectangles(chart(BOXES, WAYS, "What?"))

    assert (lines[0]["x1"], lines[0]["x2"]) == (rain[0] + 172, umbrella[0])
    assert lines[0]["y1"] == lines[0]["y2"]
    assert lines[1]["y1"] > rain[1]
    assert lines[1]["y2"] == hot[1]
    assert lines[1]["x1"] == lines[1]["x2"]


def test_ways_lead_in_all_four_directions() -> None:
    """The head of an arrow points where it leads."""
    boxes = {"middle": (1, 1), "right": (2, 1), "below": (1, 2), "left": (0, 1), "above": (1, 0)}
    ways = [("middle", "go", each) for each in ("right", "below", "left", "above")]

    svg = chart(boxes, ways, "Where?").svg

    assert re.findall(r"rotate\((\d+)\)", svg) == ["0", "90", "180", "270"]


def test_the_alternative_text_of_a_chart_tells_every_way() -> None:
    """One sentence a question, with all of its answers."""
    assert chart(BOXES, WAYS, "What to take?").alt == (
        "Rain? yes: an umbrella, no: Hot, or sunny. Hot, or sunny? yes: a <hat> of straw."
    )


@pytest.mark.parametrize(
    "ways",
    [
        [("Rain?", "yes", "a coat")],
        [("Snow?", "yes", "an umbrella")],
        [("an umbrella", "no", "a <hat>\nof straw")],
        [],
    ],
    ids=["no end", "no start", "across", "none"],
)
def test_a_way_that_cannot_be_drawn_is_refused(ways: list[tuple[str, str, str]]) -> None:
    """The message shows the way, and says what to do."""
    with pytest.raises(ValueError, match=r"chart was given the way \(.*in the same row or column"):
        chart(BOXES, ways, "What to take?")


SPEED = {"file": [1.0, 1.0, 1.0], "memory": [9.0, 30.0, 12.0]}


@pytest.fixture(scope="module")
def plot() -> Plot:
    """A plot, drawn before the tests: matplotlib keeps the files of its fonts open."""
    return dot_plot(SPEED, "speed", "How fast?")


def test_a_plot_is_a_png_with_its_numbers_in_words(plot: Plot) -> None:
    """The alternative text goes with the picture; what nbval compares has no number."""
    data, metadata = plot._repr_png_()

    assert base64.b64decode(data).startswith(b"\x89PNG")
    assert metadata == {
        "alt": "speed, the median and the range: file 1.0 (1.0 to 1.0), memory 12.0 (9.0 to 30.0)."
    }
    assert repr(plot) == "How fast?"


def test_a_plot_of_other_numbers_is_another_picture(plot: Plot) -> None:
    """And the same numbers give the same one."""
    assert dot_plot(SPEED, "speed", "How fast?").png == plot.png
    assert dot_plot(SPEED | {"memory": [9.0, 30.0, 2.0]}, "speed", "How fast?").png != plot.png


def test_a_plot_is_black_and_gray(plot: Plot) -> None:
    """Nothing in it rests on a color."""
    from matplotlib.image import imread

    dots = imread(io.BytesIO(plot.png))

    assert (dots[..., 0] == dots[..., 1]).all()
    assert (dots[..., 1] == dots[..., 2]).all()
    assert dots[..., 0].min() == 0
