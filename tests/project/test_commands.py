"""The commands answer bad input in one sentence, before anything is installed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.tasks.commands import TASKS
from helpers.tasks.places import LEARNERS_LOCK, MAINTAINERS_LOCK, POSTGRES_LOCK, ROOT, run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the tasks need, in a folder of its own: nothing is installed yet."""
    project = tmp_path / "a lesson für you"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "helpers" / "tasks", project / "helpers" / "tasks", ignore=ignored)
    for path in (LEARNERS_LOCK, MAINTAINERS_LOCK, POSTGRES_LOCK, ROOT / "pyproject.toml"):
        copy = project / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return project


def give(project: Path, *command: str, **settings: str) -> tuple[int, str]:
    """Run a command in a project; its exit status and what it said on stderr."""
    ours = {"PORT", "PAPER", "EXECUTE"}
    environment = {key: value for key, value in os.environ.items() if key not in ours}
    done = subprocess.run(
        command,
        cwd=project,
        env=environment | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr


def old_python(minor: int) -> str:
    """The command of a Python of that version, if there is one that starts."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for command in (f"python3.{minor}", *map(str, pyenv.glob(f"3.{minor}.*/bin/python"))):
        try:
            subprocess.run([command, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return command
    pytest.skip(f"There is no Python 3.{minor} on this machine to try.")


@pytest.mark.parametrize("minor", [6, 10])
def test_an_old_python_is_told_which_one_it_should_be(project: Path, minor: int) -> None:
    """One sentence names the version, what is needed, and the way out."""
    status, said = give(project, old_python(minor), "helpers/tasks", "test")
    assert status == 2
    assert re.fullmatch(
        rf"This lesson needs Python 3\.11 or later, and \S+ is Python 3\.{minor}\.\d+: install a "
        r"newer one, or name one that you have, as in `.* test`\.\n",
        said,
    )


@pytest.mark.parametrize("words", [[], ["lessons"], ["test", "lesson"], ["=x", "lesson"]])
def test_an_unknown_task_is_answered_with_the_tasks(project: Path, words: list[str]) -> None:
    """The answer lists the tasks and repeats what was given."""
    status, said = give(project, sys.executable, "helpers/tasks", *words)
    given = " ".join(words) or "nothing"
    assert status == 2
    assert said == f"Name one of the tasks {', '.join(TASKS)}, not {given}.\n"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80.5", "9" * 5000])
def test_what_is_not_a_port_is_refused(project: Path, port: str) -> None:
    """The sentence repeats what was given, and nothing has been installed by then."""
    status, said = give(project, sys.executable, "helpers/tasks", "lesson", PORT=port)
    assert status == 1
    assert said == f"PORT={port} is not a port: name one from 1 to 65535, such as PORT=9000.\n"
    assert not (project / ".venv").exists()


def test_a_port_in_use_is_refused(project: Path) -> None:
    """The sentence names the port and both ways out, and nothing has been installed by then."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said = give(project, sys.executable, "helpers/tasks", "lesson", PORT=str(port))
    assert status == 1
    assert said == (
        f"Port {port} is in use, or not for this account to use: name another one with PORT, "
        "or leave PORT out to get a free one.\n"
    )
    assert not (project / ".venv").exists()


def test_a_paper_that_there_is_not_is_refused(project: Path) -> None:
    """The sentence names those that there are, and nothing has been installed by then."""
    status, said = give(project, sys.executable, "helpers/tasks", "handout", PAPER="A5")
    assert status == 1
    assert said == "PAPER=A5 is not a paper of the handout: name A4 or Letter.\n"
    assert not (project / ".venv").exists()


def test_what_is_neither_yes_nor_no_is_refused(project: Path) -> None:
    """EXECUTE=0 is no, as nothing is."""
    status, said = give(project, sys.executable, "helpers/tasks", "handout", EXECUTE="maybe")
    assert status == 1
    assert said == "EXECUTE=maybe is neither yes nor no: give EXECUTE=1, or leave it out.\n"
    assert not (project / ".venv").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows lets no learner make a link")
@pytest.mark.parametrize("target", ["nowhere", ".venv", "elsewhere"])
def test_a_link_that_leads_nowhere_is_named(project: Path, target: str) -> None:
    """Or in a circle, or to an environment that was not made to its end."""
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "made-by-the-lesson.txt").write_text("unfinished\n")
    (project / ".venv").symlink_to(project / target)
    status, said = give(project, sys.executable, "helpers/tasks", "install")
    assert status == 1
    assert re.fullmatch(
        r"\S.*\.venv (is a link, and has to be made anew|cannot be read \(Too many .*\)): delete"
        r" it, .*then try again\.\n",
        said,
    )


# The tasks, by a Python that lacks a module, as Debian's does without its venv package.
WITHOUT_VENV = """
import runpy, sys
sys.modules["ensurepip"] = None
sys.argv = ["tasks", "install"]
runpy.run_path("helpers/tasks", run_name="__main__")
"""


def test_a_python_without_venv_is_named(project: Path) -> None:
    """The sentence says what to install, and nothing has been made by then."""
    status, said = give(project, sys.executable, "-c", WITHOUT_VENV)
    assert status == 1
    assert " cannot make a virtual environment (" in said
    assert said.endswith(
        "): install what is missing (on Debian and Ubuntu: apt install "
        f"python3.{sys.version_info.minor}-venv), then try again.\n"
    )
    assert not (project / ".venv").exists()


def test_a_folder_of_yours_is_left_alone(project: Path) -> None:
    """A .venv that somebody else made is neither used nor deleted."""
    yours = project / ".venv" / "yours.txt"
    yours.parent.mkdir()
    yours.write_text("yours")
    status, said = give(project, sys.executable, "helpers/tasks", "install")
    assert status == 1
    assert said == (
        f"{yours.parent} was not made, or not made to its end, by this lesson: delete it or move "
        "it away, then try again.\n"
    )
    assert yours.read_text() == "yours"


def test_what_is_compiled_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the system says otherwise: each process would compile all packages anew."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    assert run(sys.executable, "-c", "import sys; sys.exit(sys.dont_write_bytecode)") == 0
