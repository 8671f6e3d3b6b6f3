"""The report as text: lines of at most 80 columns, and no word broken."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from .report import EngineReport, Finding, Report
from .words import QUESTIONS, SAFE, notebook, some

__all__ = ["as_text", "link", "read_where"]

WIDTH = 80
LABEL = 11  # columns of the labels on the left
CODE = "    "
COLORS = {"safe": "32", "to mend": "31", "not looked": "33"}
LESSON = Path(__file__).resolve().parents[2] / "notebooks"


def as_text(report: Report, verbose: bool = False, color: bool = False) -> str:
    """The whole report, an engine after the other; of a safe one a line, unless verbose."""
    blocks = [head(report, verbose)]
    for engine in report.engines:
        brief = engine.verdict == "safe" and not engine.findings and not verbose
        lines = one_line(engine) if brief else in_full(engine, verbose)
        blocks.append("\n".join(paint(engine, lines, color)))
    return "\n".join(filter(None, blocks))


def head(report: Report, verbose: bool) -> str:
    """What ran of the app, what it did to files, and why there is no more."""
    lines = []
    if report.did or (verbose and report.ran):
        did = shortened(report.did, 3)
        lines += wrap(f"{report.target}: " + "; ".join([*report.ran, *did]))
    if report.problem:
        lines += wrap(f"NOT LOOKED  {report.problem}", "  ")
    return "\n".join(lines)


def shortened(texts: list[str], number: int) -> list[str]:
    """The first few of many texts."""
    more = [f"and {len(texts) - number} more"] if len(texts) > number else []
    return texts[:number] + more


def one_line(engine: EngineReport) -> list[str]:
    """A safe engine, however long its path is; its notes are for verbose."""
    unread = engine.kind == "file" and engine.tables.there is None
    if engine.tables.there is not None and not engine.tables.named:
        note = f", tables: {some(engine.tables.there)}"
        return [f"SAFE  {engine.name}: {engine.opens}{note}"]
    note = f", {engine.notes[0].partition(':')[0]}" if unread and engine.notes else ""
    return [f"SAFE  {engine.name}: {engine.opens}{note}"]


def in_full(engine: EngineReport, verbose: bool) -> list[str]:
    """What was found about an engine, its cures and where to read on."""
    ids = " ".join(f"[{finding.id}]" for finding in engine.findings)
    start = f"{engine.verdict.upper()}  {engine.name}: {engine.url}, {engine.pool} {ids}"
    lines = wrap(start.rstrip(), "  ")
    if engine.opens != engine.url and not re.search("memory|file:", engine.opens):
        lines += label("opens", engine.opens)
    if engine.problem:
        lines += wrap(f"  {engine.problem}", "  ")
    elif not engine.findings:
        lines += wrap(f"  {SAFE[engine.kind][1]}", "  ")
    for finding in engine.findings:
        lines += of_finding(finding)
    if verbose:
        lines += of_answers(engine)
    brief = bool(engine.findings) and not verbose
    for note in [] if brief else engine.notes:
        lines += label("note", note)
    return lines


def of_finding(finding: Finding) -> list[str]:
    """A finding: what is so, what is seen of it, the cures, the notebook."""
    lines = wrap(f"  {finding.sentence}", "  ")
    if finding.ignored:
        return lines + label("ignored", finding.ignored)
    lines += label("you see", finding.message)
    for number, cure in enumerate(finding.cures):
        lines += label("or" if number else "cure", cure.where)
        lines += [CODE + line for line in cure.lines]
    return lines + label("read", read_where(finding.notebook))


def of_answers(engine: EngineReport) -> list[str]:
    """The questions that were asked of a copy of the engine."""
    lines = []
    for key, answer in engine.answers.items():
        word = {True: "yes", False: "no", None: "not tried"}[answer.yes]
        detail = f": {answer.detail}" if answer.detail else ""
        lines += wrap(f"  {QUESTIONS[key]:<27}  {word}{detail}", " " * 31)
    if engine.tables.there is not None:
        lines += label("tables", ", ".join(engine.tables.there) or "none")
    return lines


def label(name: str, text: str) -> list[str]:
    """A text beside its label; a path in one piece."""
    if " " not in text:
        return [f"  {name:<{LABEL - 2}}{text}"]
    return wrap(f"  {name:<{LABEL - 2}}{text}", " " * LABEL)


def wrap(text: str, indent: str = "  ") -> list[str]:
    """Lines that fit; a word that is too long stays in one piece."""
    start = len(text) - len(text.lstrip())
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent="",
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return [" " * start + lines[0].lstrip(), *lines[1:]] if lines else []


def paint(engine: EngineReport, lines: list[str], color: bool) -> list[str]:
    """The verdict in its color, where there are colors."""
    word = engine.verdict.upper()
    if not color:
        return lines
    return [lines[0].replace(word, f"\x1b[{COLORS[engine.verdict]}m{word}\x1b[0m", 1), *lines[1:]]


def link(number: str) -> str:
    """The address of a notebook, where the lesson lies beside this folder; else nothing."""
    path = LESSON / notebook(number)
    if not path.is_file():
        return ""
    # In a notebook of the lesson, or in a learner's copy of one.
    return path.name if Path(path.name).is_file() else path.as_uri()


def read_where(number: str) -> str:
    """The address of a notebook, or its name."""
    return link(number) or notebook(number)
