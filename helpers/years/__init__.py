"""Through the years: the trap on the stacks of 2013 to 2026, measured, and its rule."""

from helpers.years.cases import Row, recorded
from helpers.years.heat_map import heat_map
from helpers.years.installed import measure_installed
from helpers.years.rule import expected
from helpers.years.stacks import all_stacks
from helpers.years.tables import neighbors, of_years, overrides, pick, settings, year_by_year

__all__ = [
    "Row",
    "all_stacks",
    "expected",
    "heat_map",
    "measure_installed",
    "neighbors",
    "of_years",
    "overrides",
    "pick",
    "recorded",
    "settings",
    "year_by_year",
]
