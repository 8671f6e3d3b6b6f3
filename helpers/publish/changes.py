"""A repair in, what it changes in what was given out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import unified_diff

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AROUND = 2  # lines above and below a change, to find it by


def changes(solution: str, files: dict[str, str], given: str = "") -> str:
    """A solution in markdown, whose code is a diff where that is shorter.

    :param solution: with fenced Python. A dictionary from names to texts that are written in it
        is taken for files where each name is one of ``files``: each is a diff.
    :param files: the text of each file before, by its name.
    :param given: the code that is to be repaired.
    """

    def shown(fence: re.Match[str]) -> str:
        written = _written(fence[1])
        if written and written.keys() <= files.keys():
            diffs = [[name, *_diff(files[name], written[name])] for name in written]
            return "\n\n".join(_fenced(lines) for lines in diffs if lines[1:])
        lines = [*_diff(given, fence[1])]
        return _fenced(lines) if 0 < len(lines) < fence[1].count("\n") else fence[0]

    return FENCE.sub(shown, solution)


def _fenced(lines: list[str]) -> str:
    return "\n".join(["```diff", *lines, "```"])


def _written(code: str) -> dict[str, str]:
    """The first dictionary of texts that code has, or none."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Dict):
            try:
                found = ast.literal_eval(node)
            except ValueError:
                continue
            if all(isinstance(each, str) for each in (*found, *found.values())):
                return dict(found)
    return {}


def _diff(before: str, after: str) -> Iterator[str]:
    """The lines that change, and those around them: - for those that go, + for those that come."""
    old, new = (re.sub(r"\n{3,}", "\n\n", each).splitlines() for each in (before, after))
    compared = unified_diff(old, new, n=AROUND, lineterm="")
    for line in [*compared][2:]:
        yield "  …" if line.startswith("@@") else line.rstrip()
