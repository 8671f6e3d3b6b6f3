"""What a text names: a database, or a module that is found as ``flask`` finds it."""

from __future__ import annotations

import difflib
import os
import re
import sys
import warnings
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from .database import what_it_opens
from .words import Problem

MODULES = ("wsgi.py", "app.py", "main.py")
DATABASE = re.compile(r".*\.(db|db3|sqlite|sqlite3)$", re.IGNORECASE)
FLASK_APP = re.compile(
    r"""^\s*(?:export\s+)?FLASK_APP\s*=\s*(["']?)(\S.*?)\1\s*(?:\s#.*)?$""", re.MULTILINE
)


def is_django() -> bool:
    """Whether this is Django's: it is imported, or its ``manage.py`` is here."""
    manage = Path("manage.py")
    text = manage.read_text(encoding="utf-8", errors="replace") if manage.is_file() else ""
    return "django" in sys.modules or "DJANGO_SETTINGS_MODULE" in text


def is_database(text: str) -> bool:
    """Whether a text is a URL or the path of a database, and not a module or a name in it."""
    after_drive = text[2:] if text[1:2] == ":" else text
    if re.match(r"[\w./\\-]+:[A-Za-z_]", after_drive) and not text.startswith("sqlite:"):
        return False
    if "://" in text or text.startswith("sqlite:"):
        return True
    if text.endswith(".py"):
        return False
    named_like_one = bool(DATABASE.match(text)) and not is_module(text.replace(".", "/"))
    return named_like_one or os.path.isfile(text)


def typed_engine(text: str) -> Engine:
    """An engine for a URL, or for the path of a SQLite file, which has to be there."""
    try:
        url = make_url(text) if "://" in text else URL.create("sqlite", database=text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is looked at here
            engine = sa.create_engine(url)
    except ImportError as error:
        raise Problem(f"The driver for {text.split(':')[0]} is missing: {error}.") from None
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise Problem(f"This URL makes no engine: {str(error).splitlines()[0]}.") from None
    sqlite = what_it_opens(engine, True)
    there = not sqlite or sqlite.in_memory or sqlite.is_odd or os.path.exists(sqlite.path)
    if sqlite and not there and not ("://" in text and sqlite.missing_folder()):
        raise Problem(no_file(sqlite.path))
    return engine


def no_file(path: str) -> str:
    """Why a path of a database leads nowhere, with the files there."""
    there = [each.name for each in sorted(Path(path).parent.glob("*")) if DATABASE.match(each.name)]
    return f"There is no file {path}: {near(Path(path).name, there)}, or name your app."


def is_module(path: str) -> bool:
    """Whether a path without extension leads to a module or a package."""
    return any(os.path.isfile(path + end) for end in (".py", "/__init__.py"))


def named_by_flask() -> str:
    """What ``flask run`` would take in this folder: FLASK_APP, .flaskenv, or a usual file."""
    if name := os.environ.get("FLASK_APP"):
        return name
    for file in filter(os.path.isfile, (".env", ".flaskenv")):
        text = Path(file).read_text(encoding="utf-8", errors="replace")
        if match := FLASK_APP.search(text):
            return match[2]
    if file := next(filter(os.path.isfile, MODULES), ""):
        return file
    if is_django():
        raise Problem.of("django")
    names = ", ".join(modules_in(Path())[:6])
    hint = f"name one of {names}" if names else "go to the folder of your app first"
    raise Problem.of("no-target", modules=", ".join(MODULES), hint=hint)


def split(text: str) -> tuple[str, str]:
    """The module and the name in it; the colon of a drive on Windows is none of both."""
    drive = text[:2] if re.match(r"[A-Za-z]:[\\/]", text) else ""
    path, _, name = text[len(drive) :].partition(":")
    return drive + path, name.strip()


def prepare(path: str) -> str:
    """Put the folder of a module or package on ``sys.path``, and return the module's name."""
    plain = path.strip().replace("\\", "/").rstrip("/")
    if not plain.isidentifier() and os.path.isfile(plain + ".py"):
        plain += ".py"
    if "/" in plain or plain.endswith(".py") or os.path.isdir(plain):
        file = Path(plain).absolute()
        folder, name = at(path, file)
        # Last, so that they hide nothing: a script, and pytest, would have them on the path.
        sys.path += [str(file if file.is_dir() else file.parent), os.getcwd()]
    else:
        folder, name = Path(), plain
        if not all(part.isidentifier() for part in name.split(".")):
            raise Problem(f"{path!r} is no module, file or URL: {near(name, modules_in(folder))}.")
        top, _, rest = name.partition(".")
        if rest and Path(top + ".py").is_file():
            raise Problem(f"{top} is a module and no package: did you mean {top}:{rest}?")
    sys.path.insert(0, str(folder.absolute()))
    return name


def at(path: str, file: Path) -> tuple[Path, str]:
    """The folder to import from, and the name of the module at a path."""
    stem = file.with_suffix("") if file.suffix == ".py" else file
    inside = [each for each in MODULES if os.path.isfile(stem / each)]
    if not is_module(str(stem)) and inside:  # the folder of an app
        stem = (stem / inside[0]).with_suffix("")
    if not is_module(str(stem)):
        what, folder = ("module in the folder", stem) if stem.is_dir() else ("module", stem.parent)
        raise Problem(f"There is no {what} {path}: {near(stem.name, modules_in(folder))}.")
    parts = [] if stem.name == "__init__" else [stem.name]
    folder = stem.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def modules_in(folder: Path) -> list[str]:
    """The modules and packages in a folder."""
    files = [path.stem for path in folder.glob("*.py")]
    return sorted(files + [path.parent.name for path in folder.glob("*/__init__.py")])


def near(name: str, names: list[str]) -> str:
    """What else could have been meant."""
    close = difflib.get_close_matches(name, names, 3, 0.6)
    close = close or [each for each in names if each.lower() == name.lower()]
    if close:
        return f"did you mean {' or '.join(close)}"
    return f"there are {', '.join(names[:6])}" if names else "correct the name"
