"""What is printed holds by itself: evidence with its text, an exercise with its names."""

from __future__ import annotations

import ast
import builtins
import dis
import re
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from notebook_rules import tags
from small_lesson import small
from sqlalchemy import MetaData, create_engine

from helpers.look import dispose
from helpers.publish.frame import Section, is_bare, leads_on, read_frame, units

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

LABEL = re.compile(r"\b[TCDP]\d\b")
FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)
SPOKEN = re.compile(r"`(\w+)(?:\([^`]*\))?`")
ELSEWHERE = re.compile(r"\b(next|previous|last) cell\b|\bcells? (above|below)\b|\bthe map\b", re.I)


def speaks_of(unit: list[Any]) -> list[str]:
    """What the texts of a unit speak of and its evidence does not show."""
    text = "\n".join(cell.source for cell in unit if cell.cell_type == "markdown")
    outputs = [output for cell in unit for output in cell.get("outputs", ())]
    data = [output.get("data", {}) for output in outputs]
    shown = "\n".join(
        [str(output.get("text", "")) for output in outputs]
        + [str(each.get("text/plain", "")) for each in data]
    )
    rows = max([str(each.get("text/html", "")).count("<tr") - 1 for each in data], default=0)
    named = re.findall(r"\b(?:[Rr]ows?|[Ll]ooks?) (\d+)(?: (?:and|to) (\d+))?", text)
    labels = set(LABEL.findall(text)) - set(LABEL.findall(shown))
    return [
        *(f"row {number}" for pair in named for number in pair if number and int(number) > rows),
        *sorted(labels),
        *(found[0] for found in ELSEWHERE.finditer(text)),
    ]


@each_notebook
def test_evidence_is_printed_with_what_speaks_of_it(path: Path) -> None:
    """Each row, label and place that a printed text names is in the same unit."""
    cells = tuple(nbformat.read(path, 4).cells)
    lacking = {
        unit[0].source.partition("\n")[0]: found
        for unit in units(cells, "handout")
        if (found := speaks_of(unit))
    }

    assert lacking == {}


def printed(section: Section) -> list[Any]:
    """The cells of a section that the findings show."""
    return [c for c in section.cells if "handout" in tags(c) and "notebook-only" not in tags(c)]


def torn(section: Section) -> list[str]:
    """What the findings announce and do not show, and what they show without a word before it."""
    shown = printed(section)
    found = []
    for number, cell in enumerate(section.cells):
        below = [c for c in section.cells[number + 1 :] if c.cell_type == "markdown" or c.outputs]
        below = [c for c in below if "compare" not in tags(c)]
        if cell in shown and cell.cell_type == "markdown":
            if below and leads_on(cell.source) and below[0] not in shown:
                found.append(cell.source.splitlines()[-1])
        elif cell in shown and "handout-code" not in tags(cell):
            above = shown[: shown.index(cell)]
            if is_bare(cell) and not (above and above[-1].cell_type == "markdown"):
                found.append(cell.source.splitlines()[0])
    return found


@each_notebook
def test_nothing_is_announced_and_left_out(path: Path) -> None:
    """A colon or a question is followed by what it leads to; a bare result has its question."""
    sections = read_frame(path.name, nbformat.read(path, 4)).sections

    assert [each for section in sections for each in torn(section)] == []


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([("What comes out?", True), ("code", True)], []),
        ([("It comes out:", True), ("code", False)], ["It comes out:"]),
        ([("It comes out:", False), ("code", True)], ["code"]),
        ([("It came out.", True), ("code", False)], []),
    ],
)
def test_what_is_torn_is_found(cells: list[tuple[str, bool]], found: list[str]) -> None:
    """A text whose code is not printed, and a result whose text is not printed."""
    output = new_output("execute_result", {"text/plain": "[]"}, execution_count=1)
    made = []
    for source, is_printed in cells:
        metadata = {"tags": ["handout"] if is_printed else []}
        code = new_code_cell(source, outputs=[output], metadata=metadata)
        made.append(code if source == "code" else new_markdown_cell(source, metadata=metadata))

    assert torn(Section("Run", tuple(made))) == found


def unwritten(cells: tuple[Any, ...]) -> set[str]:
    """The functions of a notebook that its findings speak of, and that no paper writes out."""
    shown = [c for c in cells if "handout" in tags(c) and "notebook-only" not in tags(c)]
    code = [c.source for c in shown if "handout-code" in tags(c)]
    said = [c.source for c in shown if c.cell_type == "markdown"]
    named = {name for text in said for name in SPOKEN.findall(text)}
    source = "\n".join(c.source for c in cells if c.cell_type == "code")
    made = {name for name in FUNCTION.findall(source) if f".{name}(" not in source}  # no method
    return (named & made) - {name for source in code for name in FUNCTION.findall(source)}


@each_notebook
def test_a_function_that_is_spoken_of_is_written_out(path: Path) -> None:
    """Whoever reads "call `where`" finds it on the paper."""
    assert unwritten(tuple(nbformat.read(path, 4).cells)) == set()


def test_a_function_that_is_not_written_out_is_found() -> None:
    """Unless its code is printed."""
    metadata = {"tags": ["handout"]}
    said = new_markdown_cell("Call `where` there.", metadata=metadata)
    code = new_code_cell("def where(engine): ...", metadata=metadata)
    assert unwritten((code, said)) == {"where"}

    code.metadata["tags"] = ["handout", "handout-code"]

    assert unwritten((code, said)) == set()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Look 1 is that of T1.", []),
        ("Rows 1 and 3 differ.", ["row 3"]),
        ("C2 is a new connection.", ["C2"]),
        ("The next cell shows it.", ["next cell"]),
        ("See the map.", ["the map"]),
    ],
)
def test_what_is_spoken_of_and_not_shown_is_found(said: str, found: list[str]) -> None:
    """In a text below a table of one row."""
    html = "<table><tr><th>look</th></tr><tr><td>T1</td></tr></table>"
    data = {"text/html": html, "text/plain": "look T1"}
    cell = new_code_cell("table()", outputs=[new_output("display_data", data)])

    assert speaks_of([cell, new_markdown_cell(said)]) == found


def names_needed(source: str) -> set[str]:
    """The names that a piece of code uses and does not make."""
    code = compile(source, "exercise", "exec")
    known = set(dir(builtins)) | made_by_hand(source)
    return {name for name in _global_names(code) if name not in known}


def _global_names(code: CodeType) -> set[str]:
    """The names that are looked up outside of functions."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_NAME", "LOAD_GLOBAL")}
    return own.union(*map(_global_names, inner))


def made_by_hand(source: str) -> set[str]:
    """The functions, classes and constants that a cell writes out, and does not import."""
    body = ast.parse(source).body
    functions = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    targets = [target for n in body if isinstance(n, ast.Assign) for target in n.targets]
    return functions | {target.id for target in targets if isinstance(target, ast.Name)}


def not_printed(notebook: Any) -> set[str]:
    """The names that an exercise needs, and that the worksheet neither writes out nor explains.

    A name that the notebook imports from ``helpers`` is explained where the exercise speaks of it;
    names of public libraries are for their documentation.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printed = [
        cell.source
        for cell in cells
        if tags(cell) & {"worksheet", "exercise"} and "notebook-only" not in tags(cell)
    ]
    written = {name for cell in cells for name in made_by_hand(cell.source)}
    there = {name for source in printed for name in made_by_hand(source)}
    ours = {name for cell in cells for name in from_helpers(cell.source)}
    asked = read_frame("00", notebook).section("Your turn")
    told = "\n".join(cell.source for cell in asked if "solution" not in tags(cell))
    explained = {name for name in ours if f"`{name}`" in told}
    there |= {name for source in printed for name in from_helpers(source)}
    return (names_needed("\n".join(printed)) & (written | ours)) - there - explained


def from_helpers(source: str) -> set[str]:
    """The names that a cell imports from the lesson's own package."""
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    ours = [node for node in imports if str(node.module).startswith("helpers")]
    return {alias.asname or alias.name for node in ours for alias in node.names}


@each_notebook
def test_what_an_exercise_needs_is_printed_with_it(path: Path) -> None:
    """Whoever has only the paper finds every name that the notebook writes out itself."""
    assert not_printed(nbformat.read(path, 4)) == set()


def test_a_name_that_is_not_printed_is_found() -> None:
    """A function that the exercise calls, in a cell without the tag."""
    [notebook] = small().values()
    assert not_printed(notebook) == set()

    for cell in notebook.cells:
        if "worksheet" in tags(cell):
            cell.metadata.tags = []

    assert not_printed(notebook) == {"given"}


@pytest.mark.parametrize(("told", "lacking"), [("Repair it.", {"Item"}), ("`Item` is one.", set())])
def test_a_model_that_is_not_explained_is_found(told: str, lacking: set[str]) -> None:
    """A name that the notebook imports, and that the exercise uses without a word."""
    [notebook] = small().values()
    notebook.cells.insert(1, new_code_cell("from helpers.sample import Item"))
    for cell in notebook.cells:
        if "exercise" in tags(cell):
            cell.source = "answer = Item"
        if cell.source.startswith("## Your turn"):
            cell.source = f"## Your turn\n\n{told}"

    assert not_printed(notebook) == lacking


def test_where_can_be_pasted_as_it_is_printed() -> None:
    """What the findings print of notebook 12 needs nothing that they don't print."""
    [path] = [each for each in NOTEBOOKS if each.name.startswith("12_")]
    cells = [c for c in nbformat.read(path, 4).cells if "handout-code" in tags(c)]
    pasted: dict[str, Any] = {}
    for cell in cells:
        exec(cell.source, pasted)
    engine = create_engine("sqlite://")
    found = pasted["where"](engine, SimpleNamespace(metadata=MetaData()))
    dispose(engine)

    assert found["file"] == "none: in memory"
    assert found["connection"] == "C1"
