"""Alembic's migrations in the folder of the app: they are read, and not run."""

from __future__ import annotations

import os
import re
from configparser import ConfigParser, Error
from pathlib import Path

from .find import Place
from .report import Cure, Finding, Tables

FOLDERS = ("migrations", "alembic")  # the usual ones
TABLE = "alembic_version"
TEMPORARY = "_alembic_tmp_"  # what a migration of SQLite fills, and gives the old name
BASE = re.compile(r"^down_revision\b[^=\n]*= *None", re.MULTILINE)
STEP = re.compile(
    r"""create_table\(\s*["'](.+?)["']|add_column\(.*?Column\(\s*["'](.+?)["']""", re.DOTALL
)
REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=(.*)$", re.MULTILINE)


def ini() -> tuple[str, Path]:
    """The URL and the folder that ``alembic.ini`` names; nothing and ``.`` where it does not."""
    config = ConfigParser(defaults={"here": os.getcwd()})
    try:
        config.read("alembic.ini", encoding="utf-8")
        mine = config["alembic"]
        return mine.get("sqlalchemy.url", ""), Path(mine.get("script_location", "."))
    except (Error, KeyError, OSError, ValueError):
        return "", Path()


def texts(pattern: str) -> list[str]:
    """What stands in the scripts of the migrations, or in their ``env.py``."""
    folders = {*map(Path, FOLDERS), ini()[1]} - {Path()}
    files = [file for each in sorted(folders) for file in sorted(each.glob(pattern))]
    files = [file for file in files if os.access(file, os.R_OK)]
    return [file.read_text(encoding="utf-8", errors="replace") for file in files]


def are_begun() -> bool:
    """Whether the folder of Alembic's migrations is here."""
    return bool(texts("env.py") or texts("versions/*.py"))


def are_here() -> bool:
    """Whether Alembic has migrations here, and remembers them in the usual table."""
    return bool(texts("versions/*.py")) and "version_table" not in "".join(texts("env.py"))


def make(tables: list[str]) -> bool:
    """Whether scripts name all of these tables."""
    text = "".join(texts("versions/*.py"))
    return all(re.search(rf"""["']{re.escape(name)}["']""", text) for name in tables)


def heads() -> list[str]:
    """The last revisions: no script goes on from them."""
    named: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for text in texts("versions/*.py"):
        for name, value in REVISION.findall(text):
            named[name].update(re.findall(r"""["'](.+?)["']""", value))
    return sorted(named["revision"] - named["down_revision"])


def first_error(table: str) -> str:
    """What the first migration says where its tables are there already."""
    first = [text for text in texts("versions/*.py") if BASE.search(text)]
    step = STEP.search("".join(first).partition("def downgrade")[0])
    if step and step[2]:
        return f"duplicate column name: {step[2]}"
    return f"table {step[1] if step else table} already exists"


def left_over(there: list[str]) -> Finding | None:
    """The finding for a table of a migration that failed half way."""
    temporary = next((each for each in there if each.startswith(TEMPORARY)), "")
    if not temporary:
        return None
    table = temporary[len(TEMPORARY) :]
    gone = table not in there
    error = f"no such table: {table}" if gone else f"table {temporary} already exists"
    rows = f"{table} is gone, and its rows are in it" if gone else f"{table} is still there"
    drop, rename = f'DROP TABLE "{temporary}"', f'ALTER TABLE "{temporary}" RENAME TO "{table}"'
    words = {"temporary": temporary, "error": error, "rows": rows}
    return Finding.of("migration-left-over", statement=rename if gone else drop, **words)


def tool_of(place: Place) -> str:
    """The command of Alembic, which Flask-Migrate hands on."""
    return "flask db" if place.extension else "alembic"


def cure_of(place: Place, tables: Tables, revisions: list[str], startup: list[str]) -> Cure:
    """What makes the missing tables, by how far the migrations are; else the app does it once."""
    tool, where = tool_of(place), f"In the folder {os.getcwd()}"
    of_flask, alembic = ("migrate", "upgrade"), ("revision --autogenerate", "upgrade head")
    write, run = of_flask if place.extension else alembic
    if not make(tables.missing):
        starts = "the app starts" if place.extension else "env.py sees them"
        where += f"; does the first one find no change, import the models where {starts}"
        return Cure(where, [f"{tool} {write}", f"{tool} {run}"])
    if not revisions or revisions != heads():
        return Cure(where, [f"{tool} {run}"])
    if tables.there == [TABLE]:
        where += "; all was dropped but Alembic's own table"
        return Cure(where, [f"{tool} stamp base", f"{tool} {run}"])
    return Cure("Once, since a table was dropped that a migration had made", startup)
