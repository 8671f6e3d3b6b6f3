"""Tables: the same columns in the whole lesson, whole texts, and a caption."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from typing import Any

import pytest

from helpers.look import Observation
from helpers.show import COLUMNS, grid, table

LONG = "OperationalError: " + "no such table: item and more, " * 20


def a_look(**changes: Any) -> Observation:
    """An observation as a view answers it, with some values changed."""
    look: Observation = {
        "step": "list items",
        "place": "view /items",
        "thread": "T2",
        "thread_name": "request-1",
        "thread_id": "tid-4711",
        "db": "id-140217081128000",
        "connection": "C2",
        "database": "D2",
        "transaction": False,
        "result": "['lamp']",
        "failed": False,
    }
    look.update(changes)  # type: ignore[typeddict-item]
    return look


def cells(html: str, name: str) -> list[str]:
    """The texts of all ``th`` or ``td`` elements."""
    return [unescape(text) for text in re.findall(rf"<{name}[^>]*>(.*?)</{name}>", html)]


def test_a_table_has_the_columns_of_the_lesson() -> None:
    """Five columns, in an order that never changes, under an index with a name."""
    html = table([a_look()], "A caption.")._repr_html_()

    assert len(COLUMNS) <= 5
    assert cells(html, "th") == ["look", *COLUMNS, "1"]


def test_a_row_shows_what_was_observed() -> None:
    """A thread is shown with its label, its name and its id."""
    html = table([a_look()], "A caption.")._repr_html_()

    assert cells(html, "td") == [
        "list items",
        "T2 request-1 (tid-4711)",
        "C2",
        "D2",
        "['lamp']",
    ]


def test_a_failed_look_is_marked_by_a_sign() -> None:
    """The mark is a sign in the text, as color alone would not do."""
    shown = table([a_look(failed=True, result="OperationalError: no such table: item")], "Trap.")

    assert cells(shown._repr_html_(), "td")[-1] == "✗ OperationalError: no such table: item"
    assert "✗ OperationalError: no such table: item" in repr(shown)


def test_rows_are_numbered_in_the_order_given() -> None:
    """The first look is number 1."""
    looks = (a_look(step=step) for step in ("create", "add", "list"))

    frame = table(looks, "A caption.").frame

    assert list(frame["step"]) == ["create", "add", "list"]
    assert list(frame.index) == [1, 2, 3]
    assert frame.index.name == "look"


def test_looks_that_came_as_json_are_shown() -> None:
    """What a view answered is as good as what a cell observed."""
    looks = [a_look()]

    by_json = table(json.loads(json.dumps(looks)), "A caption.")

    assert by_json._repr_html_() == table(looks, "A caption.")._repr_html_()


def test_the_caption_stands_above_the_rows_and_in_the_text() -> None:
    """A caption with special signs is text in both forms."""
    shown = table([a_look()], "Threads & databases <1>")

    assert cells(shown._repr_html_(), "caption") == ["Threads & databases <1>"]
    assert "Threads &amp; databases &lt;1&gt;" in shown._repr_html_()
    assert shown._repr_html_().index("<caption") < shown._repr_html_().index("<thead")
    assert repr(shown).startswith("Threads & databases <1>\n")


def test_no_text_is_cut_and_no_row_left_out() -> None:
    """An error message is shown to its end, in the hundredth row as well."""
    shown = table([a_look(result=f"{LONG}{n}") for n in range(100)], "A caption.")

    assert cells(shown._repr_html_(), "td")[-1] == f"{LONG}99"
    assert f"{LONG}99" in repr(shown)
    assert len(shown._repr_html_().split("<tr")) == 102  # one row is the head


def test_a_result_that_looks_like_html_is_shown_as_text() -> None:
    """What a database answers cannot change the page."""
    html = table([a_look(result="<script>")], "A caption.")._repr_html_()

    assert "<script>" not in html
    assert cells(html, "td")[-1] == "<script>"


def test_no_looks_make_an_empty_table() -> None:
    """The columns are there before the first look is."""
    assert cells(table([], "A caption.")._repr_html_(), "td") == []


def test_a_single_look_instead_of_a_list_is_refused() -> None:
    """The message says what was given and what to pass."""
    with pytest.raises(TypeError, match=r"table was given 'step', .* pass a list of what"):
        table(a_look(), "A caption.")  # type: ignore[arg-type]


def test_a_grid_shows_rows_of_any_shape() -> None:
    """One key names the rows, the others are the columns."""
    html = grid([{"pool": "StaticPool", "rows": 3}], "Pools.", index="pool")._repr_html_()

    assert cells(html, "th") == ["pool", "rows", "StaticPool"]
    assert cells(html, "td") == ["3"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "grid was given no row: pass at least one"),
        ([{"rows": 3}], "grid was given the row {'rows': 3}: let all rows have the same keys"),
        (
            [{"pool": "StaticPool", "rows": 3}, {"pool": "NullPool"}],
            "grid was given the row {'pool': 'NullPool'}: let all rows have the same keys",
        ),
    ],
    ids=["no row", "no name", "a value missing"],
)
def test_rows_that_make_no_grid_are_refused(rows: list[dict[str, Any]], said: str) -> None:
    """A gap would be shown as NaN, which is nothing that was measured."""
    with pytest.raises(ValueError, match=re.escape(said)):
        grid(rows, "Pools.", index="pool")


INTERRUPTED = """
import _thread, sys
from helpers.show import grid

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy.linalg":
            _thread.interrupt_main()

sys.meta_path.insert(0, Interrupt())
rows = [{"name": "lamp"}, {"name": "mug"}]
try:
    print(grid(rows, "One", index="name"))
except KeyboardInterrupt:
    print("interrupted")
print(grid(rows, "Two", index="name").caption)
"""


def test_an_interrupt_while_pandas_is_loaded_leaves_no_half_of_it() -> None:
    """The next table is there, which a half of NumPy would refuse until the kernel restarts."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60
    )

    assert (done.stdout.split(), done.stderr) == (["interrupted", "Two"], "")
