"""What a text names: a database, or a module that is found as ``flask`` finds it."""

from __future__ import annotations

import difflib
import os
import re
import sys
from pathlib import Path

from .report import Problem

MODULES = ("wsgi.py", "app.py", "main.py")
DATABASE = re.compile(r".*\.(db|db3|sqlite|sqlite3)$", re.IGNORECASE)


def is_database(text: str) -> bool:
    """Whether a text is a URL or the path of a database, and not a module or a name in it."""
    if "://" in text or text.startswith("sqlite:"):
        return True
    if text.endswith(".py") or re.match(
        r"[\w./\\-]+:[A-Za-z_]", text[2:] if text[1:2] == ":" else text
    ):
        return False
    if os.path.isfile(text):
        return True
    return bool(DATABASE.match(text)) and not module_file(text)


def no_file(path: str) -> str:
    """Why a path of a database leads nowhere, with the files there."""
    folder = Path(path).parent
    there = [each.name for each in sorted(folder.glob("*")) if DATABASE.match(each.name)]
    return f"There is no file {path}: {near(Path(path).name, there)}, or name your app."


def module_file(text: str) -> str:
    """The file of a module with dots in its name, if it is here."""
    path = text.replace(".", os.sep)
    found = [
        each for each in (path + ".py", os.path.join(path, "__init__.py")) if os.path.isfile(each)
    ]
    return found[0] if found else ""


def named_by_flask() -> str:
    """What ``flask run`` would take in this folder: FLASK_APP, .flaskenv, or a usual file."""
    if name := os.environ.get("FLASK_APP"):
        return name
    for file in (".env", ".flaskenv"):
        if os.path.isfile(file):
            text = Path(file).read_text(encoding="utf-8", errors="replace")
            if match := re.search(
                r"^\s*(?:export\s+)?FLASK_APP\s*=\s*[\"']?([^\"'\s#]+)", text, re.M
            ):
                return match[1]
    for file in MODULES:
        if os.path.isfile(file):
            return file
    here = sorted(path.name for path in Path().glob("*.py"))
    packages = sorted(path.parent.name for path in Path().glob("*/__init__.py"))
    names = ", ".join([*here, *packages][:6])
    hint = f"one of {names}" if names else "go to the folder of your app first"
    raise Problem(f"No target, no FLASK_APP, and none of {', '.join(MODULES)} here: name {hint}.")


def split(text: str) -> tuple[str, str, str]:
    """The module and the name in it; the colon of a drive on Windows is none of both."""
    drive = text[:2] if re.match(r"[A-Za-z]:[\\/]", text) else ""
    path, colon, name = text[len(drive) :].partition(":")
    return drive + path, colon, name.strip()


def prepare(path: str) -> str:
    """Put the folder of a module or package on ``sys.path``, and return the module's name."""
    plain = path.strip().replace("\\", "/").rstrip("/")
    is_path = "/" in plain or plain.endswith(".py") or os.path.isdir(plain)
    file = Path(plain.replace("/", os.sep)).absolute() if is_path else Path.cwd() / "x.py"
    parts: list[str] = []
    if is_path:
        stem = file.with_suffix("") if file.suffix == ".py" else file
        if not (stem.with_suffix(".py").is_file() or (stem / "__init__.py").is_file()):
            inside = stem if stem.is_dir() else stem.parent
            what = "module in the folder" if stem.is_dir() else "module"
            raise Problem(f"There is no {what} {path}: {near(stem.name, modules_in(inside))}.")
        parts = [] if stem.name == "__init__" else [stem.name]
        file = stem
    folder = file.parent
    while (folder / "__init__.py").is_file() and is_path:
        parts.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))
    name = ".".join(parts) if is_path else plain
    if not all(part.isidentifier() or is_path for part in name.split(".")):
        raise Problem(f"{path!r} is no module, file or URL: {near(name, modules_in(folder))}.")
    top, _, rest = name.partition(".")
    if rest and not is_path and Path(top + ".py").is_file():
        raise Problem(f"{top} is a module and no package: did you mean {top}:{rest}?")
    return name


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
