"""The setup files agree: pyproject.toml, the locks, environment.yml, CITATION.cff, the Makefile."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.tasks.commands import PAPERS, TASKS
from helpers.tasks.pins import pins
from helpers.tasks.places import (
    LEARNERS_LOCK,
    LOWEST_LOCK,
    MAINTAINERS_LOCK,
    POSTGRES_LOCK,
    ROOT,
)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
LOCKS = [LEARNERS_LOCK, POSTGRES_LOCK, MAINTAINERS_LOCK, LOWEST_LOCK]
each_lock = pytest.mark.parametrize(
    "lock", LOCKS, ids=lambda lock: lock.relative_to(ROOT).as_posix()
)


def asked(*lists: list[str]) -> dict[str, SpecifierSet]:
    """The version specifiers of each package in some lists of pyproject.toml."""
    requirements = map(Requirement, chain(PROJECT["project"]["dependencies"], *lists))
    return {canonicalize_name(each.name): each.specifier for each in requirements}


def everything() -> dict[str, SpecifierSet]:
    """What pyproject.toml asks for, the extras and groups included."""
    return asked(*EXTRAS.values(), *GROUPS.values())


def versions(*locks: Path) -> dict[str, set[str]]:
    """The versions of each package in some lock files: more than one by markers."""
    found: dict[str, set[str]] = {}
    for pin in pins(*locks):
        name, _, version = pin.partition(" ;")[0].partition("==")
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize(
    ("locks", "lists"),
    [
        ([LEARNERS_LOCK], [EXTRAS["others"], *GROUPS.values()]),
        ([LEARNERS_LOCK, POSTGRES_LOCK], [EXTRAS["postgres"]]),
        ([LEARNERS_LOCK, POSTGRES_LOCK, MAINTAINERS_LOCK], [*EXTRAS.values(), *GROUPS.values()]),
    ],
    ids=["learner", "PostgreSQL", "maintainer"],
)
def test_a_lock_holds_what_is_asked_for(locks: list[Path], lists: list[list[str]]) -> None:
    """Every pin of a package lies in the range of pyproject.toml, and none is missing."""
    found = versions(*locks)
    for name, specifier in asked(*lists).items():
        assert found.get(name), f"{name} is in no lock: `make lock` makes them anew"
        assert all(version in specifier for version in found[name]), (name, found[name])


def test_the_lowest_versions_are_those_of_pyproject() -> None:
    """What CI tests as the lower end is what pyproject.toml promises."""
    found = versions(LOWEST_LOCK)
    for name, specifier in everything().items():
        [lowest] = [each.version for each in specifier if each.operator == ">="]
        if name not in {canonicalize_name(Requirement(each).name) for each in EXTRAS["check"]}:
            assert all(version in SpecifierSet(f"~={lowest}") for version in found[name]), name


@each_lock
def test_a_lock_is_hashed_and_names_no_host(lock: Path) -> None:
    """Nothing but pins with hashes and comments: no address, folder or option of pip."""
    text = lock.read_text(encoding="utf-8")
    pinned = "".join(pins(lock).values())
    rest = [line for line in text.splitlines() if line not in pinned]
    assert [line for line in rest if not line.startswith("#")] == []
    assert "://" not in text


def test_no_pin_stands_in_two_locks_that_are_installed_together() -> None:
    """A lock that comes on top of others holds only what they do not."""
    names = [set(versions(lock)) for lock in (LEARNERS_LOCK, POSTGRES_LOCK, MAINTAINERS_LOCK)]
    assert len(set.union(*names)) == sum(map(len, names))


def test_a_lesson_is_light() -> None:
    """No browser driver, paper, comparison of notebooks or linter is installed for a learner."""
    heavy = {"playwright", "weasyprint", "nbval", "matplotlib", "mypy", "ruff", "pypdfium2"}
    assert heavy & versions(LEARNERS_LOCK).keys() == set()


def test_conda_and_binder_install_the_tested_lock() -> None:
    """With a Python that repo2docker can read, which it does only from ``python=3.N``."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, *rest = environment["dependencies"]
    assert environment["name"] == PROJECT["project"]["name"]
    assert environment["channels"] == ["conda-forge"]
    assert rest == ["pip", {"pip": ["-r requirements.txt"]}]
    assert re.fullmatch(r"python=3\.\d+", python)
    assert python.partition("=")[2] in SpecifierSet(PROJECT["project"]["requires-python"])
    assert f"helpers/spawn/{POSTGRES_LOCK.name}" in (ROOT / "postBuild").read_text()


def test_the_builder_is_the_one_that_is_locked() -> None:
    """The lesson is installed without a download of its own, by the builder in the lock."""
    assert PROJECT["build-system"]["requires"] == GROUPS["build"]


def test_each_dependency_says_what_it_is_for() -> None:
    """In pyproject.toml, a comment stands beside each package."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in ["dependencies", *EXTRAS]:
        found = re.search(rf"^{name} = \[.*\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
        assert found
        assert [line for line in found[1].splitlines() if not re.search(r'",  # \S', line)] == []


def test_the_citation_names_this_project() -> None:
    """The same name, version, licenses and keywords as pyproject.toml."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = PROJECT["project"]
    assert citation["title"].startswith(project["name"])
    assert citation["version"] == project["version"]
    assert " AND ".join(citation["license"]) == project["license"]
    assert citation["keywords"] == project["keywords"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_make_knows_every_task() -> None:
    """Each task can be typed with make, and make promises no other."""
    promised = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert promised
    assert promised[1].split() == list(TASKS)


def test_every_paper_of_the_handout_can_be_named() -> None:
    """It is checked before anything is installed, so the names stand in two places."""
    from helpers.publish import papers

    assert PAPERS == papers.PAPERS


def test_the_way_in_is_written_in_old_syntax() -> None:
    """Python 3.6 can read the file that says that it is too old."""
    source = (ROOT / "helpers" / "tasks" / "__main__.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source  # 3.6 does not know annotations


def test_the_tasks_need_the_standard_library_only() -> None:
    """They run before anything is installed."""
    paths = (ROOT / "helpers" / "tasks").glob("*.py")
    names = set().union(*(imported(path.read_text(encoding="utf-8")) for path in paths))
    assert names <= sys.stdlib_module_names


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


def undeclared(files: dict[Path, str], lists: list[list[str]]) -> set[str]:
    """The imports that are there only because another package happens to bring them.

    `shop` is the app that notebook 17 hands to a learner, and `pkg_resources` is what the stacks
    of 2013 had.
    """
    ours = {"helpers", "shop", "pkg_resources"} | {path.stem for path in ROOT.glob("tests/**/*.py")}
    distributions = packages_distributions()
    known = set(asked(*lists))
    return {
        f"{path.name} imports {name}"
        for path, source in files.items()
        for name in imported(source) - ours - sys.stdlib_module_names
        if not known & {canonicalize_name(each) for each in distributions.get(name, [])}
    }


@pytest.mark.parametrize("folder", ["helpers", "tests"])
def test_what_is_imported_is_declared(folder: str) -> None:
    """By the project itself, one of its extras or its groups."""
    files = {path: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")}
    assert files
    assert undeclared(files, list(EXTRAS.values())) == set()


def test_what_a_notebook_imports_is_in_the_learners_lock() -> None:
    """And so is what it imports through the wings, which the tests of the notebooks show."""
    files = {path: notebook_source(path) for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert files
    assert undeclared(files, [EXTRAS["others"]]) == set()
