"""The scoreboard: each setup asked each question, on a new database each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from helpers.choose.page import MADE_BY, as_page, as_table, as_text
from helpers.choose.questions import QUESTIONS, Question
from helpers.look import describe_error
from helpers.sample import Setup
from helpers.spawn import TemporaryFolder

OPENS_ELSEWHERE = {"creator", "module", "pool"}


@dataclass(frozen=True)
class Scoreboard:
    """A row for each question, and a column for each setup; shown as a table in a notebook.

    :param caption: one sentence that says what to look at.
    :param setups: the columns.
    :param answers: for each setup, by its name, the answers in the order of ``QUESTIONS``.
    """

    caption: str
    setups: tuple[Setup, ...]
    answers: dict[str, list[str]]

    def answer(self, question: str, setup: str) -> str:
        """One cell.

        :param question: the name of a row.
        :param setup: the name of a column.
        :raises KeyError: when there is no such row or column.
        """
        names = [each.text for each in QUESTIONS]
        if question not in names or setup not in self.answers:
            known = names if question not in names else list(self.answers)
            given = question if question not in names else setup
            raise KeyError(f"{given!r} is not on this scoreboard, which has: {', '.join(known)}.")
        return self.answers[setup][names.index(question)]

    def cells(self) -> list[dict[str, str]]:
        """Every cell as a row of its own, with its question, setup and answer."""
        return [
            {"question": question.text, "setup": name, "answer": answer}
            for name, answers in self.answers.items()
            for question, answer in zip(QUESTIONS, answers, strict=True)
        ]

    def add(self, setup: Setup) -> Scoreboard:
        """The same scoreboard with one more column, which is measured now.

        :param setup: such as ``Setup("mine", "My own.", "sqlite:///mine.db")``.
        :raises TypeError: when it is no setup.
        :raises ValueError: when its name is taken, or it cannot be tried without a risk for data.
        """
        if not isinstance(setup, Setup):
            raise TypeError(
                f"A column is made of a Setup, but was given {setup!r}: pass"
                ' Setup("mine", "My own.", "sqlite:///mine.db").'
            )
        if setup.name in self.answers:
            raise ValueError(f"There is a column {setup.name!r}: give yours another name.")
        refuse_what_is_not_ours(setup)
        column = scoreboard([setup], self.caption)
        return Scoreboard(self.caption, (*self.setups, setup), self.answers | column.answers)

    def save(self, path: str | Path) -> Path:
        """Write a page that needs no other file, to be shown to others.

        :param path: where to; a scoreboard that was saved there is replaced.
        :return: the path.
        :raises FileExistsError: when something else is there.
        :raises FileNotFoundError: when there is no such folder.
        """
        path = Path(path)
        if path.exists() and (
            not path.is_file() or MADE_BY not in path.read_text("utf-8", "replace")
        ):
            raise FileExistsError(f"{path} is no scoreboard, so it stays: choose another name.")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {path.parent}: make it, or name another.")
        path.write_text(as_page(self.caption, self.setups, self.answers), encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return as_text(self.caption, self.answers)

    def _repr_html_(self) -> str:
        return as_table(self.caption, self.setups, self.answers)


def scoreboard(
    setups: Iterable[Setup], caption: str, questions: Sequence[Question] = QUESTIONS
) -> Scoreboard:
    """Ask each setup each question.

    :param setups: the columns.
    :param caption: one sentence that says what to look at.
    :param questions: the rows.
    """
    setups = tuple(setups)
    with TemporaryFolder() as folder:
        answers = {
            setup.name: [ask(question, setup, folder.new()) for question in questions]
            for setup in setups
        }
    return Scoreboard(caption, setups, answers)


def ask(question: Question, setup: Setup, folder: Path) -> str:
    """The answer of a setup to a question, or the error that it ends with.

    :param folder: an empty one.
    """
    try:
        return question.ask(setup, folder)
    except SQLAlchemyError as error:  # of a setup that does not get as far as an answer
        return f"– {describe_error(error)}"


def _is_in_memory(url: URL) -> bool:
    """Whether SQLite opens no file: by the name, or by a parameter of a ``file:`` name."""
    name = url.database or ""
    if not name.startswith("file:"):
        return name in ("", ":memory:")
    return url.query.get("vfs") == "memdb" or url.query.get("mode") == "memory"


def refuse_what_is_not_ours(setup: Setup) -> None:
    """Each question begins by dropping the table ``item``: only a new database is safe.

    :raises ValueError: when a setup would reach a database that is there already.
    """
    try:
        url = make_url(setup.url)
        engine = create_engine(url, **setup.options)
    except (ArgumentError, ImportError, SQLAlchemyError, TypeError) as error:
        raise ValueError(f"{setup.name!r} makes no engine ({error}): correct it.") from None
    if elsewhere := OPENS_ELSEWHERE & setup.options.keys():
        raise ValueError(
            f"{setup.name!r} has the option {min(elsewhere)}, which can open any database, and the"
            " questions drop tables: leave it out, and say with the URL which one."
        )
    if url.get_backend_name() == "sqlite":
        name = url.database or ""
        if not _is_in_memory(url) and (Path(name).name != name or name.startswith("file:")):
            raise ValueError(
                f"{setup.name!r} names the file {name}, and the questions drop tables: give a name"
                " without a folder, as in sqlite:///mine.db, and it is tried in a new folder."
            )
        return
    try:
        taken = inspect(engine).has_table("item")
    except SQLAlchemyError as error:
        raise ValueError(f"{setup.name!r} cannot be reached: {describe_error(error)}.") from None
    finally:
        engine.dispose()
    if taken:
        raise ValueError(
            f"The database of {setup.name!r} has a table item, which the questions would drop:"
            " name an empty database."
        )
