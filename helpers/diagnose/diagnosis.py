"""The function that everything else is for."""

from __future__ import annotations

from .outside import ask
from .report import Problem, Report

__all__ = ["diagnose"]


def diagnose(target: object) -> Report:
    """Look at every engine of an app without touching its data.

    :param target: an app, engine, session, ``db`` object, module or ``sqlite3`` connection; or as
        text what the command takes, which is imported in a process of its own: ``"myapp:app"``,
        ``"myapp:create_app('testing')"``, a URL, the path of a database, or ``""`` for what
        ``flask run`` would take. A factory is called.
    :return: a report, also of what kept it from looking.
    """
    if isinstance(target, str):
        return ask(target)
    report = Report(type(target).__name__)
    try:
        from .examine import look_at_object

        look_at_object(target, report)
    except Problem as problem:
        report.problem = str(problem)
    return report
