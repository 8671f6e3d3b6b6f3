"""The table of real apps: each verdict was confirmed by a script that does not use diagnose."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from helpers.diagnose.words import FINDINGS, SAFE

with open(Path(__file__).with_name("public_apps.csv"), encoding="utf-8") as file:
    APPS = list(csv.DictReader(file))
CONFIRMED = {  # what the script says of an app with this verdict
    "safe (file)": ("sees 0 before the commit and 1 after it", "missing: []"),
    "safe (calls)": ("opened in 2 of 2 threads", "two calls open"),
    "safe (server)": ("postgresql",),
    "one-connection": ("sees 1 before the commit and 0 after it",),
    "sqlite3-one-connection": ("0 rows after commit()",),
    "thread-check-off": ("no such table: … after it",),
    "tables-elsewhere": ("missing: ['",),
    "sqlite3-refused": ("created in a thread can only be used in that same thread",),
    "not-stamped": ("duplicate column name: ",),
    "no-folder": ("unable to open database file",),
}


def test_there_are_twenty_apps() -> None:
    """Each with the commit that was looked at."""
    assert len({app["repository"] for app in APPS}) >= 20
    assert all(len(app["commit"]) == 40 for app in APPS)


@pytest.mark.parametrize("app", APPS, ids=lambda app: f"{app['repository']} {app['folder']}")
def test_the_verdict_is_confirmed(app: dict[str, str]) -> None:
    """By what the script saw; renaming an id fails here."""
    verdict = app["verdict"]
    assert verdict in FINDINGS or verdict[6:-1] in SAFE
    assert app["status"] == ("1" if verdict in FINDINGS else "0")
    assert any(said in app["which said"] for said in CONFIRMED[verdict])
