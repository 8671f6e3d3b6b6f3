"""What the reader's account may not read or write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from diagnosing import FOLDER, make_file

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")


def seen(target: str) -> tuple[str, str]:
    """The finding and the message, for an account that may not do everything."""
    command = [sys.executable, str(FOLDER), target, "--output", "json"]
    if os.getuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may do everything, and there is no setpriv.")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(command, capture_output=True, check=False)
    [engine] = json.loads(done.stdout)["reports"][0]["engines"]
    assert done.returncode == 1
    [finding] = engine["findings"]
    return finding["id"], finding["sentence"] + finding["message"]


@pytest.mark.parametrize(
    ("mode", "sentence", "message"),
    [
        (0o444, "may not write to", "attempt to write a readonly database"),
        (0o000, "may not read", "unable to open database file"),
    ],
)
def test_a_file_that_may_not_be_used_is_found(
    mode: int, sentence: str, message: str, folder: Path
) -> None:
    """By the account that runs the command."""
    make_file(folder / "shop.db", wal=False)
    (folder / "shop.db").chmod(mode)
    id, said = seen("sqlite:///shop.db")
    assert (id, sentence in said, message in said) == ("not-allowed", True, True), said


def test_a_folder_in_which_nothing_may_be_made_is_found(folder: Path) -> None:
    """SQLite would have to make the file there."""
    code = "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///shop.db')"
    (folder / "shop.py").write_text(code, encoding="utf-8")
    folder.chmod(0o555)
    id, said = seen("shop")
    folder.chmod(0o755)
    assert (id, "may not make" in said) == ("not-allowed", True), said
