"""One diagnosis from start to end: find the engines, look at each, report."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .find import Place
from .judge import cure, describe_files, judge, notes, shown
from .measure import measure
from .report import EngineReport, Interrupted, Problem, Report
from .scratch import Scratch
from .target import resolve
from .words import NO_ERROR, SAFE, TRAPS


def look_at(place: Place, keeper: bool, signals: list[int]) -> EngineReport:
    """Look at one engine; what keeps it from looking stands in the report."""
    report = EngineReport(place.path, shown(place.value.url), type(place.value.pool).__name__)
    try:
        with tempfile.TemporaryDirectory(prefix="diagnose-", ignore_cleanup_errors=True) as folder:
            scratch = Scratch(place.value, folder, signals)
            try:
                look = measure(scratch, keeper)
            finally:
                scratch.remove()
            left = os.listdir(folder)
        report.finding = judge(scratch, look)
    except Problem as problem:
        report.sentence = str(problem)
        return report
    except Exception as error:  # noqa: BLE001 - a pool or dialect that is new to diagnose
        report.sentence = f"No copy of this engine could be tried: {type(error).__name__}: {error}"
        return report
    report.answers = look.answers
    report.verdict = "trapped" if report.finding in TRAPS else "safe"
    report.notebook, report.sentence = (TRAPS | SAFE)[report.finding]
    if report.verdict == "trapped":
        report.cure = cure(place, scratch.sqlite, report.finding)
        file = os.path.basename(scratch.sqlite.path) if scratch.sqlite else ""
        no_error = NO_ERROR.get(report.finding, "").format(file)
        report.message = no_error or look.answers["another_thread"].detail
    report.files = describe_files(scratch.sqlite, look.files, left)
    report.notes = notes(scratch, look, report.finding, keeper)
    return report


@contextmanager
def deferred_signals() -> Iterator[list[int]]:
    """Let a signal end the look between two steps, and deliver it when all is removed."""
    signals: list[int] = []
    old: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) not in (None, signal.SIG_IGN):
                old[number] = signal.signal(number, lambda number, _: signals.append(number))
    try:
        with suppress(Interrupted):
            yield signals
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    if signals:
        signal.raise_signal(signals[0])
        raise KeyboardInterrupt  # the program goes on after it


def diagnose(target: object) -> Report:
    """Look at every engine of an app without touching its data.

    :param target: an app, engine, session, ``db`` object or module; a factory, which is called;
        or as text what the command takes: ``"myapp:app"``, a URL, the path of a file.
    :return: a report, also of what kept it from looking.
    """
    report = Report(target if isinstance(target, str) else type(target).__name__)
    try:
        places, keeper = resolve(target, report)
        with deferred_signals() as signals:
            for place in places:
                report.engines.append(look_at(place, keeper, signals))
    except Problem as problem:
        report.problem = str(problem)
    return report
