"""A fresh clone to an open lesson, against JupyterLab with four libraries by the same installer.

Both install the same releases into a new .venv, from a cache that is filled, and end when
JupyterLab answers. The sizes are those of the two environments then.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import requires
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ratio import Ratio

from helpers.tasks.pins import name, pins
from helpers.tasks.places import LEARNERS_LOCK, PYTHON, ROOT

ROUNDS = 2
BARE = ("jupyterlab", "flask", "flask-sqlalchemy", "requests", "pandas", "uv")
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/lab")
# What install does, without the lesson itself; run in a copy of the tasks.
INSTALL = """
import sys
sys.path.insert(0, "helpers")
from tasks import environment, installers, places
environment.make_venv()
installers.Installer().install(places.LEARNERS_LOCK)
"""


def with_what_they_need(packages: tuple[str, ...]) -> set[str]:
    """These packages and all that they require here, without extras."""
    found: set[str] = set()
    todo = list(packages)
    while todo:
        package = canonicalize_name(todo.pop())
        if package not in found:
            found.add(package)
            needed = map(Requirement, requires(package) or [])
            todo += [e.name for e in needed if not e.marker or e.marker.evaluate({"extra": ""})]
    return found


def opened(command: list[str], folder: Path, started: float) -> float:
    """The seconds until JupyterLab answers, which is then ended."""
    settings = {"BROWSER": "true", "HOME": str(folder), "PYTHONPATH": ""}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as lab:
        assert lab.stdout
        ports = (ADDRESS.search(line) for line in lab.stdout)
        port = int(next(found[1] for found in ports if found))
        while True:  # it prints the address, then listens
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
        took = time.perf_counter() - started
        lab.send_signal(signal.SIGTERM)
        lab.communicate()
    return took


def lesson(folder: Path) -> float:
    """Clone the project and open the lesson."""
    started = time.perf_counter()
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    return opened([sys.executable, "helpers/tasks", "lesson"], folder, started)


def alone(folder: Path) -> float:
    """Install the libraries and JupyterLab, and open it."""
    shutil.copytree(ROOT / "helpers" / "tasks", folder / "helpers" / "tasks")
    wanted = with_what_they_need(BARE)
    kept = [text for pin, text in pins(LEARNERS_LOCK).items() if name(pin) in wanted]
    (folder / LEARNERS_LOCK.name).write_text("".join(kept), encoding="utf-8")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", INSTALL], cwd=folder, check=True, capture_output=True)
    python = folder / PYTHON.relative_to(ROOT)
    settings = ("--ServerApp.ip=127.0.0.1", "--ServerApp.allow_root=True")
    return opened([str(python), "-m", "jupyterlab", *settings], folder, started)


def megabytes(folder: Path) -> float:
    """The size of the files in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def measure() -> Iterator[Ratio]:
    """Time and size, in interleaved rounds after one that fills the installer's cache."""
    times: dict[str, list[float]] = {"lesson": [], "alone": []}
    sizes: dict[str, float] = {}
    for round_ in range(ROUNDS + 1):
        for what, ways in {"lesson": lesson, "alone": alone}.items():
            with TemporaryDirectory() as temporary:
                folder = Path(temporary) / "lesson"
                took = ways(folder)
                sizes[what] = megabytes(folder / ".venv")
                if round_ > 0:
                    times[what].append(took)
    other = "JupyterLab and four libraries"
    cost = {what: median(each) for what, each in times.items()}
    yield Ratio("fresh clone to open lesson", cost["lesson"], other, cost["alone"], "s", 1.2)
    yield Ratio("size of .venv", sizes["lesson"], other, sizes["alone"], "MB", 1.35)
