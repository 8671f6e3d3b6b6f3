"""Is your own app in the trap? Looks at its engines and leaves its data alone.

Run this folder by its path, with the Python and in the folder of your app. Name a module with
an app, a factory, an engine or a session in it; or a URL; or the file of a SQLite database::

    python path/to/helpers/diagnose myapp:app

In a notebook, ``diagnose(app)`` returns a report. The exit status is 0 when every engine is
safe, 1 when one is trapped, and 2 when it could not look.

Importing a module runs it. Apart from that, a factory and the listeners of connection events,
nothing of the app runs. Everything is tried on a copy of each engine, on a scratch database
of the same kind; on a server, in a scratch table that is removed again. This folder needs the
standard library and SQLAlchemy only, and can be copied elsewhere as it is.
"""

from __future__ import annotations

from .diagnosis import diagnose
from .report import Report

__all__ = ["Report", "diagnose"]
