"""The command: read what is named, print the report, return the exit status."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import redirect_stdout

from .diagnosis import diagnose


def main(arguments: list[str] | None = None) -> int:
    """Print the report on what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="diagnose", description="Is your app in the trap? 0 safe, 1 trapped, 2 not looked."
    )
    parser.add_argument("target", help="myapp:app, myapp:create_app, myapp:engine, a URL or a file")
    parser.add_argument("--json", action="store_true", help="print the report for a program")
    options = parser.parse_args(arguments)
    sys.path.insert(0, os.getcwd())
    sys.dont_write_bytecode = True
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # so that app.run() at import returns at once
    try:
        with redirect_stdout(sys.stderr):  # what the app prints
            report = diagnose(options.target)
    except KeyboardInterrupt:
        print("Interrupted: nothing is left behind.", file=sys.stderr)
        return 130
    print(report.to_json() if options.json else report, flush=True)
    if any(thread.name.startswith("diagnose") for thread in threading.enumerate()):
        os._exit(report.exit_status)  # else the exit waits for a server that does not answer
    return report.exit_status
