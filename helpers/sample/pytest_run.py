"""pytest, in a folder and a process of its own, without plugins that happen to be installed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence

from helpers.spawn import Process, TemporaryFolder

PYTEST: tuple[str, ...] = ("-m", "pytest", "-q", "-rA", "--tb=line", "--color=no", "--basetemp=tmp")
PYTEST += ("-p", "no:cacheprovider")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "COLUMNS": "200"}
ALONE |= {"PY_COLORS": "0", "NO_COLOR": "1"}  # a kernel asks for colors, also of its processes
SAID = re.compile(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", re.MULTILINE)
PATIENCE = 300.0  # seconds, also for a slow machine


def run_pytest(files: Mapping[str, str], options: Sequence[str] = ()) -> tuple[dict[str, str], str]:
    """Write files into a new folder, and run the tests among them.

    :param files: the text of each, by its name.
    :param options: more options of pytest, as ``("-p", "xdist.plugin", "-n", "2")``.
    :returns: for each test "passed", "failed" or "error"; and all that pytest printed.
    :raises TimeoutError: when the tests do not end in five minutes.
    """
    with TemporaryFolder() as folder:
        for name, text in files.items():
            (folder.path / name).write_text(text, encoding="utf-8")
        command = [sys.executable, *PYTEST, *options]
        environment = os.environ | ALONE
        lifeline = folder.lifeline
        with Process(command, cwd=folder.path, env=environment, pass_fds=lifeline) as process:
            process.wait(PATIENCE)
    return {test: word.lower() for word, test in SAID.findall(process.output)}, process.output
