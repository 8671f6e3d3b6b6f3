"""The house: its wings, what they may use, and what every file keeps to."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import helpers

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "helpers"
LINES = 220
# A wing uses what is on lower floors; so there is no circle. CONTRIBUTING.md has the map.
FLOORS = {
    "look": 1, "serve": 1,
    "show": 2, "spawn": 2, "step": 2,
    "learn": 3, "sample": 3, "years": 3,
    "case": 4, "choose": 4, "publish": 4, "repair": 4,
}  # fmt: skip
ALONE = {"diagnose", "tasks"}  # they use no wing, and no wing uses them
SPEAKERS = {"case", "diagnose", "publish", "tasks", "years"}  # they have commands, which print
OTHER_TESTS = {"benchmarks", "browser", "notebooks", "project", "symptoms"}


def wings() -> set[str]:
    """The folders of helpers."""
    return {path.parent.name for path in HELPERS.glob("*/__init__.py")}


def files() -> list[Path]:
    """Every Python file of helpers, without the app that the case hands to a learner."""
    given = HELPERS / "case" / "project"
    return sorted(path for path in HELPERS.rglob("*.py") if given not in path.parents)


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Every Python file of helpers, by its path from there."""
    return {
        path.relative_to(HELPERS).as_posix(): path.read_text(encoding="utf-8") for path in files()
    }


def used(source: str) -> Iterator[list[str]]:
    """What a source imports from helpers, each as the parts of its dotted name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
            if node.module == "helpers":
                names = [f"helpers.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".") for name in names if name.split(".")[0] == "helpers")


def wrong_arrows(wing: str, source: str) -> Iterator[str]:
    """The imports that do not lead down, or that reach into the files of another wing."""
    for _, other, *file in used(source):
        if other == wing:
            continue
        if wing in ALONE or other not in FLOORS or FLOORS[other] >= FLOORS[wing]:
            yield f"{wing} may not use {other}"
        elif file:
            yield f"{wing} reaches into {other}.{'.'.join(file)}: take it from {other}"


def test_arrows_lead_down(sources: dict[str, str]) -> None:
    """A file uses its own wing, and those on the floors below by the names they hand on."""
    wrong = {
        name: list(wrong_arrows(name.split("/")[0], source))
        for name, source in sources.items()
        if "/" in name
    }

    assert {name: arrows for name, arrows in wrong.items() if arrows} == {}


@pytest.mark.parametrize(
    ("wing", "source", "wrong"),
    [
        ("show", "from helpers.look import table", []),
        ("show", "from helpers.show.figure import Figure", []),
        ("show", "from .figure import Figure\nimport sqlalchemy", []),
        ("look", "import helpers.show", ["look may not use show"]),
        ("look", "from helpers import serve", ["look may not use serve"]),
        ("show", "from helpers import table", ["show may not use table"]),
        ("look", "def late():\n    from helpers.serve import get", ["look may not use serve"]),
        ("tasks", "from helpers.look import Observer", ["tasks may not use look"]),
        ("learn", "import helpers.diagnose", ["learn may not use diagnose"]),
        (
            "show",
            "import helpers.look.labels",
            ["show reaches into look.labels: take it from look"],
        ),
    ],
)
def test_an_arrow_that_climbs_is_found(wing: str, source: str, wrong: list[str]) -> None:
    """However it is written, and wherever."""
    assert list(wrong_arrows(wing, source)) == wrong


def test_the_house_has_these_wings() -> None:
    """Each has a floor or stands alone, a sentence of its own, tests, and a line on the map."""
    assert wings() <= FLOORS.keys() | ALONE
    without_tests = {"tasks"}  # tests/project has them
    assert wings() - without_tests <= {path.name for path in (ROOT / "tests").iterdir()}
    folders = {path.name for path in (ROOT / "tests").iterdir() if any(path.glob("*.py"))}
    assert folders - OTHER_TESTS <= wings()
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d|alone) \| `(\w+)` \| .+ \|$", text, re.MULTILINE)
    assert {wing: floor for floor, wing in rows} == {
        **{wing: str(floor) for wing, floor in FLOORS.items()},
        **dict.fromkeys(ALONE, "alone"),
    }
    for wing in wings():
        tree = ast.parse((HELPERS / wing / "__init__.py").read_text(encoding="utf-8"))
        assert "\n" not in (ast.get_docstring(tree) or "\n").split("\n\n")[0], wing


def test_nothing_lies_loose() -> None:
    """Beside the wings there is only what makes them a package."""
    assert [path.name for path in HELPERS.glob("*.*")] == ["__init__.py"]


def test_no_wing_has_the_name_of_something_that_is_handed_on() -> None:
    """Importing ``helpers.x.y`` would put the module ``x`` in the place of the name."""
    assert wings() & set(helpers.__all__) == set()


def test_a_file_is_short_enough_to_be_read_in_one_sitting(sources: dict[str, str]) -> None:
    """So a concept has a file of its own."""
    lines = {name: len(source.splitlines()) for name, source in sources.items()}

    assert {name: count for name, count in lines.items() if count > LINES} == {}


def test_a_file_says_what_it_is_and_prints_nothing(sources: dict[str, str]) -> None:
    """What is observed is returned; only a command prints."""
    trees = {name: ast.parse(source) for name, source in sources.items()}

    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []
    assert [
        name
        for name, tree in trees.items()
        if name.split("/")[0] not in SPEAKERS
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_a_notebook_imports_wings_only(path: Path) -> None:
    """From helpers or from a wing, by the names that these hand on."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    lines = re.findall(r"^\s*(?:from|import) +helpers\S*", "\n".join(code), re.MULTILINE)
    for line in lines:
        name, *file = line.split()[1].split(".")[1:] or ["helpers"]
        assert name in wings() | {"helpers"}, line
        assert not file, f"{line}: import it from helpers.{name}"
