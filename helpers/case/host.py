"""A host: it runs a copy of a project as its Procfile says."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import Any

from helpers.case.outside import Outside
from helpers.serve import ask, take_turns
from helpers.spawn import Process

HERE = Path(__file__).parent
ADDRESS = r"Listening at: (http://127\.0\.0\.1:\d+)"
COPY = "copy-of-the-project"  # the name of the folder
# An error as Python prints it, and not "Error: No such command", which click says after it.
NAMED = r"^(?:\w+\.)*(\w+(?:Error|Exception|Exit)|Exception)\b(.*)$"
PATIENCE = 60.0  # seconds that one step may take
QUIET = {
    "FLASK_DEBUG": "0",
    "FLASK_APP": "",
    "COLUMNS": "400",
    "NO_COLOR": "1",  # a kernel asks for colors, also of its processes
    "PY_COLORS": "0",
    "PYTEST_ADDOPTS": "",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "no_proxy": "127.0.0.1",
}
HAS_GUNICORN = hasattr(os, "fork") and find_spec("gunicorn") is not None


class Failed(Exception):
    """A command of the project ended with an error, as a sentence."""


class Web:
    """The web processes of the shop, as a customer reaches them.

    :param urls: one address for all processes, or one for each.
    """

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls

    def turns(self, *requests: str) -> list[dict[str, Any]]:
        """Send requests one after the other; two processes take turns."""
        if len(self.urls) == 1:
            return take_turns(self.urls[0], *requests)
        return [ask(self.urls[n % 2], request)[0] for n, request in enumerate(requests)]

    def together(self, *requests: str) -> list[dict[str, Any]]:
        """Send requests at the same moment."""
        with ThreadPoolExecutor() as threads:
            futures = [self.start(threads, request, n) for n, request in enumerate(requests)]
            return [future.result() for future in futures]

    def start(self, threads: ThreadPoolExecutor, request: str, process: int = 0) -> Future[Any]:
        """Send a request from a thread, and do not wait for the answer."""
        url = self.urls[process % len(self.urls)]
        return threads.submit(lambda: ask(url, request)[0])


class Host:
    """Runs the lines of a Procfile.

    :param folder: a copy of the project, which may be written to.
    :param outside: the server that its processes call.
    :param pass_fds: as for ``Process``.
    """

    def __init__(self, folder: Path, outside: Outside, pass_fds: tuple[int, ...] = ()) -> None:
        self.folder, self.outside, self.pass_fds = folder, outside, pass_fds
        self.lines = read_procfile(folder / "Procfile")
        self.env = os.environ | QUIET | {"SHOP_SETTINGS": "production"}
        self.env |= {"PAYMENT_URL": outside.url, "CASE_OUTSIDE": outside.url}

    def release(self, **variables: str) -> None:
        """Run what the Procfile wants run before each start, if anything.

        :raises Failed: when it fails.
        """
        for command in self.lines.get("release", "").split("&&"):
            if words := shlex.split(command):
                self.run(*program(words), name="release", **variables)

    def start(self, *command: str, name: str, **variables: str) -> tuple[int, str]:
        """Run a command to its end, and return its exit status and its output.

        :param name: what to call it.
        :raises Failed: when it does not end.
        """
        with Process(
            command, cwd=self.folder, env=self.env | variables, pass_fds=self.pass_fds
        ) as process:
            try:
                code = process.wait(PATIENCE)
            except TimeoutError:
                raise Failed(f"`{name}` still ran after {PATIENCE:g} s.") from None
        return code, process.output

    def run(self, *command: str, name: str, **variables: str) -> str:
        """Run a command to its end, and return its output.

        :raises Failed: when it fails, or does not end.
        """
        code, output = self.start(*command, name=name, **variables)
        if code:
            raise Failed(f"`{name}` failed: {last_error(output)}.")
        return output

    def pack(self) -> str:
        """Let the worker do one round."""
        words = shlex.split(self.lines.get("worker", ""))
        if not words:
            raise Failed("The Procfile has no line `worker:`, so nobody packs.")
        return self.run(*program([*words, "--once"]), name="worker")

    @contextmanager
    def web(self, processes: int, threads: int) -> Iterator[Web]:
        """Start the web processes, with the witness in each.

        :raises Failed: when they do not start.
        """
        with ExitStack() as opened:
            commands = self._web_commands(processes, threads)
            servers = []
            self.outside.expect(1 if "--preload" in commands[0] else processes)
            try:
                for command in commands:
                    server = Process(
                        command,
                        ready=ADDRESS,
                        cwd=self.folder,
                        env=self.env,
                        pass_fds=self.pass_fds,
                    )
                    servers.append(opened.enter_context(server))
                self._wait_until_booted(servers, processes)
            except (RuntimeError, TimeoutError) as error:
                raise Failed(f"`web` did not start: {last_error(str(error))}.") from None
            limit = Timer(PATIENCE, stop_all, [servers])
            limit.start()
            opened.callback(limit.join)
            opened.callback(limit.cancel)
            yield Web([server.ready[1] for server in servers if server.ready])

    def _web_commands(self, processes: int, threads: int) -> list[list[str]]:
        words = shlex.split(self.lines.get("web", ""))
        apps = [word for word in words[1:] if re.fullmatch(r"[\w.]+:\w+(\(\))?", word)]
        if words[:1] != ["gunicorn"] or not apps:
            raise Failed(
                f"The Procfile's line is `web: {' '.join(words)}`: the host starts gunicorn with"
                " an app, as in `web: gunicorn wsgi:app`."
            )
        if not HAS_GUNICORN:
            one = [sys.executable, str(HERE / "waitress_process.py"), apps[-1], str(threads)]
            return [one] * processes
        options = f"--workers {processes} --threads {threads} --bind 127.0.0.1:0".split()
        options += ["--worker-class", "sync" if threads == 1 else "gthread"]
        options += ["--no-control-socket", "--graceful-timeout", "1"]
        options += ["--config", str(HERE / "witness.py")] + ["--preload"] * ("--preload" in words)
        return [[sys.executable, "-m", "gunicorn", *options, apps[-1]]]

    def _wait_until_booted(self, servers: list[Process], processes: int) -> None:
        while not self.outside.have_booted(processes, timeout=0.05):
            if ended := [server for server in servers if server.returncode is not None]:
                raise RuntimeError(ended[0].output)


def stop_all(servers: list[Process]) -> None:
    """End processes that take too long."""
    for server in servers:
        server.stop()


def read_procfile(path: Path) -> dict[str, str]:
    """The lines of a Procfile, by name.

    :raises Failed: when there is none.
    """
    if not path.is_file():
        raise Failed("There is no Procfile, so the host does not know what to run.")
    lines = re.findall(r"^(\w+):[ \t]*(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: command.strip() for name, command in lines}


def program(words: list[str]) -> list[str]:
    """A command of a Procfile, to be run by this Python."""
    first, *rest = words
    if re.fullmatch(r"python[\d.]*|py", first):
        return [sys.executable, *rest]
    if first in ("flask", "gunicorn", "pytest"):
        return [sys.executable, "-m", first, *rest]
    raise Failed(f"The host runs flask, gunicorn, pytest and python, and not `{first}`.")


def last_error(output: str) -> str:
    """The last error of Python in some output, with the line of the project in its traceback."""
    found = list(re.finditer(NAMED, output, re.M))
    if not found:
        lines = [line for line in output.splitlines() if line.strip()]
        return lines[-1].strip().rstrip(".") if lines else "it printed nothing"
    name, text = found[-1].groups()
    text = re.sub(r"^: [(][\w.]+[)]", ":", text).rstrip(".")  # SQLAlchemy puts the driver's first
    _, _, before = output[: found[-1].start()].rpartition("Traceback (most recent call last)")
    places = re.findall(rf'File "[^"]*{COPY}[\\/]([^"]+)", line (\d+)', before)
    place = ":".join(places[-1]) + " " if places else ""
    return f"{place}{name}{text}"
