"""Run as a folder: ``python path/to/diagnose myapp:app``, with the Python of your app.

Python puts the folder that it runs first on ``sys.path``, where its rooms could hide modules of
the app's. So the folder leaves the path before anything else is imported, and the package is
loaded from its place, under a private name. Any Python 3 gets through the syntax of this file.
"""

import sys

HERE = __file__[: -len("__main__.py")].rstrip("/\\") or "."
OLDEST = (3, 9)
NAME = "_diagnose_of_no_such_table"


def run() -> int:
    """Import the package in this folder under a name that no module of an app has; run it."""
    import importlib.util
    import os

    here = os.path.abspath(HERE)
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]
    spec = importlib.util.spec_from_file_location(
        NAME, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec and spec.loader
    sys.modules[NAME] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    return int(importlib.import_module(NAME + ".command").main())


if __name__ == "__main__":
    sys.path[:] = [each for each in sys.path if each.rstrip("/\\") != HERE]
    if sys.version_info < OLDEST:
        version = ".".join(str(each) for each in sys.version_info[:3])
        sys.stderr.write(
            f"diagnose needs Python 3.9 or later and was run by Python {version}, which is too"
            " old: name a newer one in which your app runs.\n"
        )
        sys.exit(2)
    sys.exit(run())
