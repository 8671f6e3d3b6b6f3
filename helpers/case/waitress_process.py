"""One web process of the shop where there is no gunicorn: ``waitress_process.py wsgi:app 4``."""

from __future__ import annotations

import importlib
import os
import sys


def main(target: str, threads: str) -> None:
    """Serve an app on a free port, and print the address."""
    import waitress  # type: ignore[import-untyped]

    sys.path.insert(0, os.getcwd())
    witness = importlib.import_module("witness")  # beside this file
    module, _, name = target.partition(":")
    app = getattr(importlib.import_module(module), name or "app")
    server = waitress.create_server(
        witness.watched(app), host="127.0.0.1", port=0, threads=int(threads)
    )
    print(f"Listening at: http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
