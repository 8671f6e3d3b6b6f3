"""Which predictions and repairs are done, kept in the workbook and nowhere else.

The workbook is the folder with a file ``.workbook.json``. It gets a file ``progress.json``:
a list of keys. In any other folder nothing is kept, so that a stored output is the same
for everybody.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from helpers.learn.reply import Reply, reply
from helpers.show import WORKBOOK, Table, grid

FILE = "progress.json"
KEY = re.compile(r'^(compare|check)\(\s*"(\d\d[a-z])"', re.M)
TITLE = re.compile(r"^# (.+)", re.M)
KINDS = {"compare": "predictions", "check": "repairs"}


class _Unusable(Exception):
    """Why progress cannot be read or written, as a sentence."""


def record(key: str, done: bool = True) -> str:
    """Note that a prediction or a repair is done, where there is a workbook.

    :param key: as ``"01a"``.
    :param done: false takes the note away.
    :returns: "" or one sentence that says why it could not be noted.
    """
    folder = Path.cwd()
    if not (folder / WORKBOOK).is_file():
        return ""
    try:
        before = _read(folder)
        after = before | {key} if done else before - {key}
        if after != before:
            _write(folder, after)
    except _Unusable as sentence:
        return str(sentence)
    return ""


def progress() -> Table | Reply:
    """How many predictions and repairs of each notebook are done, as a table."""
    folder = Path.cwd()
    if not (folder / WORKBOOK).is_file():
        return reply(
            "No progress is kept here. It is kept in the workbook, which `make lesson` opens."
        )
    try:
        done = _read(folder)
    except _Unusable as sentence:
        return reply(str(sentence))
    rows = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        title, keys = _title_and_keys(path)
        row = {"notebook": f"{path.name[:2]} {title}".strip()}
        for call, kind in KINDS.items():
            mine = [key for each, key in keys if each == call]
            row[kind] = f"{sum(key in done for key in mine)} of {len(mine)}" if mine else "–"
        rows.append(row)
    return grid(rows, "What you have done so far.", index="notebook")


def _title_and_keys(path: Path) -> tuple[str, list[tuple[str, str]]]:
    """The title of a notebook, and its keys, each with the name of the function that takes it.

    A notebook that cannot be read has neither.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        code = [s for s, cell in zip(sources, cells, strict=True) if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []
    title = TITLE.search(sources[0]) if sources else None
    plain = title[1].replace("`", "") if title else ""  # a table shows no Markdown
    return plain, [key for source in code for key in KEY.findall(source)]


def _read(folder: Path) -> set[str]:
    path = folder / FILE
    try:
        done = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(done, list) and all(isinstance(key, str) for key in done)):
            raise ValueError("it is no list of keys")
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        raise _Unusable(
            f"{FILE} cannot be read ({error}): your progress is not kept until you delete it."
        ) from None
    return set(done)


def _write(folder: Path, done: set[str]) -> None:
    """Replace the file as a whole, so that no half of it is ever there."""
    part = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, prefix=FILE, suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            part = file.name
            json.dump(sorted(done), file)
        os.replace(part, folder / FILE)
    except OSError as error:
        if part:
            with suppress(OSError):
                os.unlink(part)
        raise _Unusable(
            f"Your progress cannot be kept ({error.strerror}): let this folder be written to."
        ) from None
