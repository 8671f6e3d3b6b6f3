"""Install lock files into .venv: by uv in seconds, or by pip where pip has settings of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .pins import name, pins
from .places import LEARNERS_LOCK, PYTHON, ROOT, Problem

PIP = (PYTHON, "-m", "pip", "--disable-pip-version-check")
# uv reads none of these, and would go to its default index without a word.
NOT_READ_BY_UV = {
    "cert", "client-cert", "constraint", "extra-index-url", "find-links", "index-url",
    "keyring-provider", "no-index", "proxy", "trusted-host",
}  # fmt: skip
# A network that accepts and never answers must not hold a learner up.
UV_SETTINGS = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "10", "UV_LINK_MODE": "copy"}
# What the installers say; what it means, and what to do. The first line that fits counts.
REASONS = {
    r"No space left|Errno 28|os error 28|not enough space": (
        "There is no space left on the disk",
        "make room for about 600 MB",
    ),
    r"(?i)proxy": ("The proxy that is set does not answer", "correct or remove its setting"),
    r"(?i)connection broken|could not fetch|timed? ?out|error sending request|dns error": (
        "The package index cannot be reached",
        "connect to the network",
    ),
    r"Permission denied|Read-only|os error 13|os error 30": (
        "A file cannot be written",
        "copy the lesson to a folder that you can write to",
    ),
}


class Failed(Problem):
    """An installation that failed: what happened, and what to do.

    :param said: what the installer said.
    """

    def __init__(self, said: str) -> None:
        self.cause, remedy = reason(said)
        super().__init__(f"{self.cause}: {remedy}, then give the same command again.")


class Installer:
    """The installer for this machine: uv, or pip."""

    def __init__(self) -> None:
        said = output(*PIP, "config", "list")
        keys = set(re.findall(r"^[^=]*\.([\w-]+)=", said, re.MULTILINE))
        own = sorted(keys & NOT_READ_BY_UV)
        slow = {"timeout", "default-timeout", "retries"} & keys  # somebody wants it to wait
        self.patience = [] if slow else ["--timeout=10", "--retries=1"]
        self.uv = not own and self.has_uv()
        self.told = "uv, in some seconds" if self.uv else "pip, in about a minute"
        if own:
            self.told += f", since pip has settings that uv does not read ({', '.join(own)})"
        elif not self.uv:
            self.told += ", since uv does not run here"

    def has_uv(self) -> bool:
        """Let pip install uv; whether it then works."""
        try:
            self._pip([pin for pin in pins(LEARNERS_LOCK).values() if name(pin) == "uv"])
        except Failed:
            return False
        return output(PYTHON, "-m", "uv", "--version") != ""

    def install(self, *locks: Path) -> None:
        """Install what lock files pin, by their hashes.

        :raises Failed: when neither uv nor pip can do it.
        """
        if self.uv:
            chosen = [f"--requirement={lock}" for lock in locks]
            try:
                return self._uv("--require-hashes", *chosen)
            except Failed as failed:
                print(f"uv failed, so pip tries. {failed.cause}.", file=sys.stderr, flush=True)
                self.uv = False
        return self._pip([pin for pin in pins(*locks).values() if name(pin) != "uv"])

    def install_project(self) -> None:
        """Make ``helpers`` importable, without a download: its builder is in the lock.

        :raises Failed: when that fails.
        """
        options = ("--no-build-isolation", "--editable", ROOT)
        if self.uv:
            return self._uv(*options)
        return must(*PIP, "install", "--quiet", "--no-deps", *options)

    def _uv(self, *what: object) -> None:
        command = (PYTHON, "-m", "uv", "pip", "install", "--no-deps", "--python", PYTHON, *what)
        must(*command, **UV_SETTINGS)

    def _pip(self, pinned: list[str]) -> None:
        # pip compiles each module at once, which takes as long as all the rest; Python does
        # it where a module is first imported.
        options = ["--quiet", "--no-deps", "--no-compile", "--require-hashes", *self.patience]
        with tempfile.TemporaryDirectory() as folder:
            lock = Path(folder) / "lock.txt"
            lock.write_text("".join(pinned), encoding="utf-8")
            must(*PIP, "install", *options, "--requirement", lock)


def must(*command: object, **settings: str) -> None:
    """Run an installer.

    :raises Failed: when it fails.
    """
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | settings,
        check=False,
    )
    if done.returncode:
        raise Failed(done.stdout)


def reason(said: str) -> tuple[str, str]:
    """What an installer that failed has said, in words: what happened and what to do."""
    for pattern, words in REASONS.items():
        if re.search(pattern, said):
            return words
    found = re.search(r"^\s*(?:ERROR|error|×):? *(.+)", said, re.MULTILINE)
    return f"The installer said {(found[1] if found else said[-200:]).strip()!r}", "mend that"


def output(*command: object) -> str:
    """What a command prints, or "" when it fails."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, errors="replace"
    )
    return done.stdout if done.returncode == 0 else ""
