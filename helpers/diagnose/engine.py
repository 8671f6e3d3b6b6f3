"""The report on one engine."""

from __future__ import annotations

import tempfile
from contextlib import closing

from . import cures as mend
from . import migrations, two_engines
from .app import App
from .connections import holds, shared_sessions
from .database import Sqlite, shown
from .find import Place
from .measure import judge, judge_server, measure, notes
from .private import is_async
from .report import Cure, EngineReport, Finding
from .scratch import Scratch
from .tables import Content, columns_missing, compare, elsewhere, lost_its_wal
from .whose import models_of
from .words import FINDINGS, NOTES, Problem, some

ONE_CONNECTION = {"one-connection", "one-connection-no-transactions"}
WHY_NOT_READ = {
    "busy": "it is being written to: its tables could not be read",
    "missing": "not there yet: SQLite makes it empty at the first connection",
}


def look_at_engine(place: Place, app: App) -> EngineReport:
    """Look at one engine; what keeps it from looking stands in the report."""
    look = EngineLook(place, app)
    try:
        look.at_all()
    except Problem as problem:
        look.report.problem = str(problem)
    except Exception as error:  # noqa: BLE001 - a pool or dialect that is new to diagnose
        reason = f"{type(error).__name__}: {error}"
        look.report.problem = f"No copy of this engine could be tried: {reason}"
    return look.report


class EngineLook:
    """A look at one engine, step by step; what is found goes into the report."""

    def __init__(self, place: Place, app: App) -> None:
        self.place, self.app, self.engine = place, app, place.value
        url, pool = shown(self.engine.url), type(self.engine.pool).__name__
        self.report = EngineReport(place.path, url, pool)
        models, self.unsure = models_of(place, app)
        self.tables = {table.name: table for table in models}
        of_all = sorted(name for each in app.found.metadata for name in each.value.tables)
        self.table = (sorted(self.tables) or of_all or ["item"])[0]

    def at_all(self) -> None:
        """Look at the database, the pool, the tables and the configuration."""
        sqlite = self.app.databases[id(self.engine)]
        if isinstance(sqlite, Problem):
            raise sqlite
        self.setting = self.app.setting(self.place)
        if sqlite is None:
            self.report.opens, self.report.kind = self.report.url, judge_server(self.engine.pool)
            self.add_measured(None)
        else:
            self.report.opens = sqlite.where
            if missing := sqlite.missing_folder():
                self.add("no-folder", mend.for_folder(sqlite.path), reason=missing)
            elif (denied := sqlite.forbidden())[0]:
                self.add("not-allowed", reason=denied[0], error=denied[1])
            elif self.app.contents.get(sqlite.path, {}).get("problem") == "not a database":
                self.add("not-a-database", file=sqlite.path)
            else:
                error = self.try_a_copy(sqlite)
                self.compare_tables(sqlite)
                self.add_measured(sqlite, error)
        if not {each.id for each in self.report.findings} & ONE_CONNECTION:
            shared = shared_sessions(self.engine, self.app.found, self.setting)
            self.report.findings += shared
        if configured := self.app.configured(self.place, sqlite):
            words = {"configured": configured, "start": self.setting.start}
            self.add_first("url-not-used", table=self.table, place=self.setting.place, **words)

    def add(self, id: str, cures: list[Cure] | None = None, /, **values: str) -> None:
        """Add a finding."""
        self.report.findings.append(Finding.of(id, cures, **values))

    def add_first(self, id: str, cures: list[Cure] | None = None, /, **values: str) -> None:
        """Add a finding before the others."""
        self.report.findings.insert(0, Finding.of(id, cures, **values))

    def add_measured(self, sqlite: Sqlite | None, error: str = "") -> None:
        """Add the finding that was measured, if it is one, with its cures."""
        two_engines = "two-engines" in [each.id for each in self.report.findings]
        if (id := self.report.kind) in FINDINGS and not two_engines:  # whose cures end both
            cures = None
            if not FINDINGS[id].cure:
                cures = mend.cures_of(id, self.place, sqlite, self.setting, self.app.names)
            path, database = (sqlite.path, sqlite.database) if sqlite else ("", "")
            file, keeper = path.rpartition("/")[2], self.app.names.keeper(path.strip("/"))
            words = {"error": error, "file": file, "database": database, "keeper": keeper}
            self.add_first(id, cures, **words)
            if sqlite is None or is_async(self.engine):  # one connection is misused in threads only
                said = self.report.findings[0]
                said.message = said.message.partition("; under load")[0]

    def try_a_copy(self, sqlite: Sqlite) -> str:
        """Try a copy of the engine on a scratch database; what another thread gets, if not rows."""
        kept, others = holds(sqlite, self.app.found, self.app.opened)
        wal = self.app.contents.get(sqlite.path, {}).get("wal", False)
        made = tempfile.TemporaryDirectory(prefix="diagnose-", dir=self.app.folder)
        with made as folder, closing(Scratch(self.engine, sqlite, folder, wal, self.table)) as it:
            look = measure(it, kept)
        self.report.kind, self.report.answers = judge(it, look), look.answers
        self.report.notes = notes(it, look, self.report.kind, kept, others)
        return look.error

    def compare_tables(self, sqlite: Sqlite) -> None:
        """Compare the tables that models name with those in the file or in memory."""
        content = self.app.content_of(self.engine)
        tables = self.report.tables = compare(sorted(self.tables), content)
        problem = content["problem"]
        if problem:
            note = WHY_NOT_READ.get(problem, f"its tables were not read: {problem}")
            if problem == "missing" and tables.named:
                note = f"not there yet, and has no {self.table} until something creates it"
            self.report.notes[:0] = [note] if tables.named or not sqlite.in_memory else []
            if problem != "missing" and "tables" not in content:
                self.add_two_engines(sqlite)  # what the code says is known all the same
                return
            tables.missing = tables.named
        if sqlite.in_memory or tables.missing:
            mine = self.place.path if sqlite.in_memory else sqlite.path
            others = self.app.others(sqlite) if not (sqlite.in_memory and self.makes_them()) else {}
            tables.elsewhere = elsewhere(tables, mine, others)
        if sqlite.in_memory:  # where it is empty, startup code that has not run yet fills it
            problem = problem or ("" if tables.there else "empty")
        if self.add_two_engines(sqlite):
            return
        if left := migrations.left_over(tables.there or []):
            self.report.findings.append(left)
        elif tables.missing and (tables.elsewhere or not problem):
            self.add_missing(content)
        elif not problem:
            self.compare_columns(sqlite, content)

    def add_two_engines(self, sqlite: Sqlite) -> bool:
        """Add the finding for tables in memory that another engine gets, if so."""
        elsewhere = self.report.tables.elsewhere
        other = None
        if sqlite.in_memory or not self.tables.keys() - self.unsure:
            other = two_engines.other_engine(self.place, self.app, elsewhere)
        if other:
            words = {"other": other.name, "tables": other.tables, "table": self.table}
            words["memory"] = " in memory" * sqlite.in_memory
            self.add("two-engines", two_engines.for_both(self.place, self.app, other), **words)
        return bool(other)

    def makes_them(self) -> bool:
        """Whether code that has perhaps not run yet makes the tables on this engine."""
        mine = [id(what) for what, engine in self.app.ties if engine.pool is self.engine.pool]
        return any(id(table.metadata) in mine for table in self.tables.values())

    def compare_columns(self, sqlite: Sqlite, content: Content) -> None:
        """Compare the columns of tables that are there; and whether migrations know of them."""
        for table, columns in columns_missing(self.tables, self.engine, content).items():
            add = f'ALTER TABLE "{table}" ADD COLUMN'
            lines = "\n".join(f'{add} "{name}" {kind}' for name, kind in columns.items())
            words = {"table": table, "column": next(iter(columns)), "statements": lines}
            self.add("columns-missing", **words)
        alone = self.place.extension or len(self.app.found.engines) == 1
        if sqlite.in_memory or self.place.key or not (alone and self.tables):
            return
        if migrations.are_here() and migrations.TABLE not in content["tables"]:
            error, tool = migrations.first_error(self.table), migrations.tool_of(self.place)
            self.add("not-stamped", error=error, tool=tool)

    def add_missing(self, content: Content) -> None:
        """Add the finding for tables that are not there, or are somewhere else."""
        tables = self.report.tables
        models = self.tables[tables.missing[0]].metadata
        paths = [each.path for each in self.app.found.metadata if each.value is models]
        metadata = next((each for each in paths if "metadata" in each), "Base.metadata")
        metadata = ".".join(metadata.replace(".__table__", "").split(".")[-2:])
        cures = mend.for_tables(self.place, tables, self.setting, metadata, content, self.app.names)
        others = [f"{path} has {some(names)}" for path, names in list(tables.elsewhere.items())[:2]]
        self.add(
            "tables-elsewhere" if others else "tables-missing",
            cures,
            table=tables.missing[0],
            elsewhere=" and ".join(others),
            missing=some(tables.missing),
            there=some(tables.there or []),
        )
        said = self.report.findings[-1]
        if lost_its_wal(content):
            said.sentence += f" {NOTES['copied']}"
            said.only("" if others else "If not")
        if unsure := [name for name in tables.missing if name in self.unsure]:
            said.sentence += f" Nothing tells whether this is the engine of {some(unsure)}."
            said.only("If so")
