"""The scoreboard as a reader has it: in a notebook, on a page, with a column of their own."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from helpers.choose import QUESTIONS, Scoreboard, scoreboard
from helpers.sample import Setup, setups

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHOWN = ("default", "plain", "memdb")
MINE = Setup("mine", "My own.", "sqlite:///mine.db")


@pytest.fixture
def board() -> Scoreboard:
    """A scoreboard whose answers are not measured, which takes no time."""
    answers = {name: ["✓ <at once>", *["–"] * (len(QUESTIONS) - 1)] for name in SHOWN}
    return Scoreboard("Three setups.", tuple(setups[name] for name in SHOWN), answers)


def test_each_cell_leads_to_its_experiment(board: Scoreboard) -> None:
    """A link to the notebook, and a sentence that says what was done."""
    html = board._repr_html_()
    for question in QUESTIONS:
        links = re.findall(rf'<a href="{question.notebook}.ipynb"([^>]*)>', html)
        same = [each for each in QUESTIONS if each.notebook == question.notebook]
        assert len(links) == len(same) * (1 + len(SHOWN))
        assert f'title="{question.ask.__doc__}'.splitlines()[0] in unescape(html)
    assert "✓</a> &lt;at once&gt;" in html


def test_the_legend_says_what_the_signs_mean(board: Scoreboard) -> None:
    """Whose default has which star, and which column needs a keeper; no other sign is explained."""
    html = board._repr_html_()

    for head in ("default ★", "plain ☆", "memdb¹"):
        assert f">{head}</th>" in html
    for text in ("✓ yes; – no; ★ what Flask-SQLAlchemy", "☆ what SQLAlchemy", "¹ measured with a"):
        assert text in html
    alone = Scoreboard("One.", (setups["file"],), {"file": ["✓"] * len(QUESTIONS)})
    assert "★" not in alone._repr_html_()
    assert "¹" not in alone._repr_html_()


def test_a_terminal_gets_text(board: Scoreboard) -> None:
    """The same cells, in columns."""
    caption, head, first, *rest = repr(board).splitlines()

    assert (caption, head.split()) == ("Three setups.", list(SHOWN))
    assert first.startswith("another thread sees my rows ")
    assert len(rest) == len(QUESTIONS) - 1


def test_a_page_needs_no_other_file(board: Scoreboard, tmp_path: Path) -> None:
    """Each link of the page leads to a section of it; a page that was saved is replaced."""
    path = board.save(tmp_path / "board.html")
    page = board.save(str(path)).read_text(encoding="utf-8")

    targets = set(re.findall(r'href="([^"]*)"', page))
    assert targets == {f"#q{number}" for number in range(1, len(QUESTIONS) + 1)}
    assert all(f'id="{target[1:]}"' in page for target in targets)
    assert not re.search(r"src=|@import|https?:", page)
    assert "Measured with SQLAlchemy 2." in page


def test_what_somebody_else_wrote_is_not_replaced(board: Scoreboard, tmp_path: Path) -> None:
    """One sentence, and nothing is lost."""
    (tmp_path / "mine.html").write_text("mine")

    with pytest.raises(FileExistsError, match="mine.html is no scoreboard, so it stays"):
        board.save(tmp_path / "mine.html")
    with pytest.raises(FileExistsError, match="is no scoreboard, so it stays"):
        board.save(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no folder .*: make it, or name another"):
        board.save(tmp_path / "none" / "board.html")
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_a_setup_of_ones_own_becomes_a_column(board: Scoreboard) -> None:
    """It is measured, and the scoreboard before it stays as it was."""
    more = board.add(MINE)

    assert more.answers["mine"][:7] == scoreboard([setups["file"]], "").answers["file"][:7]
    assert more.answers["mine"][7:] == ["✓ in mine.db", "✓"]
    assert [*more.answers] == [*SHOWN, "mine"]
    assert [*board.answers] == [*SHOWN]
    assert more.answer("rows outlive the program", "mine") == "✓ in mine.db"
    assert len(more.cells()) == 4 * len(QUESTIONS)


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("nonsense", {}, "'mine' makes no engine"),
        ("nosuch://host/db", {}, "'mine' makes no engine"),
        ("sqlite://", {"nonsense": 1}, "'mine' makes no engine"),
        ("sqlite:////{}/shop.db", {}, "names the file .*shop.db, and the questions drop tables"),
        ("sqlite:///../shop.db", {}, "names the file ../shop.db, and the questions drop tables"),
        ("sqlite:///file:shop.db?uri=true", {}, "names the file file:shop.db, and the questions"),
        ("sqlite:////{}/memdb/shop.db", {}, "names the file .*memdb/shop.db, and the questions"),
        ("sqlite:///file:{}/memdb/shop.db?uri=true", {}, "names the file file:.*shop.db, and"),
        ("sqlite:///file:shop.db?uri=true&memdb=1", {}, "names the file file:shop.db, and the"),
        ("sqlite:///mine.db", {"creator": print}, "has the option creator, which can open any"),
        ("postgresql+psycopg://127.0.0.1:1/shop", {}, "'mine' cannot be reached: Operational"),
    ],
)
def test_a_setup_that_cannot_be_tried_is_refused(
    board: Scoreboard, tmp_path: Path, url: str, options: dict[str, object], message: str
) -> None:
    """One sentence; the questions drop tables, so what may be somebody's data is not touched."""
    with pytest.raises(ValueError, match=message):
        board.add(Setup("mine", "My own.", url.format(tmp_path.as_posix().lstrip("/")), options))


def test_other_bad_input_is_told_so(board: Scoreboard) -> None:
    """What was given, and what is expected."""
    with pytest.raises(TypeError, match="A column is made of a Setup, but was given 3"):
        board.add(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="There is a column 'plain'"):
        board.add(setups["plain"])
    with pytest.raises(KeyError, match="'mine' is not on this scoreboard, which has: default"):
        board.answer("rows survive dispose()", "mine")
    with pytest.raises(KeyError, match="'x' is not on this scoreboard, which has: another"):
        board.answer("x", "plain")


def test_a_setup_that_fails_at_a_question_gets_the_error(board: Scoreboard) -> None:
    """The others are asked all the same."""
    refused = Setup("mine", "Refused.", "sqlite:///mine.db", on_connect=("PRAGMA query_only = 1",))

    assert (
        "– OperationalError: attempt to write a readonly database"
        in board.add(refused).answers["mine"]
    )


def test_each_experiment_is_shown_in_a_notebook() -> None:
    """The file is there."""
    for question in QUESTIONS:
        assert (NOTEBOOKS / f"{question.notebook}.ipynb").is_file(), question.text
