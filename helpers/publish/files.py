"""Notebooks and other files of the lesson in, whole files out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import nbformat

from helpers.publish.execute import run
from helpers.publish.frame import Problem


def read_notebooks(folder: Path, anew: bool) -> dict[str, Any]:
    """The notebooks of the lesson by file name, in order.

    :param folder: where they are.
    :param anew: execute a copy of each, instead of using its stored outputs.
    :raises Problem: when there is none, a file is not a notebook, or a cell fails.
    """
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise Problem(f"{folder} has no notebook such as 00_start_here.ipynb: name one that has.")
    notebooks = {}
    for path in progress(paths, [path.name for path in paths]):
        try:
            notebook = nbformat.reads(read_text(path), as_version=4)
            notebooks[path.name] = run(notebook, folder) if anew else notebook
        except CellExecutionError as error:
            cell = str(error).splitlines()[2]
            reason = f"{error.ename}: {error.evalue}".partition("\n")[0]
            raise Problem(
                f"{path.name} was not printed, as its cell that begins with {cell!r} failed"
                f" ({reason}): mend it, then try again."
            ) from None
        except (CellTimeoutError, DeadKernelError) as error:
            reason = str(error).partition("\n")[0]
            raise Problem(f"{path.name} was not printed: {reason} Try again.") from None
        except (ValueError, AttributeError, nbformat.ValidationError):
            raise Problem(f"{path.name} is not a notebook: restore it, then try again.") from None
    return notebooks


def read_text(path: Path) -> str:
    """The text of a file of the lesson.

    :raises Problem: when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path} cannot be read ({error}): restore it, then try again.") from None


def progress(things: list[Any], labels: list[str]) -> Iterator[Any]:
    """Yield things, and meanwhile draw a bar, where there is a terminal to draw it on."""
    for done, (thing, label) in enumerate(zip(things, labels, strict=True)):
        if sys.stderr.isatty():
            bar = f"{'#' * done}{'.' * (len(things) - done)}"
            print(f"\r\033[K[{bar}] {label}", end="", file=sys.stderr, flush=True)
        yield thing
    wipe()


def wipe() -> None:
    """Wipe the bar away, where there is a terminal."""
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put files into a folder: each whole, or as it was before.

    :raises Problem: when the folder cannot be made, or not be written to.
    """
    parts = {folder / name: folder / f"{name}.part" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:  # a folder that is there may still refuse,
            file.write(bytes(4096))  # and a full disk takes a file, but nothing in it
            file.flush()
        for part, content in zip(parts.values(), files.values(), strict=True):
            part.write_bytes(content)
        for target, part in parts.items():
            os.replace(part, target)
    except OSError as error:
        raise Problem(
            f"{folder} cannot be written to ({error.strerror}): name another folder with --output."
        ) from None
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
