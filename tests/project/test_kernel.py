"""A notebook on a kernel without the lesson's packages says which kernel to choose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def said(*options: str, source: str) -> str:
    """Return the last line that a Python says that has the project's folder on its path."""
    done = subprocess.run(
        [
            sys.executable,
            *options,
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); {source}",
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    return done.stderr.strip().splitlines()[-1]


def test_a_bare_kernel_says_which_kernel_to_choose() -> None:
    """One sentence with the Python that runs, the package that is missing, and what to do."""
    message = said("-I", "-S", source="from helpers import LiveServer")

    assert message.startswith(f"ModuleNotFoundError: The Python of this kernel, {sys.executable}, ")
    assert "Choose the kernel that was installed with the lesson" in message


@pytest.mark.parametrize("package", ["sqlalchemy", "werkzeug"])
def test_the_missing_package_is_named(package: str) -> None:
    """Whichever of them is missing."""
    message = said(source=f"sys.modules[{package!r}] = None; from helpers import LiveServer")

    assert f"has no package '{package}" in message


def test_a_fault_of_ours_is_not_blamed_on_the_kernel() -> None:
    """A wing that is missing is no matter of packages."""
    message = said(source="sys.modules['helpers.look'] = None; from helpers import LiveServer")

    assert message.startswith("ModuleNotFoundError: import of helpers.look halted")
