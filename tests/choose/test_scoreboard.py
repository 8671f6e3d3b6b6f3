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

from helpers.choose import (
    QUESTIONS,
    ask_all,
    configuration_is_enough,
    seen_by_another_process,
    time_rounds,
)
from helpers.diagnose import diagnose
from helpers.sample import Setup, add_lamp, count, finds_the_lamp, setups, start_over, store_a_lamp
from helpers.spawn import PostgresServer, TemporaryFolder

TRAPS = [name for name, setup in setups.items() if setup.trap]
CURES = [name for name, setup in setups.items() if not setup.trap and name != "postgresql"]

# What QUESTIONS are answered with, in their order.
PRIVATE = ["no", "no", "no wait", "no", "nothing"]
FILE = ["yes", "yes, in turns", "yes", "yes", "shop.db"]
FACTS = {
    "default": ["no", "yes", "no wait", "no", "nothing", "yes"],
    "plain": [*PRIVATE, "no: StaticPool"],
    "trap": [*PRIVATE, "yes"],
    "no thread check": [*PRIVATE, "no: StaticPool"],
    "bootstrap": [*PRIVATE, "no: a listener"],
    "file": [*FILE, "yes"],
    "wal": [*FILE, "no: a listener"],
    "memdb": ["no", "yes, in turns", "yes", "yes", "nothing", "no: a keeper"],
    "shared cache": ["no", "no", "no", "yes", "nothing", "no: a keeper"],
    "pool of one": ["no", "yes, in turns", "yes", "no", "nothing", "yes"],
    "postgresql": ["yes", "yes", "no wait", "yes", "on the server", "yes"],
}

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


def answers(setup: Setup, folder: TemporaryFolder) -> list[str]:
    """What every question is answered with."""
    return [row[setup.name] for row in ask_all([setup], QUESTIONS, folder)]


@pytest.mark.parametrize("name", CURES)
def test_the_answers_of_a_cure(name: str, folder: TemporaryFolder) -> None:
    """As in the table above."""
    assert answers(setups[name], folder) == FACTS[name]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[trap_debris] * (name != "default")) for name in TRAPS]
)
@pytest.mark.usefixtures("no_records")
def test_the_answers_of_what_people_have(name: str, folder: TemporaryFolder) -> None:
    """As in the table above."""
    found = answers(setups[name], folder)
    gc.collect()

    assert found == FACTS[name]


def test_the_answers_of_a_server(postgresql: Setup, folder: TemporaryFolder) -> None:
    """The rows of one question are gone before the next, although the server keeps them."""
    assert answers(postgresql, folder) == FACTS["postgresql"]


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

    assert [{True: "yes", False: "no"}[bool(yes)] for yes in said] == FACTS[name][0:4:3]


def test_a_memory_database_without_its_keeper_does_not_survive(folder: TemporaryFolder) -> None:
    """It is the keeper that the answer stands on."""
    alone = replace(setups["memdb"], keep_alive=False)

    assert QUESTIONS["survives dispose()"](alone, folder.new()) == "no"
    assert configuration_is_enough(alone, folder.new()) == "yes"


def test_a_file_that_flask_sqlalchemy_puts_elsewhere_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same pool on another file is not what the configuration says."""
    monkeypatch.chdir(tmp_path)
    relative = Setup("relative", "A file below the working directory.", "sqlite:///file:s?uri=true")

    answer = configuration_is_enough(relative, tmp_path)

    assert answer.startswith("no: ")
    assert Path(answer.removeprefix("no: ")).parent == tmp_path / "instance"


def test_a_process_that_cannot_look_is_an_error_and_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A no is measured; it is not what is left when nothing was."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # where Python finds nothing

    with pytest.raises(RuntimeError, match="The other process could not look: "):
        seen_by_another_process(setups["file"], tmp_path)


def test_each_question_gets_an_empty_folder(folder: TemporaryFolder) -> None:
    """One row a question, one column a set-up, and nobody meets another one's files."""

    def files(setup: Setup, path: Path) -> str:
        found = len(list(path.iterdir()))
        Path(path, "left").touch()
        return f"{setup.name}: {found}"

    rows = ask_all(iter([setups["file"], setups["wal"]]), {"one": files, "two": files}, folder)

    assert rows == [
        {"question": "one", "file": "file: 0", "wal": "wal: 0"},
        {"question": "two", "file": "file: 0", "wal": "wal: 0"},
    ]


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
