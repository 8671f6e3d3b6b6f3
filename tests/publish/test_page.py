"""Markdown and code as they are printed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from markupsafe import Markup

from helpers.publish.page import beside, breakable, folded, for_paper, side_by_side, source
from helpers.publish.papers import case_files

CASE = case_files(Path(__file__).parents[2] / "helpers" / "case" / "project")
WIDTH = 52


@pytest.mark.parametrize("name", CASE)
def test_code_in_a_column_is_broken_where_it_can_be_read(name: str) -> None:
    """Every line fits, a mark says what goes on, and no name and no number is broken."""
    for line in CASE[name].splitlines():
        parts = folded(line, WIDTH)

        assert max(map(len, parts)) <= WIDTH
        assert all(re.match(" *↪ [^ ]", part) for part in parts[1:])
        assert "".join(re.sub(" *↪ |\\s", "", part) for part in parts) == re.sub(r"\s", "", line)
        for one, other in pairwise(parts):
            ends, begins = one[-1], other.partition("↪ ")[2][0]
            assert not re.match(r"\w\w", ends + begins) or line.count(f"{ends} {begins}")


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("short = 1", ["short = 1"]),
        ("    total = first + second", ["    total = first +", "      ↪ second"]),
        ('say("one two", "three")', ['say("one two",', '  ↪ "three")']),
        ("session.scalars.first()", ["session.scalars", "  ↪ .first()"]),
        ('open("sqlite:///shop?vfs=memdb")', ["open(", '  ↪ "sqlite:///shop?', '  ↪ vfs=memdb")']),
        ("x" * 24, ["x" * 20, "  ↪ xxxx"]),
    ],
)
def test_where_a_line_is_broken(line: str, parts: list[str]) -> None:
    """At a space, a bracket or a dot outside of a string, else inside of it, else anywhere."""
    assert folded(line, 20) == parts


def test_code_stands_in_two_columns_where_that_saves_room() -> None:
    """Parted at the blank line nearest to the middle; a few lines stay as they are."""
    first, second = "\n".join(["one()"] * 12), "\n".join(["two()"] * 11)

    assert side_by_side(f"{first}\n\n{second}") == (
        f'<div class="beside"><pre><code>{first}</code></pre>\n'
        f"<pre><code>{second}</code></pre></div>"
    )
    assert side_by_side("one()\n\ntwo()") == source("one()\n\ntwo()")
    assert side_by_side("\n".join(["one()"] * 24)).count("<pre>") == 1


def test_code_in_a_cell_is_code_on_paper() -> None:
    """And what else stands there is shown as it is."""
    assert "<td>an engine on <code>:memory:</code> &amp; a &lt;pool&gt;</td>" in for_paper(
        "<table><tr><td>an engine on `:memory:` &amp; a &lt;pool&gt;</td></tr></table>"
    )


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("db.session.get_bind(Item).url", ["db", ".session", ".get_bind(", "Item).url"]),
        ("sqlite:///file:///shop?vfs=memdb", ["sqlite:///", "file:///", "shop?", "vfs=memdb"]),
        ("with_name('shop.db')", ["with_name(", "'shop.db')"]),
        ("create_all()", ["create_all()"]),
    ],
)
def test_where_code_in_a_sentence_may_be_broken(code: str, parts: list[str]) -> None:
    """Behind a bracket and before a dot, never inside of a name; other text stays as it is."""
    broken = "<wbr/>".join(parts)

    assert breakable(f"<p>a.long_word <code>{code}</code></p>") == (
        f"<p>a.long_word <code>{broken}</code></p>"
    )


@pytest.mark.parametrize(
    ("code", "is_beside"), [('f"sqlite:///{path}"', True), ('f"sqlite:///{' + "p" * 60, False)]
)
def test_a_text_whose_code_is_too_wide_is_below_its_table(code: str, is_beside: bool) -> None:
    """Beside it, a URL that is to be copied would be torn."""
    table = Markup("<table><tr><td>{}</td></tr></table>").format("x" * 50)
    laid = beside(table, Markup("<p>Write <code>{}</code>.</p>").format(code))

    assert ('class="row"' in laid) == is_beside
