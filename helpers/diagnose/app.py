"""What is the same for all engines of an app: its names, its configuration, its files."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy.engine import Engine, make_url

from . import memory
from .connections import leads_to
from .database import Sqlite, what_it_opens
from .find import Found, Place
from .process import Contents, contents_of
from .report import Problem
from .settings import Names
from .tables import nearby
from .whose import NOT_THERE, models_of

MISSING: dict[str, Any] = {"problem": "missing", "tables": {}}


class App:
    """What was found, the app of Flask if there is one, and the contents of the files."""

    def __init__(
        self, found: Found, flask: Any, folder: str | None, opened: dict[int, str]
    ) -> None:
        self.found, self.flask, self.folder, self.opened = found, flask, folder, opened
        self.config: Any = getattr(flask, "config", {})
        module = found.engines[0].path.partition(":")[0] if found.engines else ""
        self.names = Names(flask, module.partition(".")[0])
        alone = folder is not None
        self.databases = {id(each.value): database(each, alone) for each in found.engines}
        self.contents = contents_of([each.path for each in self.sqlite if not each.in_memory])
        self.around: Contents | None = None

    @property
    def sqlite(self) -> list[Sqlite]:
        """The SQLite databases of all engines."""
        return [each for each in self.databases.values() if isinstance(each, Sqlite)]

    @property
    def tables(self) -> list[str]:
        """All tables that models name."""
        return sorted(name for each in self.found.metadata for name in each.value.tables)

    def content(self, path: str) -> dict[str, Any]:
        """What is in a file."""
        return self.contents.get(path, MISSING)

    def content_of(self, engine: Engine) -> dict[str, Any]:
        """What is in the database of an engine."""
        sqlite = self.databases[id(engine)]
        if not isinstance(sqlite, Sqlite):
            return {"problem": "not SQLite"}
        if not sqlite.in_memory:
            return self.content(sqlite.path)
        return memory.content(engine, sqlite, self.folder is not None)

    def there(self, engine: Engine) -> set[str] | None:
        """The tables in the database of an engine, in lower case; ``None`` if that is not known."""
        content = self.content_of(engine)
        if content["problem"] == "missing":
            return NOT_THERE
        return {each.lower() for each in content["tables"]} if "tables" in content else None

    def models_of(self, place: Place) -> tuple[list[Any], set[str]]:
        """The tables of an engine's models, and the names of those that may be another's."""
        return models_of(place, self.found, self.there)

    def in_memory(self) -> Contents:
        """What is in memory, by the paths of the engines."""
        engines = [(place, self.databases[id(place.value)]) for place in self.found.engines]
        mine = [place for place, it in engines if isinstance(it, Sqlite) and it.in_memory]
        return {place.path: self.content_of(place.value) for place in mine}

    def other_files(self) -> Contents:
        """The contents of the engines' files and of those around the app, read when needed."""
        if self.around is None:
            near = nearby(self.flask, self.contents)
            self.around = contents_of([path for path in near if path not in self.contents])
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
        url = make_url(wanted)
        if sqlite and url.get_backend_name() == "sqlite":
            return "" if self.same_file(url.database or "", sqlite) else str(url)
        both = [
            (each.get_backend_name(), each.host, each.database) for each in (url, place.value.url)
        ]
        return "" if both[0] == both[1] else url.set(query={}).render_as_string()

    def same_file(self, configured: str, sqlite: Sqlite) -> bool:
        """Whether a path in the configuration is the engine's, in any folder it may start from."""
        if configured.startswith("file:") or sqlite.uri:
            return configured.split("?")[0].rsplit("/", 1)[-1] == os.path.basename(sqlite.path)
        if configured in ("", ":memory:") or sqlite.in_memory:
            return configured in ("", ":memory:") and sqlite.in_memory
        names = ("instance_path", "root_path")
        folders = [os.getcwd(), *(str(getattr(self.flask, name, "")) for name in names)]
        paths = {os.path.realpath(os.path.join(folder, configured)) for folder in folders}
        return sqlite.key in paths


def database(place: Place, alone: bool) -> Sqlite | Problem | None:
    """What an engine opens, ``None`` for a server, or why that is not known."""
    try:
        return what_it_opens(place.value, alone)
    except Problem as problem:
        return problem
