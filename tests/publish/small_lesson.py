"""A lesson of one small notebook, with a cell for each tag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NAME = "01_small.ipynb"
RESULT = new_output("execute_result", {"text/plain": "a result"}, execution_count=1)


def small(*outputs: Any) -> dict[str, Any]:
    """A notebook in the frame of the lesson, by its name.

    :param outputs: what every code cell has stored.
    """

    def code(source: str, *tags: str) -> Any:
        return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})

    def text(source: str, *tags: str) -> Any:
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    solution = "```python\nanswer = 40 + 2\n```\n\nIt always is."
    cells = [
        text("# A `small` lesson\n\n**5 minutes.** Needs.\n\n1. Which one?\n2. And why?"),
        text("## Predict the number\n\nWhich?\n\n- **a** one\n- **b** two"),
        code('prediction = ""', "prediction"),
        code("found = 0", "evidence"),
        text("## Predict the looks\n\nWhich database?"),
        code('guess = {\n    3: ("", ""),  # in a request\n    4: ("", ""),\n}', "prediction"),
        text("It comes out.", "notebook-only"),
        text("## Run: before\n\nThe next cell asks."),
        code("asked = 1"),
        code("shown = 2", "handout"),
        text("Told.\n\n- in a list\n\nAnd why.", "handout"),
        code("source = 3", "handout", "handout-code"),
        text("For the one who teaches.", "answer"),
        code("# Compare your prediction\ncompare()", "compare"),
        code("kept = 4", "desk"),
        text("## Your turn\n\nRepair it."),
        text("Not on paper.", "notebook-only"),
        code("def given(): ...", "worksheet"),
        code("answer = given()", "exercise"),
        code("# Check your repair\ncheck()", "check"),
        text(f"<details>\n<summary>Solution</summary>\n\n{solution}\n\n</details>", "solution"),
        text("## Clean up\n\nClose."),
        text("## Key points\n\n1. **Which?** That.\n\nPrevious: [00](00_x.ipynb)"),
    ]
    return {NAME: new_notebook(cells=cells)}


def make_lesson(folder: Path, notebook: Any = None) -> Path:
    """Put a lesson with one notebook into an empty folder.

    :param folder: where to put it.
    :param notebook: the notebook, or a text that is to stand in its place.
    """
    (folder / "notebooks" / "instructor").mkdir(parents=True)
    files = {
        "CHANGELOG.md": "# Changes\n\n## 1.2.0 – 2026-11-27\n",
        "notebooks/glossary.md": "# Glossary\n\n- **Thread**: a line of execution.\n",
        "notebooks/instructor/plans.md": "# Plans\n\n## A day\n\n| 5 | 01 |\n",
        "notebooks/instructor/01.md": "# 01\n\n**Say** hello.\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if notebook is None:
        [notebook] = small(RESULT).values()
    text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
    (folder / "notebooks" / NAME).write_text(text, encoding="utf-8")
    return folder
