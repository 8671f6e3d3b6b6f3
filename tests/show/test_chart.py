"""Chart and plot: what is drawn, and what is read aloud."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from helpers.publish.execute import sanitized
from helpers.show import Figure, chart, dot_plot

SVG = "{http://www.w3.org/2000/svg}"


def texts(figure: Figure) -> list[str]:
    """The texts of a drawing, in order."""
    return [str(text.text) for text in ElementTree.fromstring(figure.drawn).iter(f"{SVG}text")]


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
    found = [each.attrib for each in ElementTree.fromstring(figure.drawn).iter(f"{SVG}rect")]
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
        for line in ElementTree.fromstring(chart(BOXES, WAYS, "What?").drawn).iter(f"{SVG}line")
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

    svg = str(chart(boxes, ways, "Where?").drawn)

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
    ],
    ids=["no end", "no start", "across"],
)
def test_a_way_that_cannot_be_drawn_is_refused(ways: list[tuple[str, str, str]]) -> None:
    """The message shows the way, and says what to do."""
    with pytest.raises(ValueError, match=r"chart was given the way \(.*in the same row or column"):
        chart(BOXES, ways, "What to take?")


def test_a_chart_without_a_way_is_refused() -> None:
    """The message says what to give."""
    with pytest.raises(ValueError, match="^chart was given no way: give at least one"):
        chart(BOXES, [], "What to take?")


SPEED = {"file": [1.0, 1.0, 1.0], "memory": [9.0, 30.0, 12.0]}


def test_a_plot_has_alternative_text_without_numbers() -> None:
    """What is compared of it has no number, since they differ from run to run."""
    plot = dot_plot(SPEED, "speed", "How fast?")

    assert plot.alt == "speed: a dot for the median and a line for the range of file, memory."
    assert "<figcaption>How fast?</figcaption>" in plot._repr_html_()


def test_plots_of_other_numbers_are_compared_by_their_words() -> None:
    """And the same numbers give the same picture."""
    slow = dot_plot(SPEED, "speed", "How fast?")
    fast = dot_plot(SPEED | {"memory": [9.0, 30.0, 2.0]}, "speed", "How fast?")
    other = dot_plot(SPEED, "speed", "How slow?")

    assert dot_plot(SPEED, "speed", "How fast?").drawn == slow.drawn
    assert fast.drawn != slow.drawn
    assert compared(fast) == compared(slow) != compared(other)


def compared(figure: Figure) -> list[dict[str, str]]:
    """What is compared of an output."""
    return sanitized([{"data": {"text/html": figure._repr_html_()}}])


def test_a_plot_draws_the_median_of_each_row_where_it_stands_on_the_scale() -> None:
    """On a logarithmic scale, 10 stands in the middle between 1 and 100."""
    drawn = dot_plot({"a": [1], "b": [10, 9, 11], "c": [100]}, "speed", "How fast?").drawn
    first, middle, last = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', drawn))

    assert middle - first == pytest.approx(last - middle, abs=0.2)
    assert re.findall(r">([\d.]+)</text>", drawn) == [
        *("1", "2", "5", "10", "20", "50", "100"),  # the scale
        *("1.0", "10.0", "100.0"),  # the dots
    ]


def test_a_plot_is_black_and_white() -> None:
    """Nothing in it rests on a color."""
    assert set(re.findall(r"#\w+", dot_plot(SPEED, "speed", "How fast?").drawn)) == {"#111", "#fff"}


@pytest.mark.parametrize("numbers", [{}, {"file": []}, {"file": [0.0]}])
def test_a_plot_of_nothing_is_refused(numbers: dict[str, list[float]]) -> None:
    """The message shows the numbers, and says what to give."""
    with pytest.raises(
        ValueError, match=r"dot_plot was given \{.*give each row some numbers above"
    ):
        dot_plot(numbers, "speed", "How fast?")
