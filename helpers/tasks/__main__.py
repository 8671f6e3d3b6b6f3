"""The way in: ``python helpers/tasks lesson``, which is what ``make lesson`` does.

No syntax newer than Python 3.6, so that an old Python gets as far as the sentence that names
the version it should be. Nothing is imported from ``helpers``, whose libraries are not
installed yet: the folder above this one goes on the path, and this one is the package ``tasks``.
"""

import os
import platform
import re
import sys
from importlib import import_module

FOLDER = os.path.dirname(os.path.abspath(__file__))
PROJECT = os.path.join(FOLDER, "..", "..", "pyproject.toml")


def too_old(arguments: "list[str]") -> str:
    """One sentence for a Python that is too old, and "" for one that is not."""
    with open(PROJECT, encoding="utf-8") as file:
        [minor] = map(int, re.findall(r'requires-python = ">=3\.(\d+)"', file.read()))
    if sys.version_info >= (3, minor):
        return ""
    newer = f"3.{minor + 1}"
    again = f"py -{newer} helpers\\tasks" if os.name == "nt" else f"make PYTHON=python{newer}"
    return (
        f"This lesson needs Python 3.{minor} or later, and {sys.executable} is Python "
        f"{platform.python_version()}: install a newer one, or name one that you have, "
        f"as in `{again} {' '.join(arguments)}`."
    )


if __name__ == "__main__":
    problem = too_old(sys.argv[1:])
    if problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    sys.path[0] = os.path.dirname(FOLDER)
    try:
        sys.exit(import_module("tasks.commands").main(sys.argv[1:]))
    except KeyboardInterrupt:  # before the task has begun
        sys.exit(130)
