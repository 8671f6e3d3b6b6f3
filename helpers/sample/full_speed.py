"""Threads that really meet, in a process of their own, which may not survive it."""

from __future__ import annotations

import inspect
import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from textwrap import dedent
from threading import Barrier

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from helpers.look import describe_error
from helpers.sample.items import start_over
from helpers.sample.setups import Setup
from helpers.sample.shop import Item
from helpers.show import one_by_one
from helpers.spawn import Process, TemporaryFolder

Work = Callable[[Engine, str], None]

PATIENCE = 300.0  # seconds, also where each commit takes a slow disk half a second
MARK = "at full speed: "
SCRIPT = """
from __future__ import annotations
import os, sys
from sqlalchemy.orm import Session
from helpers.sample import Item, setups
from helpers.sample.full_speed import report

{source}

report({name}, setups[{setup!r}], {threads}, {times}, sys.argv[1])
"""


def at_full_speed(work: Work, setup: Setup, threads: int = 4, times: int = 100) -> str:
    """Let threads store items as fast as they can, and say how it ended.

    It runs until one run is not clean, at most five times, and once where rows are kept.
    A run is clean when no transaction failed, and when every item that was stored without an
    error is there once.

    :param work: a function of an engine and a name, which stores an item of that name.
    :param setup: one of ``setups``.
    :param threads: how many there are at the same time.
    :param times: how often each of them does its work.
    """
    source = dedent(inspect.getsource(work))
    fields = {"name": work.__name__, "setup": setup.name, "threads": threads, "times": times}
    script = SCRIPT.format(source=source, **fields)
    rounds = range(5 if setup.url == "sqlite://" else 1)
    said = ""
    for _ in one_by_one(rounds, "Threads store items at full speed"):
        with TemporaryFolder() as folder:
            command = [sys.executable, "-c", script, str(folder.new())]
            with Process(command, pass_fds=folder.lifeline) as process:
                said = _in_words(process.wait(PATIENCE), process.output, threads * times)
        if said.startswith("Not clean"):
            break
    return said


def report(work: Work, setup: Setup, threads: int, times: int, folder: str) -> None:
    """Do all of it in this process, and print what was counted."""
    connect_args = {**setup.options.get("connect_args", {}), "timeout": 60}
    patient = replace(setup, options={**setup.options, "connect_args": connect_args})
    stored: list[str] = []
    errors: list[str] = []
    start = Barrier(threads)

    def store(number: int) -> None:
        start.wait()
        for count in range(times):
            name = f"item {number}-{count}"
            try:
                work(engine, name)
                stored.append(name)
            except (SQLAlchemyError, LookupError, SystemError) as error:
                errors.append(describe_error(error))

    with patient.engine(folder) as engine:
        start_over(engine)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(store, range(threads)))
        with Session(engine) as session:
            found = Counter(session.scalars(select(Item.name)))
    missing = [name for name in stored if found[name] != 1]
    most = [message for message, _ in Counter(errors).most_common(1)]
    counted = {"stored": len(stored), "missing": len(missing), "errors": len(errors), "most": most}
    sys.stdout.write(f"{MARK}{json.dumps(counted)}\n")


def _in_words(status: int, output: str, transactions: int) -> str:
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    if status < 0:
        return f"Not clean: the system ended the process with {signal.Signals(-status).name}."
    if not lines:
        errors = re.findall(r"^[\w.]+(?:Error|Exception)\b.*", output, re.MULTILINE) or [output]
        return f"Not clean: the process ended with status {status}: {errors[-1]}"
    counted = json.loads(lines[-1].removeprefix(MARK))
    if counted["missing"] == counted["errors"] == 0:
        return f"Clean: {transactions} transactions, and each of their items is there."
    often = f", most often with “{counted['most'][0]}”" if counted["most"] else ""
    return (
        f"Not clean: of {transactions} transactions, {counted['errors']} failed{often}."
        f" {counted['stored']} were acknowledged. Of these, {counted['missing']} can't be found."
    )
