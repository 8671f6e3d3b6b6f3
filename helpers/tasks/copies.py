"""A learner's copy of a notebook, in which nothing is given away.

It has neither outputs nor the cells that are tagged as answers, and its comparisons and
checks are folded.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from .places import Problem

LEFT_OUT = {"answer", "instructor", "solution"}
FOLDED = {"check", "compare"}
README = "README.md"
LINK = re.compile(r"\]\((?!https?:|mailto:|#)")  # to a file of the lesson
COPIED = re.compile(r"\]\(\.\./notebooks/(?=[^/)]+\.ipynb)")


def copy_of(path: Path) -> bytes:
    """The content of a learner's copy of a notebook.

    :raises Problem: when it is none.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"] = list(filter(None, map(learners_cell, notebook["cells"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Problem(f"{path} is no notebook ({error}): restore it, then try again.") from None
    return as_file(notebook)


def opened(copy: bytes, version: str) -> bytes:
    """A copy with what JupyterLab writes into it when it is opened.

    Without that, each notebook that is only opened would be marked as changed.

    :param copy: the content of a notebook.
    :param version: of the Python that runs its cells.
    """
    notebook = json.loads(copy)
    notebook["metadata"]["language_info"] = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": version,
    }
    return as_file(notebook)


def as_file(notebook: Any) -> bytes:
    """The content of a file for a notebook."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def learners_cell(cell: dict[str, Any]) -> dict[str, Any] | None:
    """A cell as a learner finds it, or None where it would give an answer away."""
    tags = set(cell["metadata"].get("tags", []))
    if tags & LEFT_OUT:
        return None
    if cell["cell_type"] == "markdown":
        source = "".join(cell["source"]).replace(f"](../{README}", f"]({README}")
        cell = {**cell, "source": source}
    if cell["cell_type"] == "code":
        cell = {**cell, "outputs": [], "execution_count": None}
    if tags & FOLDED:
        cell["metadata"] = {**cell["metadata"], "jupyter": {"source_hidden": True}}
    return cell


def readme_of(path: Path) -> bytes:
    """The README with links that lead from the workbook to the learner's copies.

    :param path: that of the lesson.
    :raises Problem: when it is no text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Problem(f"{path} cannot be read ({error}): restore it, then try again.") from None
    return COPIED.sub("](", LINK.sub("](../", text)).encode()


def sources_of(content: bytes) -> str:
    """A digest of what a person types into a notebook: outputs and empty cells do not count."""
    try:
        cells = json.loads(content)["cells"]
        typed = [[cell["cell_type"], "".join(cell["source"])] for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        return digest(content)  # not a notebook any more, which is a change
    return digest(json.dumps([each for each in typed if each[1].strip()]).encode())


def digest(content: bytes) -> str:
    """A short digest."""
    return hashlib.sha256(content).hexdigest()[:16]


def what_is_known_of(copy: bytes) -> dict[str, str]:
    """The entry of the record for a copy that has just been made."""
    return {"lesson": digest(copy), "sources": sources_of(copy)}
