"""What a run sheet lets go when a class is late, and a notebook without it."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def skipped(path: Path) -> list[str]:
    """The sections that the run sheet of a notebook lets go when it is late."""
    sheet = path.parent / "instructor" / f"{path.name[:2]}.md"
    [late] = re.findall(r"^\*\*Late\?\*\* (.+)$", sheet.read_text(encoding="utf-8"), re.MULTILINE)
    return re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", late)


def without(notebook: Any, headings: list[str]) -> Any:
    """A copy without some sections, each up to the next heading that is not below its own.

    :raises LookupError: when there is no such section.
    """
    left, level, found = list[Any](), 0, set[str]()
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.match(r"(#+) (.+)", cell.source)):
            if level and len(heading[1]) <= level:
                level = 0
            if heading[2] in headings:
                level = len(heading[1])
                found.add(heading[2])
        if not level:
            left.append(cell)
    if missing := set(headings) - found:
        raise LookupError(f"there is no section {', '.join(sorted(missing))}")
    shorter = deepcopy(notebook)
    shorter.cells = deepcopy(left)
    return shorter
