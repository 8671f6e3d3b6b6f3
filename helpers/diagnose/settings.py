"""How a reader writes down an engine: the lines that give it another URL, and keep the rest."""

from __future__ import annotations

import inspect
import os
import re
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .find import Place
from .private import connect_arguments, is_async
from .report import Cure

__all__ = [
    "AT_FAULT",
    "IN_MEMORY",
    "MEMDB_IS_KNOWN",
    "Names",
    "Setting",
    "literal",
    "option_lines",
    "setting_of",
]

AT_FAULT = ("poolclass", "pool_size", "max_overflow", "creator")  # what a new URL has no use for
URL_NAMES = ("url", "db_url", "database_url", "storage_url", "connection_string", "dburi", "uri")
IN_MEMORY = "Stay in memory, with a keeper that lives as long as the app"
PATH = "from pathlib import Path"
WIDTH = 76  # columns of a line of code
MEMDB_IS_KNOWN = sqlite3.sqlite_version_info >= (3, 36)


class Names:
    """File names for cures: each only once, and none that is there already."""

    def __init__(self, app: Any, module: str) -> None:
        name = str(getattr(app, "import_name", "") or module or "app").split(".")[-1]
        self.name = "app" if name in ("__main__", "__init__", "URL", "file", "engine") else name
        self.folders = [
            "",
            str(getattr(app, "instance_path", "")),
            str(getattr(app, "root_path", "")),
        ]
        self.used: set[str] = set()

    def new(self, key: object) -> str:
        """A name without extension, from a bind's or from the app's."""
        stem = re.sub(r"\W+", "_", str(key)) if isinstance(key, str) and key else self.name
        stem = self.name if stem == "default" else stem
        for name in (stem, *(f"{stem}_{number}" for number in range(2, 99))):
            there = any(os.path.exists(os.path.join(each, name + ".db")) for each in self.folders)
            if not there and name not in self.used:
                break
        self.used.add(name)
        return name


@dataclass
class Setting:
    """The lines of code that make an engine: ``line(url)`` gives it a URL."""

    place: str
    kind: str  # config, owner or call
    target: str  # what stands on the left, or the name of the library's class
    function: str = "create_engine"
    driver: str = "sqlite"
    options: dict[str, Any] = field(default_factory=dict)  # the reader's, as far as a repr tells
    from_file: bool = False  # the code has a __file__ to start a path from
    binds: bool = True

    def file(self, name: str) -> Cure:
        """The lines that put the database into a file."""
        if self.kind == "call" and self.from_file:
            url = f"f\"{self.driver}:///{{Path(__file__).with_name('{name}.db')}}\""
            if len(url) + len(self.target) + len(self.function) > WIDTH - 5:
                url = f'f"{self.driver}:///{{file}}"'
                line = f'file = Path(__file__).with_name("{name}.db")'
                return Cure(self.place, [PATH, line, *self.lines(url, AT_FAULT)])
            return Cure(self.place, [PATH, *self.lines(url, AT_FAULT)])
        return Cure(self.place, self.lines(f'"{self.driver}:///{name}.db"', AT_FAULT))

    def memory(self, name: str) -> Cure:
        """The lines that keep it in memory, where all threads share it, and the keeper."""
        uri = f"file:///{name}?vfs=memdb"
        lines = self.lines(f'"{self.driver}:///{uri}&uri=true"', AT_FAULT)
        keeper = f'keeper = sqlite3.connect("{uri}", uri=True)'
        return Cure(IN_MEMORY, ["import sqlite3", *lines, keeper])

    def lines(self, url: str, without: tuple[str, ...], **more: str) -> list[str]:
        """The lines with a URL (as code), without some options and with others (as code)."""
        options = {k: literal(v) for k, v in self.options.items() if k not in without}
        options = {key: text for key, text in {**options, **more}.items() if text not in ("", "{}")}
        if self.kind == "config":
            return self.config_lines(url, options, without)
        if self.kind == "owner":
            return [f"{self.target}={url})"]
        arguments = [url, *(f"{key}={text}" for key, text in options.items())]
        line = f"{self.target} = {self.function}({', '.join(arguments)})"
        if len(line) <= WIDTH or not options:
            return [line]
        rest = ", ".join(arguments[1:])
        return [f"{self.target} = {self.function}(", f"    {url},", f"    {rest},", ")"]

    def config_lines(
        self, url: str, options: dict[str, str], without: tuple[str, ...]
    ) -> list[str]:
        """The same in Flask's configuration; the options only where one of them has to go."""
        line = f"app.config{self.target} = {url}"
        lines = [line] if len(line) <= WIDTH else [f"uri = {url}", f"app.config{self.target} = uri"]
        changed = set(self.options) & set(without) or {*options} - {*self.options}
        return lines + (option_lines(options) if changed else [])


def option_lines(options: dict[str, str]) -> list[str]:
    """The lines of the configuration that set the options of all engines."""
    inner = ", ".join(f'"{key}": {text}' for key, text in options.items())
    start = 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {'
    one = start + inner + "}"
    return [one] if len(one) <= WIDTH else [start, f"    {inner},", "}"]


def literal(value: object) -> str:
    """A value as code; empty where its text is no code."""
    if isinstance(value, dict):
        inner = {key: literal(each) for key, each in value.items()}
        return "{" + ", ".join(f'"{k}": {each}' for k, each in inner.items() if each) + "}"
    if isinstance(value, type):
        return value.__name__
    plain = isinstance(value, (str, int, float, bool)) or value is None
    return repr(value).replace("'", '"') if plain and '"' not in repr(value) else ""


def setting_of(place: Place, app: Any) -> Setting:
    """How the reader's code makes the engine at a place."""
    engine, key = place.value, place.key
    driver = engine.url.drivername if engine.url.get_backend_name() == "sqlite" else "sqlite"
    if place.extension:
        return flask_setting(place, app, driver)
    for parameter in url_parameter(place.owner):
        name = type(place.owner).__name__
        return Setting(
            f"Where your code makes the {name}", "owner", f"{name}({parameter}", driver=driver
        )
    variable = place.path.rpartition(".")[2]
    variable = variable if variable.isidentifier() and "." in place.path else "engine"
    function = "create_async_engine" if is_async(engine) else "create_engine"
    options = call_options(place)
    main = sys.modules.get("__main__")
    from_file = not place.path.startswith("__main__") and hasattr(main, "__file__")
    name = f" ({place.path})" if "." in place.path and key is None else ""
    where = f"Where your code calls {function}{name}"
    return Setting(where, "call", variable, function, driver, options, from_file)


def flask_setting(place: Place, app: Any, driver: str) -> Setting:
    """How the configuration of an extension of Flask makes an engine."""
    config = getattr(app, "config", {})
    where = "Before db.init_app(app) or SQLAlchemy(app)"
    if place.extension == "flask_sqlalchemy_lite":
        kind = "ASYNC_ENGINES" if is_async(place.value) else "ENGINES"
        return Setting(where, "config", f'["SQLALCHEMY_{kind}"]["{place.key}"]', driver=driver)
    options = dict(config.get("SQLALCHEMY_ENGINE_OPTIONS") or {})
    if "connect_args" in options:
        options["connect_args"] = without_check(options["connect_args"])
    if place.key:
        target, options = f'["SQLALCHEMY_BINDS"]["{place.key}"]', {}
    else:
        target = '["SQLALCHEMY_DATABASE_URI"]'
    return Setting(where, "config", target, driver=driver, options=options)


def call_options(place: Place) -> dict[str, Any]:
    """The options of a call that the engine still tells, but for what the lesson is about."""
    engine = place.value
    _, keywords = connect_arguments(engine) or ([], {})
    keywords = without_check({k: v for k, v in keywords.items() if k != "uri"})
    options: dict[str, Any] = {"connect_args": keywords} if keywords else {}
    return {**options, **({"echo": engine.echo} if engine.echo else {})}


def without_check(connect_args: dict[str, Any]) -> dict[str, Any]:
    """The driver's arguments without the check of the thread, which a pool sets itself."""
    return {key: value for key, value in connect_args.items() if key != "check_same_thread"}


def url_parameter(owner: object) -> list[str]:
    """The parameter of an installed library's class that takes a URL."""
    kind = type(owner)
    if owner is None or kind.__module__.split(".")[0] in ("sqlalchemy", "builtins"):
        return []
    with suppress(TypeError, ValueError):
        return [name for name in inspect.signature(kind).parameters if name in URL_NAMES][:1]
    return []
