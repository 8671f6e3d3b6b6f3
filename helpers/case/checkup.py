"""The tests of a project, and diagnose."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from helpers.case.files import PROJECT
from helpers.case.findings import BUT, STILL, Findings
from helpers.case.host import Failed, Host

HERE = Path(__file__).parent
DIAGNOSE = str(HERE.parent / "diagnose")
PYTEST = ["-m", "pytest", "-q", "-rA", "--tb=no", "--color=no", "--basetemp=.tests"]
PYTEST += ["-p", "no:cacheprovider"]
AS_IT_WAS, ADDED = OURS = ("test_as_it_was.py", "test_variant.py")  # beside those of the learner
VARIANT = {  # test of variant.py: its grade, and what it shows when it fails
    "test_another_thread": (STILL, "A live server in a thread does not see three products."),
    "test_an_order_of_one_test": (
        STILL,
        "The first order of a test is not order 1: the test before it has left one.",
    ),
    "test_is_not_there_in_the_next": (STILL, "A test sees the order of the test before it."),
    "test_after_dispose": (
        BUT,
        "The tests are green. But only the connection pool holds their database: after"
        " `db.engine.dispose()` it is gone. Notebook 08 shows who else can hold it.",
    ),
    "test_two_sessions": (
        BUT,
        "The tests are green. But all sessions share one connection: when one of them rolls back,"
        " another one's order vanishes, as in notebook 07.",
    ),
}


@dataclass(frozen=True)
class Result:
    """How one test ended: a word of pytest, the file, the name, and the message if there is one."""

    word: str
    file: str
    name: str
    message: str


def test_results(host: Host, tests: str = "tests") -> tuple[list[Result], str]:
    """Run the tests in a copy of a project; how each ended, and all that pytest said.

    :param host: has the copy.
    :param tests: the folder or the file to run.
    """
    _, output = host.start(sys.executable, *PYTEST, tests, name="pytest", SHOP_SETTINGS="")
    lines = re.findall(r"^(PASSED|FAILED|ERROR) (\S+?)(?:::(\S+))?(?: - (.*))?$", output, re.M)
    return [
        Result(word, Path(file).name, name or file, shorter(message) if message else "")
        for word, file, name, message in lines
    ], output


def run_tests(host: Host, found: Findings) -> None:
    """Run the learner's tests, the project's tests as they were, and those of variant.py.

    :param host: has a copy of the project.
    :param found: gets a note of what fails.
    """
    tests = host.folder / "tests"
    tests.mkdir(exist_ok=True)
    original = (PROJECT / "tests" / "test_shop.py").read_text(encoding="utf-8")
    proof = host.folder / f"{uuid4()}.txt"
    variant = (HERE / "variant.py").read_text(encoding="utf-8").replace("proof.txt", proof.name)
    (tests / AS_IT_WAS).write_text(original, encoding="utf-8")
    (tests / ADDED).write_text(variant, encoding="utf-8")
    results, output = test_results(host)
    ran = proof.read_text(encoding="utf-8").split() if proof.exists() else []
    passed = {(each.file, each.name.partition("[")[0]) for each in results if each.word == "PASSED"}
    missed = [name for name in VARIANT if (ADDED, name) not in passed]
    if "test_another_thread" not in missed:  # else the messages of the tests say more
        _note_variant(missed, found)
    for name in VARIANT:
        if name not in missed and name not in ran:
            text = f"pytest says that {name} passed, and it never came to its end."
            found.note("tests", STILL, text)
    for each in results:
        if each.word != "PASSED" and each.name not in VARIANT:
            found.note("tests", STILL, f"{each.name}: {said_of(each)}.")
    names = re.findall(r"^def (test_\w+)", original, re.M)
    for name in names:
        if (AS_IT_WAS, name) not in passed:
            found.note("tests", STILL, f"{name}, as it was, does not pass: {last_line(output)}.")
    if all((AS_IT_WAS, name) in passed for name in names):
        asking = {Path(line).name for line in ran if line.endswith(".py")}
        _note_own(names, results, asking, found)
    _note_variant(missed, found)
    found.looked("tests")


def _note_own(names: list[str], results: list[Result], asking: set[str], found: Findings) -> None:
    """What the learner's tests no longer watch over.

    :param names: the tests of the project, as it was.
    :param results: how all tests ended.
    :param asking: the files whose tests sent the shop a request.
    """
    own = {each.name.partition("[")[0].split("::")[-1] for each in results if each.file not in OURS}
    if not own:
        found.note("tests", STILL, "None of the shop's own tests runs any more.")
    elif not asking - set(OURS):
        found.note("tests", STILL, "None of the shop's own tests asks the shop any more.")
    elif lost := [name for name in names if name not in own]:
        text = f"The tests are green. But these of the shop don't run any more: {', '.join(lost)}."
        found.note("tests", BUT, f"{text} Nothing watches over what they promise.")


def _note_variant(missed: list[str], found: Findings) -> None:
    for name in missed:
        found.note("tests", *VARIANT[name])


def said_of(result: Result) -> str:
    """Why a test did not pass; pytest has no message where it could not begin."""
    if result.name.endswith(".py"):
        return result.message or "it cannot be imported"
    return result.message or "what it gets from its fixture cannot be made"


def shorter(message: str) -> str:
    """The message of a test without what pytest and SQLAlchemy put before it."""
    return re.sub(r"^sqlalchemy\.exc\.|[(]sqlite3\.\w+[)] ", "", message).rstrip(".") or "failed"


def last_line(output: str) -> str:
    """What pytest or diagnose says in the end."""
    lines = [line for line in output.splitlines() if line.strip()]
    return re.sub(r"^(E +|\s+)", "", lines[-1]) if lines else "not a word"


def run_diagnose(host: Host, found: Findings) -> None:
    """Run diagnose as the learner would, with the settings for production and development."""
    for settings in ("production", "development"):
        try:
            if settings == "development":  # on a database of its own, which nobody has filled yet
                host.release(SHOP_SETTINGS=settings)
        except Failed as failure:
            found.note("diagnose", STILL, f"With the settings for development, {failure}")
            continue
        command = (sys.executable, DIAGNOSE, "wsgi:app")
        status, output = host.start(*command, name="diagnose", SHOP_SETTINGS=settings)
        if status:
            sentences = re.findall(r"^TO MEND .*\n.*\n *(.*)$", output, re.M)
            sentences += re.findall(r"^(?:NOT LOOKED|FAILED) +(.*(?:\n +.*)*)", output, re.M)
            said = " ".join((sentences or [last_line(output)])[0].split())
            said = said.replace(str(host.folder), "the copy")
            text = f"With the settings for {settings}, the exit status is {status}: {said}"
            found.note("diagnose", STILL, text)
    found.looked("diagnose")
