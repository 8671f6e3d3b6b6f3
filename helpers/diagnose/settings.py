"""How a reader writes down an engine: the lines that give it another URL, and keep the rest."""

from __future__ import annotations

import inspect
import os
import re
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from .find import Place
from .private import connect_arguments, is_async
from .report import Cure

AT_FAULT = ("poolclass", "pool_size", "max_overflow", "creator")  # what a new URL has no use for
URL_NAMES = ("url", "db_url", "database_url", "storage_url", "connection_string", "dburi", "uri")
IN_MEMORY = "Stay in memory, with a keeper that lives as long as the app"
WAITING = "Stay in memory, with a keeper, and a writer waits for another one"
WIDTH = 76  # columns of a line of code
MEMDB_IS_KNOWN = sqlite3.sqlite_version_info >= (3, 36)


class Names:
    """File names for cures: each only once, and none that is there already."""

    def __init__(self, app: Any, module: str) -> None:
        name = str(getattr(app, "import_name", "") or module or "app").split(".")[-1]
        no_name = " " in name or name in ("__main__", "__init__", "URL", "file", "engine")
        self.name = "app" if no_name else name
        paths = ("instance_path", "root_path")
        self.folders = ["", *(str(getattr(app, name, "")) for name in paths)]
        self.used: dict[str, object] = {}

    def new(self, key: object, owner: object) -> str:
        """A name without extension, from a bind's or from the app's; the owner's own each time."""
        stem = re.sub(r"\W+", "_", str(key)) if isinstance(key, str) and key else self.name
        stem = self.name if stem == "default" else stem
        for name in (stem, *(f"{stem}_{number}" for number in range(2, 99))):
            there = any(os.path.exists(os.path.join(each, name + ".db")) for each in self.folders)
            if not there and self.used.setdefault(name, owner) is owner:
                break
        return name

    def keeper(self, name: str) -> str:
        """A variable for the keeper of a name in memory: another one for each name."""
        stem = re.sub(r"\W+", "_", name).strip("_")
        return "keeper" if name == self.name else f"keeper_{stem}"


@dataclass
class Setting:
    """The lines of code that make an engine: ``lines(url)`` gives it a URL."""

    place: str
    start: str  # of the line, up to the URL
    driver: str = "sqlite"
    options: dict[str, Any] = field(default_factory=dict)  # the reader's, as far as a repr tells
    variable: str = ""  # of an engine that the reader's own call makes
    from_file: bool = False  # the code has a __file__ to start a path from
    name: str = ""  # of the engine

    @property
    def is_config(self) -> bool:
        """Whether it stands in Flask's configuration."""
        return "(" not in self.start

    def file(self, name: str) -> Cure:
        """The lines that put the database into a file."""
        return Cure(self.place, in_one_file([self], name))

    def kept(self, without: tuple[str, ...], more: dict[str, str]) -> dict[str, str]:
        """The reader's options that stay, and others, as code."""
        options = {key: literal(each) for key, each in self.options.items() if key not in without}
        return {key: text for key, text in {**options, **more}.items() if text not in ("", "{}")}

    def lines(self, url: str, without: tuple[str, ...], **more: str) -> list[str]:
        """The lines with a URL (as code), without some options and with others (as code)."""
        options = self.kept(without, more)
        rest: list[str] = []
        if self.is_config:
            changed = set(self.options) & set(without) or {*options} - {*self.options}
            rest, end = option_lines(options) if changed else [], ""
        else:
            end = "".join(f", {key}={text}" for key, text in options.items()) + ")"
        line = f"{self.start}{url}{end}"
        if len(line) <= WIDTH or end == ")":
            return [line, *rest]
        if self.is_config:
            return [f"uri = {url}", f"{self.start}uri", *rest]
        return [self.start, f"    {url},", f"    {end[2:-1]},", ")"]


def in_one_file(settings: list[Setting], name: str, folder: str = "") -> list[str]:
    """The lines that put one or more engines into one file; their modules may have one folder."""
    if folder or not all(each.from_file for each in settings):
        path = (Path(folder) / f"{name}.db").as_posix() if folder else f"{name}.db"
        return lines_of(settings, f"///{path}")
    path = f"{{Path(__file__).with_name('{name}.db')}}"
    return ["from pathlib import Path", *lines_of(settings, f"///{path}", "f")]


def in_one_memory(settings: list[Setting], name: str, keeper: str) -> list[str]:
    """The lines that give one or more engines one name in memory, and the keeper."""
    uri = f"file:///{name}?vfs=memdb"
    lines = lines_of(settings, f"///{uri}&uri=true")
    keeps = [f'{keeper} = sqlite3.connect("{uri}", uri=True)']
    first = len(settings) > 1 or not settings[0].place  # the engine has a place of its own
    return ["import sqlite3", *(keeps + lines if first else lines + keeps)]


def lines_of(settings: list[Setting], rest: str, kind: str = "") -> list[str]:
    """The lines of each engine with the rest of a URL, the same once; ``f`` for an f-string."""
    lines = [each.lines(f'{kind}"{each.driver}:{rest}"', AT_FAULT) for each in settings]
    if all(each == lines[0] for each in lines):
        return lines[0]
    return [line for one, each in zip(settings, lines) for line in [f"# {one.name}", *each]]


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


def setting_of(place: Place, app: Any, passed: dict[str, Any] | None) -> Setting:
    """How the reader's code makes an engine, with what the driver gets."""
    engine = place.value
    driver = engine.url.drivername if engine.url.get_backend_name() == "sqlite" else "sqlite"
    if place.extension:
        return flask_setting(place, app, driver)
    if parameter := url_parameter(place.owner):
        name = type(place.owner).__name__
        return Setting(f"Where your code makes the {name}", f"{name}({parameter}=", driver)
    module, _, variable = place.path.replace(":", ".").rpartition(".")
    here = getattr(sys.modules.get(module), variable, engine)
    same = module and variable.isidentifier() and getattr(here, "sync_engine", here) is engine
    variable = variable if same else "engine"
    function = "create_async_engine" if is_async(engine) else "create_engine"
    name = f" ({place.path})" if same and place.key is None else ""
    where, start = f"Where your code calls {function}{name}", f"{variable} = {function}("
    main = sys.modules.get("__main__")
    from_file = not place.path.startswith("__main__") and hasattr(main, "__file__")
    return Setting(where, start, driver, call_options(engine, passed), variable, from_file)


def flask_setting(place: Place, app: Any, driver: str) -> Setting:
    """How the configuration of an extension of Flask makes an engine."""
    options: dict[str, Any] = {}
    if place.extension == "flask_sqlalchemy_lite":
        target = f'{"ASYNC_" * is_async(place.value)}ENGINES"]["{place.key}'
    elif place.key:
        target = f'BINDS"]["{place.key}'
    else:
        target = "DATABASE_URI"
        options = dict(getattr(app, "config", {}).get("SQLALCHEMY_ENGINE_OPTIONS") or {})
        if "connect_args" in options:
            options["connect_args"] = without_check(options["connect_args"])
    start = f'app.config["SQLALCHEMY_{target}"] = '
    return Setting("Before db.init_app(app) or SQLAlchemy(app)", start, driver, options)


def call_options(engine: Engine, passed: dict[str, Any] | None) -> dict[str, Any]:
    """The options of a call that the engine still tells, but for what the lesson is about."""
    keywords = (connect_arguments(engine) or ([], {}))[1] if passed is None else passed
    keywords = without_check({key: each for key, each in keywords.items() if key != "uri"})
    options = {"connect_args": keywords, "echo": engine.echo}
    return {key: each for key, each in options.items() if each}


def without_check(connect_args: dict[str, Any]) -> dict[str, Any]:
    """The driver's arguments without the check of the thread, which a pool sets itself."""
    return {key: value for key, value in connect_args.items() if key != "check_same_thread"}


def url_parameter(owner: object) -> str:
    """The parameter of an installed library's class that takes a URL, if any."""
    parameters: Iterable[str] = ()
    with suppress(TypeError, ValueError):
        parameters = inspect.signature(type(owner)).parameters
    return next((name for name in parameters if name in URL_NAMES), "")
