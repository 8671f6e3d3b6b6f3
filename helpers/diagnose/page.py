"""The report as a table in a notebook."""

from __future__ import annotations

from html import escape

from .report import EngineReport, Finding, Report
from .text import link
from .words import QUESTIONS, notebook

__all__ = ["as_html"]

CELL = 'style="text-align: left; vertical-align: top; white-space: pre-wrap"'


def as_html(report: Report) -> str:
    """The whole report: a table for each engine."""
    head = [*report.ran, *report.did, *([report.problem] if report.problem else [])]
    parts = [f"<p>{escape('; '.join(head))}</p>"] if head else []
    return "\n".join(parts + [table(engine) for engine in report.engines])


def table(engine: EngineReport) -> str:
    """A row for each thing to say of an engine."""
    ids = ", ".join(finding.id for finding in engine.findings)
    verdict = engine.verdict.upper() + (f" ({ids})" if ids else "")
    rows = [(verdict, engine.name), ("engine", f"{engine.url}, {engine.pool}")]
    rows.append(("opens", engine.opens))
    if engine.problem or not engine.findings:
        rows.append(("", engine.sentence))
    html = [row(*each) for each in rows if each[1]]
    for finding in engine.findings:
        html += of_finding(finding)
    for key, answer in engine.answers.items():
        word = {True: "yes", False: "no", None: "not tried"}[answer.yes]
        html.append(row(QUESTIONS[key], ": ".join(filter(None, (word, answer.detail)))))
    if engine.tables.there is not None:
        html.append(row("tables", ", ".join(engine.tables.there) or "none"))
    html += [row("note", note) for note in engine.notes]
    return "<table>\n" + "\n".join(html) + "\n</table>"


def of_finding(finding: Finding) -> list[str]:
    """A finding: what is so, what is seen of it, the cures, the notebook."""
    rows = [row("", finding.sentence)]
    if finding.ignored:
        return [*rows, row("ignored", finding.ignored)]
    rows.append(row("you see", finding.message))
    for number, cure in enumerate(finding.cures):
        code = f"<pre>{escape(chr(10).join(cure.lines))}</pre>" if cure.lines else ""
        rows.append(cell("or" if number else "cure", escape(cure.where) + code))
    name, address = escape(notebook(finding.notebook)), escape(link(finding.notebook))
    rows.append(cell("read", f'<a href="{address}">{name}</a>' if address else name))
    return rows


def row(label: str, text: str) -> str:
    """A row of text."""
    return cell(label, escape(text))


def cell(label: str, html: str) -> str:
    """A row of HTML."""
    return f"<tr><th {CELL}>{escape(label)}</th><td {CELL}>{html}</td></tr>"
