"""What a notebook has left behind when its last cell has run, asked in two cells of its own."""

from __future__ import annotations

import ast
from typing import Any

from nbformat.v4 import new_code_cell

# IPython has threads and a database of its own, so what was there before is not counted.
BEFORE = """
import gc as _gc, os as _os, sqlite3 as _sqlite3, tempfile as _tempfile, threading as _threading
import psutil as _psutil

def _is_open(connection):
    try:
        return connection.total_changes >= 0
    except _sqlite3.ProgrammingError:  # closed, and known to a variable of the notebook
        return False

def _present():
    _gc.collect()
    me = _psutil.Process()
    return {
        "threads": {thread.name for thread in _threading.enumerate()},
        "connections": {
            id(o)
            for o in _gc.get_objects()
            if type(o).__mro__[-2] is _sqlite3.Connection and _is_open(o)
        },
        "sockets": {c.laddr.port for c in me.net_connections("tcp") if c.status == "LISTEN"},
        "children": {child.pid for child in me.children(recursive=True)},
        "files here": set(_os.listdir()),
        "temporary files": {n for n in _os.listdir(_tempfile.gettempdir())},
    }

_before = _present()
"""
AFTER = """
_after = _present()
{what: len(_after[what] - _before[what]) for what in _before}
"""


def framed(notebook: Any) -> Any:
    """The notebook between a cell that looks at what is there, and one that looks again.

    :param notebook: is changed, and returned.
    """
    notebook.cells = [new_code_cell(BEFORE), *notebook.cells, new_code_cell(AFTER)]
    return notebook


def left_behind(done: Any) -> dict[str, int]:
    """How many things of each kind are new at the end of a notebook that was run framed."""
    counts = ast.literal_eval(done.cells.pop().outputs[0].data["text/plain"])
    del done.cells[0]
    return {what: count for what, count in counts.items() if count}
