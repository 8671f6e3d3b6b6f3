"""Measures the stacks again: ``python -m helpers.years``, or with the names of some.

Each stack gets an environment, which is built once and kept. A run that was interrupted goes
on where it stopped. At the end, the run is compared with the rows that are recorded.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from helpers.years.cases import COLUMNS, Case, all_cases, differences, recorded
from helpers.years.environments import environment
from helpers.years.progress import Bar, in_words, several
from helpers.years.record import Diary, Rows, measure_stack, record
from helpers.years.serve import Hindrance
from helpers.years.stacks import Stack, all_stacks, chosen

CACHE = Path.home() / ".cache" / "no-such-table" / "years"
SECONDS_TO_BUILD, SECONDS_A_CASE = 15.0, 0.4  # on two cores; better guesses come on the way

Skipped = dict[str, str]  # the reason, by the name of the stack


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the stacks that are named; 1 when a stack was skipped or a case differs."""
    parser = argparse.ArgumentParser(prog="python -m helpers.years", description=__doc__)
    parser.add_argument("stack", nargs="*", help="name of a stack, such as 2013; default: all")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the environments")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--record", action="store_true", help="write what was measured")
    options = parser.parse_args(arguments)
    try:
        stacks = chosen(options.stack, all_stacks())
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        return run(stacks, options.cache, max(1, options.workers), options.record)
    except KeyboardInterrupt:
        print("\nInterrupted. Give the same command again to go on from here.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"\n{error}: name a folder that can be written to with --cache.", file=sys.stderr)
        return 2


def run(stacks: Sequence[Stack], cache: Path, workers: int, keep: bool) -> int:
    """Build what is missing, measure, and say what came of it."""
    start = time.monotonic()
    cases = sum(len(all_cases(stack.has_cli)) for stack in stacks)
    print(
        f"{len(stacks)} stacks, {cases} cases: {in_words(cases * SECONDS_A_CASE)}, and some"
        f" seconds more for each environment that has to be built in {cache}.",
        file=sys.stderr,
    )
    pythons, skipped = build_all(stacks, cache, workers)
    diaries = {s: Diary(s, cache / "unfinished") for s in stacks if s.name in pythons}
    say_what_is_there([diary for diary in diaries.values() if diary.found])
    rows, reasons = measure_all(diaries, pythons, workers)
    skipped |= reasons
    for name, reason in skipped.items():
        print(f"Skipped {name}: {reason}.")
    different = [line for q in COLUMNS for line in differences(rows[q], already(rows, q))]
    print(
        f"Measured {len(stacks) - len(skipped)} stacks, {len(rows['tables'])} cases of tables and"
        f" {len(rows['loss'])} of a loss, in {in_words(time.monotonic() - start)}."
    )
    if different:
        print("\n".join(["These are not as recorded (measured | recorded):", *different]))
    elif rows["tables"]:
        print("Every pool and every outcome is as recorded.")
    if keep:
        try:
            record(rows)
        except OSError as error:
            print(
                f"The rows could not be recorded: {error}. They are kept: give the same command"
                " again when their files can be written.",
                file=sys.stderr,
            )
            return 2
    for diary in diaries.values():  # the run is over, and the next one starts from the beginning
        diary.forget()
    return 1 if skipped or different else 0


def say_what_is_there(diaries: Sequence[Diary]) -> None:
    """Name how many cases are not measured again, and how old the oldest diary is."""
    if diaries:
        cases = sum(len(diary.found) for diary in diaries)
        day = date.fromtimestamp(min(diary.path.stat().st_mtime for diary in diaries))
        print(f"Going on with {cases} cases of a run that was stopped on {day}.", file=sys.stderr)


def build_all(stacks: Sequence[Stack], cache: Path, workers: int) -> tuple[dict[str, str], Skipped]:
    """The Python of each stack's environment by its name, and why some have none."""
    pythons: dict[str, str] = {}
    skipped: Skipped = {}
    bar = Bar(len(stacks), "environments", SECONDS_TO_BUILD / workers, sys.stderr)
    with several(workers) as pool:
        futures = [(stack, pool.submit(environment, stack, cache)) for stack in stacks]
        for stack, future in futures:
            try:
                pythons[stack.name] = future.result()
            except Hindrance as reason:
                skipped[stack.name] = str(reason)
            bar.step(stack.name)
    return pythons, skipped


def measure_all(
    diaries: dict[Stack, Diary], pythons: dict[str, str], workers: int
) -> tuple[Rows, Skipped]:
    """The rows of each stack that could be measured whole, and why some could not."""
    rows: Rows = {question: [] for question in COLUMNS}
    skipped: Skipped = {}
    cases = [all_cases(stack.has_cli) for stack in diaries]
    bar = Bar(sum(map(len, cases)), "cases", SECONDS_A_CASE, sys.stderr)
    for (stack, diary), its_cases in zip(diaries.items(), cases, strict=True):
        end = bar.done + len(its_cases)
        bar.step(stack.name, len(diary.found), timed=False)

        def done(case: Case, name: str = stack.name) -> None:
            bar.step(f"{name} {case.question} {case.mode}")

        try:
            found = measure_stack(stack, pythons[stack.name], its_cases, diary, workers, done)
        except Hindrance as reason:
            skipped[stack.name] = str(reason)
            bar.step(stack.name, end - bar.done, timed=False)
            continue
        for question, new in found.items():
            rows[question] += new
    return rows, skipped


def already(rows: Rows, question: str) -> list[dict[str, str]]:
    """The recorded rows of the stacks that have been measured."""
    names = {row["stack"] for row in rows[question]}
    return [row for row in recorded(question) if row["stack"] in names]


if __name__ == "__main__":
    sys.exit(main())
