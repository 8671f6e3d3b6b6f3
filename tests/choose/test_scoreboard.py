"""The scoreboard: what each question answers, and that no cure can be swapped for a trap."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from helpers.choose import QUESTIONS, Question, scoreboard, time_rounds
from helpers.diagnose import diagnose
from helpers.sample import Setup, add_lamp, count, finds_the_lamp, setups, start_over, store_a_lamp
from helpers.spawn import PostgresServer, TemporaryFolder

TRAPS = [name for name, setup in setups.items() if setup.trap]
CURES = [name for name, setup in setups.items() if not setup.trap and name != "postgresql"]

# What QUESTIONS are answered with, in their order.
PRIVATE = ["–", "–", "–", "–", "– one fails", "– no lock", "–", "–"]
FILE = ["✓", "✓", "✓", "✓", "✓ in turns", "✓", "✓", "✓ in shop.db"]
FACTS = {
    "default": ["✓", "–", "–", "–", "– in one transaction", "– no lock", "–", "–", "✓"],
    "plain": [*PRIVATE, "– replaced by StaticPool"],
    "trap": [*PRIVATE, "✓"],
    "no thread check": [*PRIVATE, "– replaced by StaticPool"],
    "bootstrap": [*PRIVATE, "– needs a listener"],
    "file": [*FILE, "✓"],
    "wal": [*FILE, "– needs a listener"],
    "memdb": ["✓", "✓ readers wait", "✓", "–", "✓ in turns", "✓", "✓", "–", "– needs a keeper"],
    "shared cache": [
        "✓", "✓ readers fail", "✓", "–", "– one fails", "– fails at once", "✓", "–",
        "– needs a keeper",
    ],
    "pool of one": ["✓", "✓ readers wait", "✓", "–", "✓ in turns", "✓", "–", "–", "✓"],
    "postgresql": ["✓", "✓", "✓", "✓", "✓ at once", "✓ never waits", "✓", "✓ on the server", "✓"],
}  # fmt: skip

# A connection that only its thread may close ends with its pool, unclosed: that is the trap.
trap_debris = pytest.mark.filterwarnings(
    "ignore:unclosed database:ResourceWarning",
    "ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture
def no_records(caplog: pytest.LogCaptureFixture) -> None:
    """Let pytest record nothing of the pool: a record would keep a connection alive."""
    caplog.set_level(logging.CRITICAL, "sqlalchemy.pool")


@pytest.fixture
def folder() -> Iterator[TemporaryFolder]:
    """Where the databases are."""
    with TemporaryFolder() as folder:
        yield folder


@pytest.fixture
def postgresql(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    """The set-up, with a server."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with PostgresServer() as server:
        yield setups["postgresql"].at(server.url)


def answers(setup: Setup) -> list[str]:
    """What every question is answered with."""
    return scoreboard([setup], "A setup.").answers[setup.name]


def asked(text: str, setup: Setup, folder: Path) -> str:
    """What one question is answered with."""
    [question] = [each for each in QUESTIONS if each.text == text]
    return question.ask(setup, folder)


@pytest.mark.parametrize("name", CURES)
def test_the_answers_of_a_cure(name: str) -> None:
    """As in the table above."""
    assert answers(setups[name]) == FACTS[name]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[trap_debris] * (name != "default")) for name in TRAPS]
)
@pytest.mark.usefixtures("no_records")
def test_the_answers_of_what_people_have(name: str) -> None:
    """As in the table above."""
    found = answers(setups[name])
    gc.collect()

    assert found == FACTS[name]


def test_the_answers_of_a_server(postgresql: Setup) -> None:
    """The rows of one question are gone before the next, although the server keeps them."""
    assert answers(postgresql) == FACTS["postgresql"]


@pytest.mark.parametrize("cure", [*CURES, "postgresql"])
def test_no_trap_passes_for_a_cure(cure: str) -> None:
    """Whichever set-up takes the place of a cure, an answer changes."""
    assert [trap for trap in TRAPS if FACTS[trap] == FACTS[cure]] == []
    assert [*FACTS] == list(setups)


@pytest.mark.parametrize("name", ["default", "file", "wal", "pool of one"])
def test_the_scoreboard_says_what_diagnose_says(name: str, folder: TemporaryFolder) -> None:
    """Two ways of asking, one answer; diagnose cannot know of a keeper in other hands."""
    with setups[name].engine(folder.new()) as engine:
        [report] = diagnose(engine).engines
    said = [report.answers[key].yes for key in ("another_process", "survives_dispose")]

    assert [{True: "✓", False: "–"}[bool(yes)] for yes in said] == FACTS[name][3:7:3]


def test_a_memory_database_without_its_keeper_does_not_survive(folder: TemporaryFolder) -> None:
    """It is the keeper that the answer stands on."""
    alone = replace(setups["memdb"], keep_alive=False)

    assert asked("rows survive dispose()", alone, folder.new()) == "–"
    assert asked("a URL and options are enough", alone, folder.new()) == "✓"


def test_a_file_that_flask_sqlalchemy_puts_elsewhere_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same pool on another file is not what the configuration says."""
    monkeypatch.chdir(tmp_path)
    relative = Setup("relative", "A file below the working directory.", "sqlite:///file:s?uri=true")

    answer = asked("a URL and options are enough", relative, tmp_path)

    assert answer.startswith("– replaced by ")
    assert Path(answer.removeprefix("– replaced by ")).parent == tmp_path / "instance"


def test_a_process_that_cannot_look_is_an_error_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A no is measured; it is not what is left when nothing was."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # where Python finds nothing

    with pytest.raises(RuntimeError, match="The other process could not look: "):
        asked("another process sees my rows", setups["file"], tmp_path)


def test_each_question_gets_an_empty_folder() -> None:
    """One row a question, one column a setup, and nobody meets another one's files."""

    def files(setup: Setup, path: Path) -> str:
        found = len(list(path.iterdir()))
        Path(path, "left").touch()
        return f"{setup.name}: {found}"

    rows = [Question("one", files, ""), Question("two", files, "")]
    board = scoreboard(iter([setups["file"], setups["wal"]]), "Files.", rows)

    assert board.answers == {"file": ["file: 0"] * 2, "wal": ["wal: 0"] * 2}


def test_set_ups_take_turns_and_the_first_time_is_not_counted(folder: TemporaryFolder) -> None:
    """Each has a number a round, all above zero."""
    order: list[Engine] = []

    def work(engine: Engine) -> None:
        order.append(engine)
        with Session(engine) as session:
            add_lamp(session)
            session.commit()

    seconds = time_rounds([setups["file"], setups["memdb"]], work, folder, rounds=2)

    assert order == [*order[:2]] * 3
    assert order[0] is not order[1]
    assert {name: len(each) for name, each in seconds.items()} == {"file": 2, "memdb": 2}
    assert min(min(each) for each in seconds.values()) > 0


def test_tables_that_are_there_start_empty(folder: TemporaryFolder) -> None:
    """On a server they are those of the question before."""
    with setups["file"].engine(folder.new()) as engine:
        assert not finds_the_lamp(engine)
        store_a_lamp(engine)
        store_a_lamp(engine)
        assert finds_the_lamp(engine)
        start_over(engine)
        with Session(engine) as session:
            assert count(session) == 0
