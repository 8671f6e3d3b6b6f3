"""JupyterLab with the lesson in it, on this machine alone."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from .environment import install
from .places import PYTHON, ROOT, Problem, run
from .workbook import workbook

FIRST = "workbook/00_start_here.ipynb"
# Its overrides.json has JupyterLab show markdown, such as the glossary, and not its source.
LAB = Path(__file__).with_name("lab")


def lesson() -> int:
    """Open the lesson in JupyterLab, until Ctrl+C."""
    settings = [
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.answer_yes=True",  # one Ctrl+C is enough
        f"--LabApp.default_url=/lab/tree/{FIRST}",
        f"--LabApp.app_settings_dir={LAB}",
        "--LabApp.extension_manager=readonly",  # the other one asks the package registry
        "--LanguageServerManager.autodetect=False",  # it runs npm
        "--KernelManager.transport_encryption=auto",  # or each kernel warns in the terminal
        "--ContentsManager.pre_save_hook=helpers.tasks.lesson.before_save",
        "--Application.log_level=ERROR",  # so that the address is easy to find
    ]
    if os.environ.get("PORT"):
        port = checked_port(os.environ["PORT"])
        settings += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        settings.append("--ServerApp.allow_root=True")
    install()
    workbook()
    print("Opening the lesson in JupyterLab. Ctrl+C ends it.", flush=True)
    return run(PYTHON, "-m", "jupyterlab", *settings)


def before_save(model: dict[str, Any], path: str, **_: object) -> None:
    """Leave out of a saved notebook which Python opened it: JupyterLab's ``pre_save_hook``.

    JupyterLab puts that into the metadata of every notebook it opens and saves it by
    itself after two minutes: a notebook that was only read would count as changed. In the
    workbook it stays, as JupyterLab marks a notebook as changed that comes without.
    """
    if model["type"] == "notebook" and not path.lstrip("/").startswith("workbook/"):
        metadata = model["content"]["metadata"]
        if metadata.get("language_info", {}).get("name") == "python":
            metadata["language_info"] = {"name": "python"}


def checked_port(text: str) -> int:
    """The port that ``PORT`` names, when it can be had.

    :raises Problem: when it is no port, or not free.
    """
    if not (text.isdecimal() and len(text) < 6 and 0 < int(text) < 65536):
        raise Problem(f"PORT={text} is not a port: name one from 1 to 65535, such as PORT=9000.")
    try:
        socket.create_server(("127.0.0.1", int(text))).close()
    except OSError:
        raise Problem(
            f"Port {text} is in use, or not for this account to use: name another one with "
            "PORT, or leave PORT out to get a free one."
        ) from None
    return int(text)
