"""Through the years: the trap on the stacks of 2013 to 2026, measured, and its rule."""

from helpers.years.cases import recorded
from helpers.years.heat_map import heat_map
from helpers.years.installed import measure_installed
from helpers.years.rule import expected
from helpers.years.stacks import all_stacks

__all__ = ["all_stacks", "expected", "heat_map", "measure_installed", "recorded"]
