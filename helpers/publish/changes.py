"""A repair that writes files in, what it changes in them out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import unified_diff

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AROUND = 2  # lines above and below a change, to find it by


def changes(solution: str, files: dict[str, str]) -> str:
    """A solution in markdown, in which code that writes whole files is a diff of each.

    :param solution: with fenced Python. A dictionary from names to texts that are written in it
        is taken for files where each name is one of ``files``.
    :param files: the text of each file before, by its name.
    """

    def shown(fence: re.Match[str]) -> str:
        written = _written(fence[1])
        if not written or not written.keys() <= files.keys():
            return fence[0]
        diffs = [[*_diff(name, files[name], written[name])] for name in written]
        return "\n\n".join("\n".join(["```diff", *lines, "```"]) for lines in diffs if lines)

    return FENCE.sub(shown, solution)


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


def _diff(name: str, before: str, after: str) -> Iterator[str]:
    """The name of a file, then its lines: - for those that go, + for those that come."""
    compared = unified_diff(before.splitlines(), after.splitlines(), n=AROUND, lineterm="")
    lines = list(compared)[2:]
    if lines:
        yield name
    for line in lines:
        yield "  …" if line.startswith("@@") else line.rstrip()
