"""The report on one engine."""

from __future__ import annotations

import tempfile

from .app import App
from .connections import holds
from .cures import cures_of, for_columns, for_folder, for_late_url, for_tables
from .database import Sqlite, shown, where
from .find import Place
from .judge import judge, judge_server, notes, server_notes
from .measure import measure
from .report import Answer, EngineReport, Finding, Problem
from .scratch import Scratch
from .settings import setting_of
from .tables import columns_missing, compare, elsewhere, metadata_of
from .words import FINDINGS, some

__all__ = ["look_at_engine"]

WHY_NOT_READ = {
    "busy": "it is being written to: its tables could not be read",
    "missing": "not there yet: SQLite makes it empty at the first connection",
}


def look_at_engine(place: Place, app: App) -> EngineReport:
    """Look at one engine; what keeps it from looking stands in the report."""
    engine, sqlite = place.value, app.databases[id(place.value)]
    report = EngineReport(place.path, shown(engine.url), type(engine.pool).__name__)
    try:
        if isinstance(sqlite, Problem):
            raise sqlite
        report.opens = where(sqlite) if sqlite else shown(engine.url)
        if sqlite is None:
            report.kind, report.notes = judge_server(engine), server_notes(engine)
            found(report, place, None, app)
        elif usable(report, sqlite, app):
            try_it(report, place, sqlite, app)
            look_at_tables(report, place, sqlite, app)
        look_at_configuration(report, place, sqlite, app)
    except Problem as problem:
        report.problem = str(problem)
    except Exception as error:  # noqa: BLE001 - a pool or dialect that is new to diagnose
        report.problem = f"No copy of this engine could be tried: {type(error).__name__}: {error}"
    return report


def usable(report: EngineReport, sqlite: Sqlite, app: App) -> bool:
    """Whether there is a database, or there can be one; else it is a finding."""
    if missing := sqlite.missing_folder():
        report.findings = [Finding.of("no-folder", for_folder(sqlite.path), reason=missing)]
    elif not sqlite.in_memory and app.content(sqlite.path)["problem"] == "not a database":
        report.findings = [Finding.of("not-a-database", file=sqlite.path)]
    return not report.findings


def try_it(report: EngineReport, place: Place, sqlite: Sqlite, app: App) -> None:
    """Try a copy of the engine on a scratch database."""
    kept, others = holds(sqlite, app.found, app.opened)
    wal = app.content(sqlite.path).get("wal", False)
    with tempfile.TemporaryDirectory(prefix="diagnose-", dir=app.folder) as folder:
        scratch = Scratch(place.value, sqlite, folder, wal)
        try:
            look = measure(scratch, kept)
        finally:
            scratch.remove()
        report.kind = judge(scratch, look)
    table = next(iter(compare(place, app.found, None).named), "item")
    report.answers = {
        key: Answer(each.yes, each.detail.replace("{table}", table))
        for key, each in look.answers.items()
    }
    report.notes = notes(scratch, look, report.kind, kept, others)
    found(report, place, sqlite, app, look.error.replace("{table}", table))


def found(
    report: EngineReport, place: Place, sqlite: Sqlite | None, app: App, error: str = ""
) -> None:
    """Add the finding that was measured, with its cures."""
    if report.kind in FINDINGS:
        cures = cures_of(report.kind, place, sqlite, setting_of(place, app.flask), app.names)
        file = sqlite.path.rpartition("/")[2] if sqlite else ""
        report.findings.append(Finding.of(report.kind, cures, error=error, file=file))


def look_at_tables(report: EngineReport, place: Place, sqlite: Sqlite, app: App) -> None:
    """Compare the tables that models name with those in the file."""
    content = None if sqlite.in_memory else app.content(sqlite.path)
    tables = report.tables = compare(place, app.found, content)
    if content is None:
        return
    if problem := content["problem"]:
        report.notes.insert(0, WHY_NOT_READ.get(problem, f"its tables were not read: {problem}"))
        if problem != "missing":
            return
        tables.missing = tables.named
    if tables.missing:
        tables.elsewhere = elsewhere(tables, sqlite.path, app.other_files())
    if tables.missing and (tables.elsewhere or not problem):
        report.findings.append(missing_tables(report, place, app))
    elif not problem:
        lost = columns_missing(place, app.found, content)
        for table, columns in lost.items():
            cures = for_columns(table, columns)
            first = next(iter(columns))
            report.findings.append(Finding.of("columns-missing", cures, table=table, column=first))


def missing_tables(report: EngineReport, place: Place, app: App) -> Finding:
    """The finding for tables that are not there, or are somewhere else."""
    tables = report.tables
    paths = [each.path for each in metadata_of(place, app.found)]
    metadata = next((each for each in paths if "metadata" in each), "Base.metadata")
    metadata = ".".join(metadata.replace(".__table__", "").split(".")[-2:])
    cures = for_tables(place, tables, setting_of(place, app.flask), metadata)
    others = [f"{path} has {some(names)}" for path, names in list(tables.elsewhere.items())[:2]]
    return Finding.of(
        "tables-elsewhere" if others else "tables-missing",
        cures,
        table=tables.missing[0],
        missing=some(tables.missing),
        there=some(tables.there or []),
        elsewhere=" and ".join(others),
    )


def look_at_configuration(
    report: EngineReport, place: Place, sqlite: Sqlite | None, app: App
) -> None:
    """Compare the URL of the engine with the one in the configuration."""
    if configured := app.configured(place, sqlite):
        cures = for_late_url(setting_of(place, app.flask), configured)
        table = next(iter(report.tables.named), "item")
        finding = Finding.of("url-not-used", cures, configured=configured, table=table)
        report.findings.insert(0, finding)
