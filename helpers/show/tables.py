"""Observations in, a table with a caption out; the same columns in the whole lesson."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any

from helpers.look import Observation, across_processes, require_observations

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = ("step", "thread", "connection", "database", "result")


class Table:
    """A DataFrame with a caption, shown as HTML in a notebook and as text elsewhere.

    :param frame: the rows. Its index should have a name.
    :param caption: one sentence that says what the table shows.
    """

    def __init__(self, frame: DataFrame, caption: str) -> None:
        self.frame = frame
        self.caption = caption

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string()}"

    def _repr_html_(self) -> str:
        from html import escape

        # As the name of the columns, the name of the index stands in the same header row.
        frame = self.frame.rename_axis(index=None, columns=self.frame.index.name)
        html = frame.to_html(border=0)
        head, body = html.split(">", maxsplit=1)
        caption = f'<caption style="text-align: left">{escape(self.caption)}</caption>'
        # JupyterLab aligns cells to the right, which suits numbers and nothing else.
        for cell in ("td", "th"):
            body = body.replace(f"<{cell}>", f'<{cell} style="text-align: left">')
        return f"{head}>{caption}{body}"


def table(observations: Iterable[Observation], caption: str) -> Table:
    """Show observations, one row each, in the order in which they are given.

    :param observations: what ``Observer.look`` returned, or a view answered as JSON.
    :param caption: one sentence that says what the table shows.
    :raises TypeError: when a row is not an observation.
    """
    observations = list(observations)
    require_observations(observations, "table")
    rows = [cells(observation) for observation in observations]
    frame = _frame(rows, list(COLUMNS))
    frame.index = frame.index.rename("look") + 1
    return Table(frame, caption)


def grid(rows: Iterable[Mapping[str, Any]], caption: str, index: str) -> Table:
    """Show rows of any other shape.

    :param rows: one mapping a row, all with the same keys.
    :param caption: one sentence that says what the table shows.
    :param index: the key whose values name the rows.
    :raises ValueError: when there is no row, or a row has other keys than the first.
    """
    rows = list(rows)
    if not rows:
        raise ValueError("grid was given no row: pass at least one.")
    for row in rows:
        if index not in row or row.keys() != rows[0].keys():
            raise ValueError(
                f"grid was given the row {row!r}: let all rows have the same keys, {index!r} among"
                " them."
            )
    return Table(_frame(rows).set_index(index), caption)


def _frame(rows: list[Any], columns: list[str] | None = None) -> DataFrame:
    # Half of pandas cannot be loaded again. No interrupt reaches a thread of its own.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(import_module, "pandas").result()
    from pandas import DataFrame

    frame: DataFrame = DataFrame(rows, columns=columns)
    return frame


def cells(observation: Observation) -> dict[str, str]:
    """What ``table`` shows of an observation, by column; the thread with its label and its id."""
    name = observation["thread_name"].removesuffix(" (process_request_thread)")
    return {
        "step": observation["step"],
        "thread": f"{observation['thread']} {name} ({observation['thread_id']})",
        "connection": observation["connection"],
        "database": observation["database"],
        "result": ("✗ " if observation["failed"] else "") + observation["result"],
    }


def process_table(looks: Iterable[Any], caption: str) -> Table:
    """Show looks as ``table`` does, with a column for the process.

    :param looks: as for ``across_processes``, which labels them.
    :param caption: one sentence that says what the table shows.
    """
    rows = [
        {"look": number, "step": look["step"], "process": _process(look), **cells(look)}
        for number, look in enumerate(across_processes(looks), 1)
    ]
    return grid(rows, caption, index="look")


def _process(look: Any) -> str:
    return f"{look['process']} ({look['process_id']})"
