"""`make bench`: what the lesson promises about speed and size, as ratios in one table.

Run it on a quiet machine. The exit status is the number of promises that are not kept.
"""

from __future__ import annotations

import os
import sys

import of_import
import of_notebooks
import of_server
import of_setup


def main() -> int:
    """Print the table, line by line as it is measured."""
    if hasattr(os, "getloadavg"):
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start.")
    print(f"{'':<32}{'ours':>12} {'against':<44}{'its cost':>12}{'ratio':>8}", flush=True)
    missed = 0
    for module in (of_import, of_server, of_notebooks, of_setup):
        for ratio in module.measure():
            print(ratio, flush=True)
            missed += not ratio.holds
    return missed


if __name__ == "__main__":
    sys.exit(main())
