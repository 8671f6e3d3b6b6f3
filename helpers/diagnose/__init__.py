"""Which database does your app open, and will its tables be there? A look that changes nothing.

Run this folder by its path, with the Python and in the folder of your app; ``--help`` has
examples, and the ids of what is found::

    python path/to/helpers/diagnose myapp:app

The exit status is 0 when every engine is safe, 1 when there is something to mend, and 2 when it
could not look. In a notebook, ``diagnose(app)`` returns a report that shows itself as a table.
In a test of your own app, with a copy of this folder beside it::

    from diagnose import diagnose

    def test_the_database_is_safe():
        report = diagnose(create_app())
        assert report.safe, report

A ``Report`` has ``safe``, ``exit_status``, ``findings`` (of all engines), ``problem`` (why it
could not look), ``to_json()`` and ``engines``. Each ``EngineReport`` has ``name``, ``url``,
``pool``, ``opens`` (the absolute path, or the kind of memory), ``verdict`` (``"safe"``,
``"to mend"``, ``"not looked"``), ``sentence`` and ``message`` (of its first finding),
``findings``, ``answers`` (five questions: what another thread, process and session sees),
``tables`` (``named``, ``there``, ``missing``, ``elsewhere``) and ``notes``. A ``Finding`` has a
stable ``id``, ``sentence``, ``message`` (what you see), ``notebook`` (its number) and ``cures``:
lines to paste, and where they go.

Importing your module runs it, and a factory that you name is called, a second time if it returns
a connection or an engine in memory; the report says what they did to files. A text is imported in
a process of its own; if that fails, what the app has made by then is looked at. Pools are tried as
copies, on scratch databases, and so is a ``creator`` of yours, whose ``sqlite3.connect`` leads
there. Files are copied byte by byte by another process and never opened through SQLite; tables in
memory are read where the process has nothing but the app. Of a database server, pool and URL are
read, and nothing is connected. This folder needs the standard library and SQLAlchemy (1.4 or later)
only, and Python 3.9 or later.
"""

from __future__ import annotations

__version__ = "1.0"

from .diagnosis import diagnose
from .report import Answer, Cure, EngineReport, Finding, Report, Tables

__all__ = ["Answer", "Cure", "EngineReport", "Finding", "Report", "Tables", "diagnose"]
