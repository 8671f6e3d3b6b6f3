"""Time `import helpers` against importing the libraries that it cannot do without.

Fresh interpreters, interleaved, medians in milliseconds. It fails when `import helpers`
costs more than 15 % more, or when it imports another library than those.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROUNDS = 20
MOST = 1.15
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


def main() -> int:
    """Print the table, and return the number of targets that were missed."""
    sources = {"empty program": "pass", "libraries": NEEDED, "helpers": HELPERS}
    times: dict[str, list[float]] = {name: [] for name in sources}
    for round_ in range(ROUNDS + 1):
        for name, source in sources.items():
            took = timed(source)
            if round_ > 0:  # the first one compiles
                times[name].append(took)
    empty = median(times["empty program"])
    cost = {name: median(each) - empty for name, each in times.items()}
    ratio = cost["helpers"] / cost["libraries"]
    more = set(run(HELPERS + LOADED).split()) - set(run(NEEDED + LOADED).split()) - {"helpers"}

    print(f"{'ms, median of ' + str(ROUNDS):44}{'import':>8}  ratio")
    print(f"{NEEDED:44}{cost['libraries']:8.0f}")
    print(f"{HELPERS:44}{cost['helpers']:8.0f}  {ratio:.2f} (at most {MOST})")
    print(f"other libraries: {', '.join(sorted(more)) or 'none'}")
    return (ratio > MOST) + bool(more)


if __name__ == "__main__":
    sys.exit(main())
