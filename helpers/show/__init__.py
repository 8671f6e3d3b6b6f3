"""Observations as tables and pictures, and charts."""

from helpers.show.chart import chart
from helpers.show.figure import Figure, drawing
from helpers.show.panels import panels
from helpers.show.plot import dot_plot
from helpers.show.short_errors import shorten
from helpers.show.swimlane import swimlane
from helpers.show.tables import COLUMNS, Table, grid, process_table, table

__all__ = [
    "COLUMNS",
    "Figure",
    "Table",
    "chart",
    "dot_plot",
    "drawing",
    "grid",
    "panels",
    "process_table",
    "shorten",
    "swimlane",
    "table",
]
