"""`import helpers` against importing the libraries that it cannot do without.

Fresh interpreters, interleaved, medians. It must import no other library than those.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from ratio import Ratio

ROUNDS = 20
NEEDED = "import flask, sqlalchemy.orm, werkzeug.serving"
HELPERS = "import helpers"
ROOT = Path(__file__).parents[2]

LOADED = """
import sys
print(*{name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names)
"""


def run(source: str) -> str:
    """Run a program in a fresh interpreter, and return what it prints."""
    command = [sys.executable, "-c", source]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def timed(source: str) -> float:
    """Return the milliseconds that a program takes, its interpreter included."""
    started = time.perf_counter()
    run(source)
    return (time.perf_counter() - started) * 1000


def measure() -> Iterator[Ratio]:
    """The cost of the import, without that of starting an interpreter.

    :raises RuntimeError: when another library is imported.
    """
    more = set(run(HELPERS + LOADED).split()) - set(run(NEEDED + LOADED).split()) - {"helpers"}
    if more:
        raise RuntimeError(f"import helpers imports {', '.join(sorted(more))}, too.")
    sources = {"empty": "pass", "libraries": NEEDED, "helpers": HELPERS}
    times: dict[str, list[float]] = {name: [] for name in sources}
    for round_ in range(ROUNDS + 1):
        for name, source in sources.items():
            took = timed(source)
            if round_ > 0:  # the first one compiles
                times[name].append(took)
    cost = {name: median(each) - median(times["empty"]) for name, each in times.items()}
    yield Ratio("import helpers", cost["helpers"], NEEDED, cost["libraries"], "ms", 1.05)
