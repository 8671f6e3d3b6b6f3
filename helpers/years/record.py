"""Measures stacks, several cases at a time, and goes on where an earlier run was stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from contextlib import suppress
from pathlib import Path

from helpers.years.cases import COLUMNS, FILES, HEAD, Case, Row, as_csv, recorded
from helpers.years.measure import measure
from helpers.years.progress import several
from helpers.years.serve import PROBE, Hindrance
from helpers.years.stacks import Stack, all_stacks

Rows = dict[str, list[Row]]  # by question

# The code that decides what a case comes to: rows of another version are not mixed with its own.
MEASURES = (PROBE, *(Path(__file__).with_name(f"{name}.py") for name in ("serve", "measure")))


class Diary:
    """What has been measured of one stack so far: a file with one line of JSON a case.

    Those that another version of the code has left are removed.

    :param stack: the stack.
    :param folder: where the file is, or will be.
    """

    def __init__(self, stack: Stack, folder: Path) -> None:
        made_of = repr(stack).encode() + b"".join(path.read_bytes() for path in MEASURES)
        self.path = folder / f"{stack.name}-{hashlib.sha256(made_of).hexdigest()[:12]}.jsonl"
        self.found: dict[Case, list[Row]] = {}
        for old in folder.glob(f"{stack.name}-{'[0-9a-f]' * 12}.jsonl"):
            if old != self.path:
                old.unlink(missing_ok=True)
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError):  # it was cut off, by a kill or a full disk
                    case, rows = json.loads(line)
                    self.found[Case(*case)] = rows

    def add(self, case: Case, rows: list[Row]) -> None:
        """Note what one case came to."""
        self.found[case] = rows
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps([case, rows]))  # also where the last line was cut off

    def forget(self) -> None:
        """Throw it away."""
        self.found.clear()
        self.path.unlink(missing_ok=True)


def measure_stack(
    stack: Stack,
    python: str,
    cases: Sequence[Case],
    diary: Diary,
    workers: int = 2,
    done: Callable[[Case], None] = lambda case: None,
) -> Rows:
    """Measure the cases of a stack that its diary does not have yet.

    :param stack: the stack.
    :param python: the Python of its environment.
    :param cases: what to measure, the pools among it.
    :param diary: keeps each case that has been measured, also if the next one fails.
    :param workers: how many cases run at the same time.
    :param done: called after each case.
    :return: the rows of these cases, as they are recorded.
    :raises Hindrance: when one case cannot be measured; the diary is thrown away.
    """
    todo = [case for case in cases if case not in diary.found]
    try:
        with several(workers) as pool:
            futures = {pool.submit(measure, python, case): case for case in todo}
            for future in as_completed(futures):
                case = futures[future]
                diary.add(case, future.result())
                done(case)
    except Hindrance as reason:
        diary.forget()
        raise Hindrance(f"{reason} ({' '.join(filter(None, case))})") from None
    return complete(stack, diary.found, cases)


def complete(stack: Stack, found: dict[Case, list[Row]], cases: Sequence[Case]) -> Rows:
    """The rows of a stack with its name and versions, in the columns that are recorded.

    :raises Hindrance: when its environment has other releases than the stack asks for.
    """
    first = found[Case("pools")][0]
    for package in ("flask", "werkzeug", "sqlalchemy", "flask-sqlalchemy"):
        version = first.get(package.replace("-", "_"))
        if version != stack.version(package):
            raise Hindrance(f"it has {package} {version} instead of {stack.version(package)}")
    head = {name: first.get(name, "") for name in HEAD}
    head |= {"stack": stack.name, "year": str(stack.year or "")}
    rows: Rows = {question: [] for question in COLUMNS}
    for case in cases:
        for row in found[case]:
            whole = head | row
            rows[case.question].append({c: whole[c] for c in COLUMNS[case.question]})
    return rows


def record(rows: Rows) -> None:
    """Write rows into the recorded files, in place of the rows of the same stacks.

    No file is ever there in part: each is written beside the old one, and then replaces it.

    :param rows: of one or more stacks, each of them complete.
    :raises OSError: when a file cannot be written.
    """
    beside = {question: FILES[question].with_suffix(".new") for question in rows}
    try:
        for question, new in rows.items():
            text = as_csv(question, _merged(question, new))
            beside[question].write_text(text, encoding="utf-8", newline="\n")
        for question, path in beside.items():
            os.replace(path, FILES[question])
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)


def _merged(question: str, new: list[Row]) -> list[Row]:
    """The recorded rows with new ones in their places, in the order of the stacks."""
    order = [stack.name for stack in all_stacks()]
    measured = {row["stack"] for row in new}
    old = recorded(question) if FILES[question].is_file() else []
    kept = [row for row in old if row["stack"] not in measured and row["stack"] in order]
    return sorted([*kept, *new], key=lambda row: order.index(row["stack"]))
