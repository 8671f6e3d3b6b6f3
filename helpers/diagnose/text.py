"""The report as text, with lines of at most 80 columns and no word broken; and as a table."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path

from .report import EngineReport, Finding, Report
from .words import NOTEBOOKS, QUESTIONS, some

WIDTH = 80
LABEL = 9  # columns of the labels on the left
SAID = ("a lock is", "a writer waits", "not there", "it is being", "its tables were")  # at once
COLORS = {"safe": "32", "to mend": "31", "not looked": "33"}
CELL = 'style="text-align: left; vertical-align: top; white-space: pre-wrap"'
LESSON = Path(__file__).resolve().parents[2] / "notebooks"
Row = tuple[str, str, list[str]]  # a label, a text, and lines of code below it


def as_text(report: Report, verbose: bool = False, color: bool = False) -> str:
    """The whole report, an engine after the other; of a safe one a line, unless verbose."""
    lines = []
    if report.did or (verbose and report.ran):
        more = [f"and {len(report.did) - 3} more"] * (len(report.did) > 3)
        more += ["each worker of a server does that, too"] * bool(report.did)
        lines += wrap(f"{report.target}: " + "; ".join([*report.ran, *report.did[:3], *more]))
    if report.problem:
        failed = report.engines and " failed: " in report.problem
        lines += wrap(f"{'FAILED' if failed else 'NOT LOOKED'}  {report.problem}")
    for engine in report.engines:
        brief = engine.verdict == "safe" and not engine.findings and not verbose
        first, *rest = [one_line(engine)] if brief else in_full(engine, verbose)
        if color:
            word = engine.verdict.upper()
            first = first.replace(word, f"\x1b[{COLORS[engine.verdict]}m{word}\x1b[0m", 1)
        lines += [first, *rest]
    return "\n".join(lines)


def one_line(engine: EngineReport) -> str:
    """A safe engine, however long its path is; its notes are for verbose."""
    said = [note.partition(":")[0] for note in engine.notes if note.startswith(SAID)]
    if engine.tables.there and not engine.tables.named:
        said.insert(0, f"tables: {some(engine.tables.there)}")
    return ", ".join([f"SAFE  {engine.name}: {engine.opens}", *said])


def in_full(engine: EngineReport, verbose: bool) -> list[str]:
    """What was found about an engine, its cures and where to read on."""
    ids = " ".join(f"[{finding.id}]" for finding in engine.findings)
    start = f"{engine.verdict.upper()}  {engine.name}: {engine.url}, {engine.pool} {ids}"
    lines = wrap(start.rstrip())
    for label, text, code in rows(engine, verbose):
        start = f"  {label:<{LABEL}}" if label else "  "
        whole = start + text  # a path stays in one piece
        lines += wrap(whole, " " * len(start)) if " " in text or not label else [whole]
        lines += [f"    {line}" for line in code]
    return lines


def rows(engine: EngineReport, verbose: bool) -> Iterator[Row]:
    """What there is to say of an engine."""
    plain = engine.opens == engine.url or re.search("memory|file:", engine.opens)
    if engine.opens and (verbose or not plain):
        yield "opens", engine.opens, []
    if engine.problem or not engine.findings:
        yield "", engine.sentence, []
    for finding in engine.findings:
        yield from of_finding(finding)
    for key, answer in engine.answers.items() if verbose else ():
        word = {True: "yes", False: "no", None: "not tried"}[answer.yes]
        yield f"{QUESTIONS[key]:<29}", ": ".join(filter(None, [word, answer.detail])), []
    if verbose and engine.tables.there is not None:
        yield "tables", ", ".join(engine.tables.there) or "none", []
    if verbose or not engine.findings:
        yield from (("note", note, []) for note in engine.notes)


def of_finding(finding: Finding) -> Iterator[Row]:
    """A finding: what is so, what is seen of it, the cures, the notebook."""
    yield "", finding.sentence, []
    if finding.ignored:
        yield "ignored", finding.ignored, []
        return
    yield "you see", finding.message, []
    for number, cure in enumerate(finding.cures):
        yield "or" if number else "cure", cure.where, cure.lines
    yield "read", address(finding.notebook), []


def wrap(text: str, indent: str = "  ") -> list[str]:
    """Lines that fit; a word that is too long stays in one piece."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def address(number: str) -> str:
    """The address of a notebook where the lesson lies beside this folder; else its name."""
    path = LESSON / (NOTEBOOKS[number] + ".ipynb")
    # In a notebook of the lesson, or in a learner's copy of one, it is the neighbor.
    return path.as_uri() if path.is_file() and not Path(path.name).is_file() else path.name


def as_html(report: Report) -> str:
    """The whole report for a notebook: a table for each engine."""
    head = "; ".join(filter(None, [*report.ran, *report.did, report.problem]))
    parts = [f"<p>{escape(head)}</p>"] if head else []
    return "\n".join(parts + [as_table(engine) for engine in report.engines])


def as_table(engine: EngineReport) -> str:
    """A row for each thing to say of an engine."""
    ids = ", ".join(finding.id for finding in engine.findings)
    verdict = engine.verdict.upper() + (f" ({ids})" if ids else "")
    head: list[Row] = [(verdict, engine.name, []), ("engine", f"{engine.url}, {engine.pool}", [])]
    lines = [as_row(*each) for each in [*head, *rows(engine, verbose=True)]]
    return "\n".join(["<table>", *lines, "</table>"])


def as_row(label: str, text: str, code: list[str]) -> str:
    """A row of HTML; the address of a notebook that is there is a link."""
    html = escape(text)
    if label == "read" and (text.startswith("file:") or Path(text).is_file()):
        html = f'<a href="{html}">{html.rpartition("/")[2]}</a>'
    html += f"<pre>{escape(chr(10).join(code))}</pre>" if code else ""
    return f"<tr><th {CELL}>{escape(label.strip())}</th><td {CELL}>{html}</td></tr>"
