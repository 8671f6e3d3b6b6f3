"""The tasks behind ``make``, and the way without make: ``py helpers\\tasks.py lesson``.

Standard library only, and no syntax newer than Python 3.6, so that an old Python gets as
far as the sentence that names the version it should be.
"""

import hashlib
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

NEEDED = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.txt"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "made-by-the-lesson.txt"
LAB_CONFIG = VENV / "etc" / "jupyter" / "labconfig" / "page_config.json"
# Consent for news is asked for in a pop-up, and news come from the network.
LAB_SETTINGS = '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}\n'


class Problem(Exception):
    """What stops a task, as a sentence for the person who started it."""


def install() -> int:
    """Put the locked packages into a virtual environment, unless they are there."""
    wanted = wanted_stamp()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        return 0
    make_venv()
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "-qq")
    project = ("--no-deps", "--no-build-isolation", "--editable", ROOT)
    for what in (("--require-hashes", "-r", LOCK), project):
        if run(*pip, *what) != 0:
            raise Problem(
                "pip could not install the lesson's packages, for the reason above: "
                "with that mended, give the same command again."
            )
    LAB_CONFIG.parent.mkdir(parents=True, exist_ok=True)
    LAB_CONFIG.write_text(LAB_SETTINGS, encoding="utf-8")
    STAMP.write_text(wanted, encoding="utf-8")
    return 0


def wanted_stamp() -> str:
    """What a finished virtual environment was made from: a difference means make it anew."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    python = f"Python {platform.python_version()} in {sys.base_prefix}"
    return "\n".join([python, str(VENV), "requirements.txt " + digest, ""])


def make_venv() -> None:
    """Make an empty virtual environment in the place of one that is no longer right."""
    try:
        import ensurepip
        import venv

        ensurepip.version()
    except (ImportError, AttributeError) as error:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise Problem(
            f"{sys.executable} cannot make a virtual environment ({error}): install what is "
            f"missing (on Debian and Ubuntu: apt install {package}), then try again."
        ) from None
    if VENV.exists() and not STAMP.is_file():
        raise Problem(
            f"{VENV} was not made, or not made to its end, by this lesson: delete it or move "
            "it away, then try again."
        )
    print(f"Installing the lesson's packages into {VENV.name}. It takes a minute.", flush=True)
    try:
        if VENV.exists():
            shutil.rmtree(str(VENV))
        VENV.mkdir()
        STAMP.write_text("unfinished\n", encoding="utf-8")
        venv.create(str(VENV), symlinks=os.name != "nt", with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Problem(
            f"{VENV} could not be made ({error}): close what still runs from it, then try again."
        ) from None


def lesson() -> int:
    """Open the lesson in JupyterLab, on this machine alone, until Ctrl+C."""
    settings = [
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.answer_yes=True",  # one Ctrl+C is enough
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        "--LabApp.extension_manager=readonly",  # the other one asks the package registry
        "--LanguageServerManager.autodetect=False",  # it runs npm
        "--KernelManager.transport_encryption=auto",  # or each kernel warns in the terminal
        "--ContentsManager.pre_save_hook=helpers.tasks.before_save",
        "--Application.log_level=ERROR",  # so that the address is easy to find
    ]
    if os.environ.get("PORT"):
        port = checked_port(os.environ["PORT"])
        settings += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        settings.append("--ServerApp.allow_root=True")
    install()
    print("Opening the lesson in JupyterLab. Ctrl+C ends it.", flush=True)
    return run(PYTHON, "-m", "jupyterlab", *settings)


def before_save(model: "dict[str, Any]", **_: object) -> None:
    """Leave out of a saved notebook which Python opened it: JupyterLab's ``pre_save_hook``.

    JupyterLab puts that into the metadata of every notebook it opens and saves it by
    itself after two minutes: a notebook that was only read would count as changed.
    """
    if model["type"] == "notebook":
        metadata = model["content"]["metadata"]
        if metadata.get("language_info", {}).get("name") == "python":
            metadata["language_info"] = {"name": "python"}


def checked_port(text: str) -> int:
    """The port that ``PORT`` names, when it can be had."""
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise Problem(f"PORT={text} is not a port: name one from 1 to 65535, such as PORT=9000.")
    try:
        socket.create_server(("127.0.0.1", int(text))).close()
    except OSError:
        raise Problem(
            f"Port {text} is in use, or not for this account to use: name another one with "
            "PORT, or leave PORT out to get a free one."
        ) from None
    return int(text)


def test() -> int:
    """Run every test, and compare every output of the notebooks."""
    install()
    return run(PYTHON, "-m", "pytest")


def notebooks() -> int:
    """Run the notebooks in place, and change a stored output only where it is not true."""
    install()
    paths = sorted(ROOT.glob("notebooks/*.ipynb"))
    return run(PYTHON, "-m", "helpers.publish.execute", *[path.relative_to(ROOT) for path in paths])


def handout() -> int:
    """Make the learner handout and the instructor copy, as HTML and PDF, in handout/."""
    install()
    options = ["--paper=" + os.environ["PAPER"]] if os.environ.get("PAPER") else []
    options += ["--execute"] if os.environ.get("EXECUTE") else []
    return run(PYTHON, "-m", "helpers.publish.handout", *options)


def bench() -> int:
    """Run the benchmarks, each of which prints a table; the number that failed."""
    install()
    paths = sorted(ROOT.glob("tests/benchmarks/bench_*.py"))
    return sum(run(PYTHON, path) != 0 for path in paths)


def run(*command: object) -> int:
    """Run a command in the project's folder, and return its exit status."""
    with subprocess.Popen([str(part) for part in command], cwd=str(ROOT)) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # it reached the command too, which ends in its own way


TASKS = {task.__name__: task for task in (lesson, test, install, notebooks, handout, bench)}


def main(arguments: "list[str]") -> int:
    """Run the task that is named, and return its exit status."""
    if sys.version_info < NEEDED:
        again = "py -3.12 helpers\\tasks.py" if os.name == "nt" else "make PYTHON=python3.12"
        print(
            f"This lesson needs Python 3.11 or later, and {sys.executable} is Python "
            f"{platform.python_version()}: install a newer one, or name one that you have, "
            f"as in `{again} {' '.join(arguments)}`.",
            file=sys.stderr,
        )
        return 2
    if len(arguments) != 1 or arguments[0] not in TASKS:
        given = " ".join(arguments) or "nothing"
        print(f"Name one of the tasks {', '.join(TASKS)}, not {given}.", file=sys.stderr)
        return 2
    try:
        return TASKS[arguments[0]]()
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
