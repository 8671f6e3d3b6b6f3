"""A scoreboard as a table, as text, and as a page of its own."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Mapping, Sequence
from html import escape

import sqlalchemy

from helpers.choose.questions import QUESTIONS, Question
from helpers.sample import Setup

Answers = Mapping[str, Sequence[str]]

MADE_BY = "<!-- a scoreboard of the lesson -->"
STARS = {"default": "★", "plain": "☆"}
LEGEND = {
    "✓": "yes",
    "–": "no",
    "★": "what Flask-SQLAlchemy does with <code>sqlite://</code>",
    "☆": "what SQLAlchemy does with <code>sqlite://</code>",
    "¹": "measured with a keeper, a connection that your code holds open; without one, the database"
    " ends with its last connection",
}
CELL = "padding: 3px 8px; text-align: left; vertical-align: top"
ROW = f"{CELL}; white-space: nowrap"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #111; background: #fff;
       max-width: 1240px; margin: 2em auto; padding: 0 16px }
table { border-collapse: collapse; font-size: 13px } td, th { border-bottom: 1px solid #999 }
caption { text-align: left; font-weight: bold; padding: 8px 0 }
a { color: inherit } td a { text-decoration: none } .wide { overflow-x: auto }
"""


def as_table(caption: str, setups: Sequence[Setup], answers: Answers, page: bool = False) -> str:
    """HTML: each cell is a link to its experiment, and a mouse over it tells what was done.

    :param page: lead to the sections of a page instead of the notebooks.
    """
    heads = "".join(f'<th scope="col" style="{CELL}">{escape(head(s))}</th>' for s in setups)
    rows = []
    for number, question in enumerate(QUESTIONS):
        target = f"#q{number + 1}" if page else f"{question.notebook}.ipynb"
        cells = "".join(
            f'<td style="{CELL}">{_cell(answers[setup.name][number], question, target)}</td>'
            for setup in setups
        )
        name = f'<a href="{target}">{escape(question.text)}</a>'
        rows.append(f'<tr><th scope="row" style="{ROW}">{name}</th>{cells}</tr>')
    return (
        f'<table><caption style="text-align: left">{escape(caption)}</caption>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f'<p style="max-width: 60em">{legend(setups)}</p>'
    )


def head(setup: Setup) -> str:
    """The name of a column, with its star and its footnote."""
    star, note = STARS.get(setup.name, ""), "¹" if setup.keep_alive else ""
    return f"{setup.name}{note} {star}".strip()


def legend(setups: Sequence[Setup]) -> str:
    """What the signs mean that a scoreboard has, as HTML."""
    shown = "✓–" + "".join(head(setup) for setup in setups)
    return "; ".join(f"{sign} {text}" for sign, text in LEGEND.items() if sign in shown) + "."


def _cell(answer: str, question: Question, target: str) -> str:
    sign, _, words = answer.partition(" ")
    done = escape(how(question))
    style = "text-decoration: none; font-weight: bold"
    link = f'<a href="{target}" title="{done}" style="{style}">{escape(sign)}</a>'
    return f"{link} {escape(words)}".strip()


def how(question: Question) -> str:
    """How a question is answered, in a sentence."""
    return (question.ask.__doc__ or "").strip().partition("\n")[0]


def as_text(caption: str, answers: Answers) -> str:
    """Plain text, for a terminal and for comparing outputs."""
    columns = [["", *(question.text for question in QUESTIONS)]]
    columns += [[name, *column] for name, column in answers.items()]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    return "\n".join([caption, *lines])


def as_page(caption: str, setups: Sequence[Setup], answers: Answers) -> str:
    """A page that needs no other file: the table, the setups, and how each question was asked."""
    versions = (
        f"Measured with SQLAlchemy {sqlalchemy.__version__}, SQLite {sqlite3.sqlite_version} and"
        f" Python {platform.python_version()} on {platform.system()}."
    )
    columns = "".join(
        f"<dt><b>{escape(head(each))}</b>: <code>{escape(each.url)}</code></dt>"
        f"<dd>{escape(each.about)}</dd>"
        for each in setups
    )
    asked = "".join(
        f'<h3 id="q{number}">{escape(question.text)}</h3>'
        f"<p>{escape(how(question))} Notebook {question.notebook[:2]} of the lesson shows it.</p>"
        for number, question in enumerate(QUESTIONS, start=1)
    )
    return (
        f'<!doctype html><html lang="en">{MADE_BY}<meta charset="utf-8">'
        f"<title>{escape(caption)}</title><style>{STYLE}</style>"
        f"<h1>Which setup fits?</h1>"
        f'<div class="wide">{as_table(caption, setups, answers, page=True)}</div>'
        f"<p>{escape(versions)}</p><h2>The setups</h2><dl>{columns}</dl>"
        f"<h2>How each question was asked</h2>{asked}</html>\n"
    )
