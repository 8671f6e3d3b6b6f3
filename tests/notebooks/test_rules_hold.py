"""The rules of the notebooks: a good notebook keeps them all, and each finds what breaks it."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import notebook_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.publish.execute import KERNEL
from helpers.show import grid, table

TOP = """# A small notebook

**5 minutes.** You need to know nothing.

1. What is one?
2. What is two?"""
SOLUTION = """<details>
<summary>Solution</summary>

```python
# not a heading
answer = "B"
```

</details>"""
BOTTOM = """## Key points

1. **What is one?** One.
2. **What is two?** Two.

Previous: [01 One](01_one.ipynb) · Next: [04 Three](03_three.ipynb)"""


def code(source: str, *outputs: Any, tag: str = "") -> Any:
    """A code cell that has been run."""
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": [tag]} if tag else {})


def printed(text: str) -> Any:
    """What a cell printed."""
    return new_output("stream", text=text)


def shown(thing: object) -> Any:
    """What a cell ended in."""
    data = {"text/plain": repr(thing)}
    if hasattr(thing, "_repr_html_"):
        data["text/html"] = thing._repr_html_()
    return new_output("execute_result", data, execution_count=1)


def raised(message: str) -> Any:
    """What a cell raised."""
    traceback = [f"OperationalError: {message}"]
    return new_output("error", ename="OperationalError", evalue=message, traceback=traceback)


CELLS = {
    "top": new_markdown_cell(TOP),
    "predict": new_markdown_cell("## Predict"),
    "prediction": code('prediction = ""', tag="prediction"),
    "run": new_markdown_cell("## Run: before\n\nSee [notebook 01](01_one.ipynb#run)."),
    "before": code("table(before)", shown(table([], "Before: nothing."))),
    "compare": code('print(compare(prediction, "b"))', printed("You made no prediction.\n")),
    "raises": code("raise_it()", raised("no such table: item"), tag="raises-exception"),
    "define": code("def tell():\n    print('told later')"),
    "run again": new_markdown_cell('## Run: after\n\n### In detail <img alt="A dot" src="d.png">'),
    "after": code("table(after)", shown(table([], "After: nothing."))),
    "grid": code("grid(rows)", shown(grid([{"pool": "none", "n": 1}], "Pools.", index="pool"))),
    "turn": new_markdown_cell("## Your turn"),
    "exercise": code('answer = ""', tag="exercise"),
    "check": code("print(check(1))", printed("Not yet: put in a letter.\n"), tag="check"),
    "solution": new_markdown_cell(SOLUTION, metadata={"tags": ["solution"]}),
    "clean": new_markdown_cell("## Clean up"),
    "clean up": code("clean_up()\nfolders.close()"),
    "bottom": new_markdown_cell(BOTTOM),
}


def notebook_of(cells: dict[str, Any]) -> Any:
    """A notebook of copies of these cells, executed from its first to its last."""
    notebook = new_notebook(
        cells=[copy.deepcopy(cell) for cell in cells.values()],
        metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}},
    )
    for count, (_, cell) in enumerate(rules.code_cells(notebook), start=1):
        cell.execution_count = count
    return notebook


def broken(name: str, change: Callable[[Any], object]) -> Any:
    """The good notebook with one cell changed."""
    notebook = notebook_of(CELLS)
    change(notebook.cells[list(CELLS).index(name)])
    return notebook


def puts(**attributes: Any) -> Callable[[Any], None]:
    """A change that sets attributes of a cell."""
    return lambda cell: cell.update(copy.deepcopy(attributes))


def tags(*names: str) -> Callable[[Any], None]:
    """A change that sets the tags of a cell."""
    return lambda cell: cell.metadata.update(tags=list(names))


def replaces(old: str, new: str) -> Callable[[Any], None]:
    """A change in the source of a cell."""

    def change(cell: Any) -> None:
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_good_notebook_keeps_the_rule(rule: rules.Rule) -> None:
    """No rule finds fault with the notebook that the other tests break, also from its file."""
    assert list(rule(notebook_of(CELLS))) == []


def test_the_good_notebook_is_one(tmp_path: Path) -> None:
    """nbformat takes it."""
    path = tmp_path / "02_small.ipynb"
    nbformat.write(notebook_of(CELLS), path)

    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.parametrize(
    ("rule", "name", "change", "found"),
    [
        (rules.every_code_cell_has_been_run, "before", puts(execution_count=None), "count None"),
        (rules.every_code_cell_has_been_run, "before", puts(execution_count=7), "count 7 instead"),
        (rules.every_code_cell_has_been_run, "before", puts(source=" \n"), "is empty"),
        (rules.what_a_cell_shows_is_stored, "before", puts(outputs=[]), "no output is stored"),
        (rules.what_a_cell_shows_is_stored, "compare", puts(outputs=[]), "no output is stored"),
        (
            rules.what_a_cell_shows_is_stored,
            "define",
            puts(source="for n in range(3):\n    print(n)"),
            "no output is stored",
        ),
        (
            rules.what_a_cell_shows_is_stored,
            "define",
            puts(source="%time x = 1"),
            "no output is stored",
        ),
        (rules.an_error_is_stored_where_one_is_meant, "raises", puts(outputs=[]), "no error"),
        (rules.an_error_is_stored_where_one_is_meant, "raises", tags(), "no tag raises-exception"),
        (rules.nothing_is_kept_from_being_compared, "before", tags("nbval-skip"), "nbval-skip"),
        (rules.nothing_is_kept_from_being_compared, "raises", tags("raises-exeption"), "exeption"),
        (rules.nothing_is_kept_from_being_compared, "top", tags("skip-execution"), "skip-exec"),
        *[
            (rules.nothing_is_kept_from_being_compared, "before", puts(source=source), found)
            for source, found in [
                ("# NBVAL_IGNORE_OUTPUT\ntable(before)", "uses NBVAL"),
                ("table(before)\n#nbval_skip", "uses nbval"),
                ("# NBVAL_RAISES_EXCEPTION", "uses NBVAL"),
                ("# PYTEST_VALIDATE_IGNORE_OUTPUT", "uses PYTEST_VALIDATE"),
                ("%%capture\ntable(before)", "uses %capture"),
                ("clear_output(wait=True)", "uses clear_output"),
                ("display(1, display_id=True)", "uses display_id"),
                ("interact(f, x=1)", "uses interact"),
                ("table(before);", "ends in a semicolon"),
                ("table(before);  # the pool\n\n", "ends in a semicolon"),
            ]
        ],
        (
            rules.nothing_is_written_to_stderr,
            "compare",
            puts(outputs=[new_output("stream", name="stderr", text="warning")]),
            "stores text of stderr",
        ),
        *[
            (rules.no_output_names_a_place_on_the_machine, "before", puts(outputs=[out]), found)
            for out, found in [
                (printed("in /home/ann/lesson/shop.db\n"), "/home/ann/lesson/shop.db"),
                (shown("sqlite:////tmp/x/shop.db"), "/tmp/x/shop.db"),
                (shown(Path(__file__)), str(Path(__file__).parents[2])),
                (printed(r"in C:\Users\ann"), r"C:\Users\ann"),
                (raised("File lib/site-packages/flask/app.py"), "site-packages"),
                (shown("ipykernel_4711"), "ipykernel_4711"),
                (shown(table([], "Before: /srv/x")), "/srv/x"),
            ]
        ],
        (
            rules.before_and_after_have_the_same_columns,
            "grid",
            puts(outputs=[shown(grid([{"a": 1, "b": 2}], "After: pools.", index="a"))]),
            "After with the columns ['b']",
        ),
        (
            rules.before_and_after_have_the_same_columns,
            "after",
            puts(outputs=[printed("After: nothing\n")]),
            "no table whose caption starts with After",
        ),
        (rules.no_cell_sleeps, "define", puts(source="time.sleep(1)"), "sleeps"),
        (rules.no_cell_sleeps, "define", puts(source="from time import sleep as nap"), "sleeps"),
        (rules.no_cell_sleeps, "define", puts(source="await asyncio.sleep(0)"), "sleeps"),
        (rules.the_headings_make_an_outline, "run", replaces("##", "#"), "one heading of the fir"),
        (rules.the_headings_make_an_outline, "top", replaces("# A", "A"), "one heading of the fir"),
        (rules.the_headings_make_an_outline, "run again", replaces("###", "####"), "level 4 follo"),
        (
            rules.each_picture_has_alternative_text,
            "run again",
            replaces('alt="A dot"', 'alt=""'),
            "without alternative text",
        ),
        (
            rules.each_picture_has_alternative_text,
            "run",
            puts(source="![](picture.png)"),
            "without alternative text",
        ),
        (
            rules.each_picture_has_alternative_text,
            "before",
            puts(outputs=[new_output("display_data", {"text/html": "<figure><img src='x'>"})]),
            "without alternative text",
        ),
        (
            rules.each_picture_has_alternative_text,
            "before",
            puts(outputs=[new_output("display_data", {"image/png": "iVBORw0KGgo="})]),
            "stores a picture without",
        ),
        (
            rules.the_metadata_is_that_of_the_lesson,
            "before",
            puts(metadata={"collapsed": True}),
            "has the metadata {'collapsed': True}",
        ),
    ],
)
def test_a_rule_finds_what_breaks_it(
    rule: rules.Rule, name: str, change: Callable[[Any], object], found: str
) -> None:
    """One thing is wrong with the good notebook, and that is said first."""
    complaints = list(rule(broken(name, change)))

    assert found in complaints[0]


def test_the_metadata_of_an_editor_are_found() -> None:
    """A version of Python in the metadata would change from author to author."""
    notebook = notebook_of(CELLS)
    notebook.metadata["language_info"]["version"] = "3.11.7"

    [complaint] = rules.the_metadata_is_that_of_the_lesson(notebook)

    assert "3.11.7" in complaint


def test_a_path_in_a_picture_is_found() -> None:
    """The words in a picture are read as well."""
    svg = base64.b64encode(b"<svg><text>/home/ann/shop.db</text></svg>").decode()
    html = f'<img alt="x" src="data:image/svg+xml;base64,{svg}">'
    output = new_output("display_data", {"text/html": html})

    [complaint] = rules.no_output_names_a_place_on_the_machine(
        broken("before", puts(outputs=[output]))
    )

    assert "/home/ann/shop.db" in complaint


def test_links_lead_to_files_that_are_there(tmp_path: Path) -> None:
    """Pages elsewhere and places in the same notebook are not looked for."""
    (tmp_path / "01_one.ipynb").touch()
    text = (
        "[a](01_one.ipynb) [b](01_one.ipynb#run) [c](#run) [d](https://example.org/x)"
        " [e](../missing.md) ![f](picture.png)"
    )

    assert list(rules.links_lead_somewhere(text, tmp_path)) == [
        "the link to ../missing.md leads nowhere"
    ]


LESSON = ["01_one.ipynb", "02_small.ipynb", "03_three.ipynb"]


def test_the_last_line_leads_to_both_neighbors() -> None:
    """The good notebook is the second of three."""
    assert list(rules.neighbors_are_linked(notebook_of(CELLS), "02_small.ipynb", LESSON)) == []


@pytest.mark.parametrize(
    ("name", "lesson"),
    [
        ("01_one.ipynb", LESSON),
        ("03_three.ipynb", LESSON),
        ("02_small.ipynb", ["00_zero.ipynb", "02_small.ipynb", "03_three.ipynb"]),
    ],
)
def test_a_last_line_that_leads_elsewhere_is_found(name: str, lesson: list[str]) -> None:
    """The first notebook has no one before it, and the last no one after."""
    [complaint] = rules.neighbors_are_linked(notebook_of(CELLS), name, lesson)

    assert "instead of" in complaint


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("no such table: item", []),
        ("no such table: items", ["no stored output shows no such table: items"]),
        ("told later", ["no stored output shows told later"]),
    ],
    ids=["shown", "another", "source only"],
)
def test_a_message_that_no_output_shows_is_found(message: str, found: list[str]) -> None:
    """It stands in a stored error there, or nobody gets it."""
    assert list(rules.the_message_is_shown(message, [notebook_of(CELLS)])) == found
