"""Observations as tables and pictures, charts, and what a cell is doing."""

from helpers.show.chart import chart
from helpers.show.figure import Figure, drawing
from helpers.show.panels import panels
from helpers.show.plot import dot_plot
from helpers.show.short_errors import shorten
from helpers.show.swimlane import swimlane
from helpers.show.tables import COLUMNS, Table, grid, process_table, table
from helpers.show.waiting import WORKBOOK, one_by_one, waiting

__all__ = [
    "COLUMNS",
    "WORKBOOK",
    "Figure",
    "Table",
    "chart",
    "dot_plot",
    "drawing",
    "grid",
    "one_by_one",
    "panels",
    "process_table",
    "shorten",
    "swimlane",
    "table",
    "waiting",
]
