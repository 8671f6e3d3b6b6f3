"""What is the same for all engines of an app: its names, its configuration, its files."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from typing import Any

from sqlalchemy.engine import Engine, make_url

from .connections import leads_to
from .database import Sqlite, what_it_opens
from .find import Found, Place
from .settings import Names, Setting, setting_of
from .tables import Content, in_files, in_memory, nearby
from .ties import Tie, by_code, by_objects
from .words import Problem

NOT_THERE: set[str] = set()  # the tables of a file that is not there yet
MISSING: Content = {"problem": "missing", "tables": {}}


class App:
    """What was found, the app of Flask if there is one, and the contents of the files."""

    def __init__(
        self, found: Found, flask: Any, folder: str | None, opened: dict[int, str]
    ) -> None:
        self.found, self.flask, self.folder, self.opened = found, flask, folder, opened
        self.config: Any = getattr(flask, "config", {})
        module = found.engines[0].path.partition(":")[0] if found.engines else ""
        self.names = Names(flask, module.partition(".")[0])
        self.databases = {id(each.value): self.database(each.value) for each in found.engines}
        self.sqlite = [each for each in self.databases.values() if isinstance(each, Sqlite)]
        self.contents = in_files([each.path for each in self.sqlite if not each.in_memory])
        for name in (each.path.strip("/") for each in self.sqlite if each.shared):
            self.names.used[name] = name  # in memory, and so without a file
        self.around: dict[str, Content] | None = None

    @cached_property
    def ties(self) -> list[Tie]:
        """The engines of models and of sessions, as objects and code tell."""
        return [*by_objects(self.found), *by_code()]

    def database(self, engine: Engine) -> Sqlite | Problem | None:
        """What an engine opens, ``None`` for a server, or why that is not known."""
        try:
            return what_it_opens(engine, self.folder is not None)
        except Problem as problem:
            return problem

    def setting(self, place: Place) -> Setting:
        """How the reader's code makes an engine."""
        sqlite = self.databases[id(place.value)]
        passed = sqlite.passed[1] if isinstance(sqlite, Sqlite) else None
        return replace(setting_of(place, self.flask, passed), name=place.path)

    def content_of(self, engine: Engine) -> Content:
        """What is in the database of an engine."""
        sqlite = self.databases[id(engine)]
        if not isinstance(sqlite, Sqlite):
            return {"problem": "not SQLite"}
        if not sqlite.in_memory:
            return self.contents.get(sqlite.path, MISSING)
        return in_memory(engine, sqlite, self.folder is not None)

    def there(self, engine: Engine) -> set[str] | None:
        """The tables in the database of an engine, in lower case; ``None`` if that is not known."""
        content = self.content_of(engine)
        if content["problem"] == "missing":
            return NOT_THERE
        return {each.lower() for each in content["tables"]} if "tables" in content else None

    def others(self, sqlite: Sqlite) -> dict[str, Content]:
        """The contents of the other databases: of files, or in memory by the engines' paths."""
        if sqlite.in_memory:
            places = [(each, self.databases[id(each.value)]) for each in self.found.engines]
            mine = [place for place, it in places if isinstance(it, Sqlite) and it.in_memory]
            return {place.path: self.content_of(place.value) for place in mine}
        if self.around is None:
            near = nearby(self.flask, self.contents)
            self.around = in_files([path for path in near if path not in self.contents])
        return {**self.contents, **self.around}

    def keeps(self, place: Place) -> bool:
        """Whether a connection of plain sqlite3 is to an engine's database in memory."""
        shared = [each for each in self.sqlite if each.shared]
        return any(leads_to(place.value, each, self.opened) for each in shared)

    def configured(self, place: Place, sqlite: Sqlite | None) -> str:
        """The URL in the configuration, where it is not the one of the engine."""
        if place.extension != "flask_sqlalchemy" or (sqlite and sqlite.is_odd):
            return ""
        binds = self.config.get("SQLALCHEMY_BINDS") or {}
        wanted = binds.get(place.key) if place.key else self.config.get("SQLALCHEMY_DATABASE_URI")
        wanted = wanted.get("url") if isinstance(wanted, dict) else wanted
        if not wanted:
            return ""
        url, mine = make_url(wanted), place.value.url
        if sqlite and url.get_backend_name() == "sqlite":
            return "" if self.same_file(url.database or "", sqlite) else str(url)
        kind = url.get_backend_name(), url.host, url.database
        same = kind == (mine.get_backend_name(), mine.host, mine.database)
        return "" if same else url.set(query={}).render_as_string()

    def same_file(self, configured: str, sqlite: Sqlite) -> bool:
        """Whether a path in the configuration is the engine's, in any folder it may start from."""
        if configured.startswith("file:") or sqlite.uri:
            return configured.split("?")[0].rsplit("/", 1)[-1] == os.path.basename(sqlite.path)
        if configured in ("", ":memory:") or sqlite.in_memory:
            return configured in ("", ":memory:") and sqlite.in_memory
        names = ("instance_path", "root_path")
        folders = [os.getcwd(), *(str(getattr(self.flask, name, "")) for name in names)]
        return sqlite.key in {os.path.realpath(os.path.join(each, configured)) for each in folders}
