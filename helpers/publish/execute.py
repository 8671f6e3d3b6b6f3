"""Run notebooks in place, and change a stored output only where it is no longer true.

For maintainers: ``make notebooks``. An output that equals the stored one after the
replacements of ``sanitize.cfg`` keeps its stored form, so where nothing changed
no line of the file does.
"""

from __future__ import annotations

import argparse
import re
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

NOT_COMPARED = ("data", "metadata", "execution_count", "image/png", "image/jpeg")
METADATA = ("tags", "minutes")  # of a cell; the rest is what an editor adds
SANITIZE = Path(__file__).with_name("sanitize.cfg")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def run(notebook: Any, folder: Path) -> Any:
    """Execute a copy of a notebook in a fresh kernel and return the copy.

    :param notebook: as ``nbformat.read`` returns it.
    :param folder: the working directory of the kernel.
    :raises nbclient.exceptions.CellExecutionError: when a cell fails that is not
        tagged ``raises-exception``.
    """
    from nbclient import NotebookClient

    fresh = deepcopy(notebook)
    NotebookClient(
        fresh,
        timeout=120,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # else each warns that loopback is not encrypted
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    for cell in code_cells(fresh):
        cell.outputs = _plain(cell.outputs)
    return fresh


def execute(path: Path) -> bool:
    """Run one notebook in place; true when its file changed.

    :param path: the notebook's file.
    :raises nbclient.exceptions.CellExecutionError: as :func:`run` does; the file is
        left as it was.
    :raises ValueError: when the file is not a notebook.
    :raises OSError: when the file cannot be read or written.
    """
    import nbformat

    with path.open("r+", encoding="utf-8") as file:  # refused at once, not after the run
        before = file.read()
    stored = _parse(before)
    fresh = run(stored, path.parent)
    for old, new in zip(code_cells(stored), code_cells(fresh), strict=True):
        kept = _plain(old.outputs)
        if sanitized(kept) == sanitized(new.outputs):
            new.outputs = [_numbered(output, new.execution_count) for output in kept]
    for cell in fresh.cells:
        cell.metadata = {key: cell.metadata[key] for key in cell.metadata if key in METADATA}
    fresh.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    after: str = nbformat.writes(fresh) + "\n"
    if after != before:
        path.write_text(after, encoding="utf-8", newline="\n")
    return after != before


def code_cells(notebook: Any) -> list[Any]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def sanitized(outputs: Any) -> list[dict[str, Any]]:
    """What nbval compares, and the traceback: each output's texts by kind, after the replacements.

    A PNG or JPEG is not compared, so a stored one stays: delete it to have it drawn anew.

    :param outputs: the outputs of one cell.
    """
    from nbval.plugin import get_sanitize_patterns

    patterns = get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8"))

    def replaced(value: Any) -> Any:
        if isinstance(value, list):  # a traceback
            return [replaced(each) for each in value]
        if isinstance(value, str):
            for regex, replacement in patterns:
                value = re.sub(regex, replacement, value)
        return value

    return [
        {
            kind: replaced(value)
            for kind, value in {**output, **output.get("data", {})}.items()
            if kind not in NOT_COMPARED
        }
        for output in outputs
    ]


def _parse(text: str) -> Any:
    import nbformat

    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise ValueError("this is not a notebook of format 4.5") from error
    return notebook


def _plain(outputs: list[Any]) -> list[Any]:
    """Outputs without what only one run or one machine has."""
    plain: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and plain and plain[-1].get("name") == output.name:
            plain[-1].text += output.text
            continue
        if output.output_type == "error" and "\x1b" in "".join(output.traceback):
            # Not one that helpers.show has shortened: the frames name folders of this machine.
            output.traceback = [f"{output.ename}: {output.evalue}"]
        plain.append(output)
    return plain


def _numbered(output: Any, count: int) -> Any:
    if "execution_count" in output:
        output.execution_count = count
    return output


def main(arguments: list[str] | None = None) -> int:
    """Run the notebooks that are named and say of each whether it changed."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    parser = argparse.ArgumentParser(prog="python -m helpers.publish.execute", description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    for path in parser.parse_args(arguments).notebooks:
        try:
            print(f"{path}: {'changed' if execute(path) else 'unchanged'}", flush=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path}: a cell failed, and the file was left as it was.\n{error}")
            return 1
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            print(f"{path} cannot be used ({reason}): name notebooks such as notebooks/*.ipynb.")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
