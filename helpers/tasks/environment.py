"""The folder .venv: made when it is missing, made anew when it is no longer right."""

from __future__ import annotations

import errno
import hashlib
import platform
import shutil
import subprocess
import sys
import venv
from os import name as system
from pathlib import Path

from .installers import Failed, Installer
from .places import (
    LEARNERS_LOCK,
    MAINTAINERS_LOCK,
    POSTGRES_LOCK,
    PYTHON,
    ROOT,
    VENV,
    Problem,
)

STAMP = VENV / "made-by-the-lesson.txt"
LAB_CONFIG = VENV / "etc" / "jupyter" / "labconfig" / "page_config.json"
# Consent for news is asked for in a pop-up, and news come from the network.
LAB_SETTINGS = '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}\n'


def install(*, all_packages: bool = False) -> int:
    """Put the locked packages into .venv, unless they are there.

    :param all_packages: also what maintainers need.
    :raises Problem: when that is not possible.
    """
    locks = [LEARNERS_LOCK, *([MAINTAINERS_LOCK] if all_packages else []), POSTGRES_LOCK]
    done = what_is_there()
    if not done:
        make_venv()
        done = [made_with()]
    missing = [lock for lock in locks if digest(lock) not in done]
    if not missing:
        return 0
    installer = Installer()
    print(f"Installing into {VENV.name} with {installer.told}.", flush=True)
    needed = [lock for lock in missing if lock != POSTGRES_LOCK]
    if needed:
        installer.install(*needed)
    if LEARNERS_LOCK in missing:
        installer.install_project()
        LAB_CONFIG.parent.mkdir(parents=True, exist_ok=True)
        LAB_CONFIG.write_text(LAB_SETTINGS, encoding="utf-8")
    if POSTGRES_LOCK in missing:
        try:
            installer.install(POSTGRES_LOCK)
        except Failed as failed:
            print(
                f"PostgreSQL is left out, and all else works. {failed.cause}. To try again, delete"
                f" {VENV.name} and give the same command.",
                file=sys.stderr,
            )
    STAMP.write_text("\n".join([*done, *map(digest, missing), ""]), encoding="utf-8")
    return 0


def what_is_there() -> list[str]:
    """The lines of the stamp, or none when .venv has to be made anew.

    :raises Problem: when it is there and cannot be read, as somebody else's.
    """
    try:
        done = STAMP.read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Problem(
            f"{VENV} cannot be read ({error.strerror}): delete it, or copy the lesson to a folder"
            " of your own, then try again."
        ) from None
    right = {made_with(), *map(digest, (LEARNERS_LOCK, MAINTAINERS_LOCK, POSTGRES_LOCK))}
    return done if set(done) <= right and starts() else []


def made_with() -> str:
    """The Python that .venv belongs to, and its place: it cannot be moved."""
    return f"Python {platform.python_version()} of {sys.base_prefix} in {VENV}"


def digest(lock: Path) -> str:
    """A line that changes with a lock file."""
    return f"{lock.relative_to(ROOT).as_posix()} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


def starts() -> bool:
    """Whether the Python in .venv can be started, and has pip."""
    try:
        return subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    """Make an empty .venv, in the place of one that is no longer right.

    :raises Problem: when there is one of somebody else, or none can be made.
    """
    try:
        import ensurepip

        ensurepip.version()
    except (ImportError, AttributeError) as error:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise Problem(
            f"{sys.executable} cannot make a virtual environment ({error}): install what is "
            f"missing (on Debian and Ubuntu: apt install {package}), then try again."
        ) from None
    if VENV.is_symlink():
        raise Problem(f"{VENV} is a link, and has to be made anew: delete it, then try again.")
    if VENV.exists() and not STAMP.is_file():
        raise Problem(
            f"{VENV} was not made, or not made to its end, by this lesson: delete it or move "
            "it away, then try again."
        )
    try:
        if VENV.exists():
            shutil.rmtree(VENV)
    except OSError as error:
        raise Problem(
            f"{VENV} has to be made anew and cannot be deleted ({error.strerror}): close what "
            "still runs from it, then try again."
        ) from None
    try:
        VENV.mkdir()
        STAMP.write_text("unfinished\n", encoding="utf-8")
        venv.create(VENV, symlinks=system != "nt", with_pip=True)
    except subprocess.CalledProcessError as error:
        said = error.output.decode(errors="replace") if error.output else str(error)
        raise Failed(said) from None
    except OSError as error:
        hint = "copy the lesson to a folder that you can write to"
        if error.errno == errno.ENOSPC:
            hint = "make room"
        raise Problem(
            f"{VENV} could not be made ({error.strerror}): {hint}, then try again."
        ) from None
