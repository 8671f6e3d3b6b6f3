"""The report as a table in a notebook."""

from __future__ import annotations

from html import escape
from pathlib import Path

from .report import EngineReport, Report
from .text import rows

CELL = 'style="text-align: left; vertical-align: top; white-space: pre-wrap"'


def as_html(report: Report) -> str:
    """The whole report: a table for each engine."""
    head = "; ".join(filter(None, [*report.ran, *report.did, report.problem]))
    parts = [f"<p>{escape(head)}</p>"] if head else []
    return "\n".join(parts + [table(engine) for engine in report.engines])


def table(engine: EngineReport) -> str:
    """A row for each thing to say of an engine."""
    ids = ", ".join(finding.id for finding in engine.findings)
    verdict = engine.verdict.upper() + (f" ({ids})" if ids else "")
    lines = [row(verdict, engine.name), row("engine", f"{engine.url}, {engine.pool}")]
    lines += [row(*each) for each in rows(engine, verbose=True)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def row(label: str, text: str, code: list[str] | None = None) -> str:
    """A row of HTML; the address of a notebook that is there is a link."""
    html = escape(text)
    if label == "read" and (text.startswith("file:") or Path(text).is_file()):
        html = f'<a href="{html}">{html.rpartition("/")[2]}</a>'
    html += f"<pre>{escape(chr(10).join(code))}</pre>" if code else ""
    return f"<tr><th {CELL}>{escape(label.strip())}</th><td {CELL}>{html}</td></tr>"
