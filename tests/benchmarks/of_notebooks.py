"""nbval over all notebooks, against as many notebooks that only import what ours import."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from ratio import Ratio

from helpers.publish.execute import KERNEL, code_cells

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider")


def imports_only(path: Path) -> Any:
    """A notebook of one cell with the imports of another one."""
    lines = [
        ast.unparse(node)
        for cell in code_cells(nbformat.read(path, as_version=4))
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    notebook = new_notebook(cells=[new_code_cell("\n".join(lines), execution_count=1)])
    notebook.metadata["kernelspec"] = KERNEL
    return notebook


def seconds(folder: Path) -> float:
    """How long it takes to compare the notebooks in a folder.

    :raises RuntimeError: when one of them differs.
    """
    started = time.perf_counter()
    options = (f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}")
    done = subprocess.run([*COMMAND, *options, folder], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])
    return time.perf_counter() - started


def measure() -> Iterator[Ratio]:
    """One after the other, without a second process."""
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    with TemporaryDirectory() as folder:
        for path in paths:
            nbformat.write(imports_only(path), Path(folder) / path.name)
        other = seconds(Path(folder))
    ours = seconds(ROOT / "notebooks")
    yield Ratio(f"nbval, {len(paths)} notebooks", ours, "with their imports alone", other, "s", 3.5)
