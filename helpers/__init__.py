"""What the notebooks import, in wings: one folder for each concern."""

try:
    from helpers.learn import check, check_machine, clean_up, compare, progress
    from helpers.look import Observation, Observer, describe_error
    from helpers.serve import LiveServer
    from helpers.show import grid, shorten, swimlane, table
except ModuleNotFoundError as error:
    if (error.name or "helpers").partition(".")[0] == "helpers":
        raise
    import sys

    raise ModuleNotFoundError(
        f"The Python of this kernel, {sys.executable}, has no package {error.name!r}. Choose the"
        " kernel that was installed with the lesson (in JupyterLab: Kernel > Change Kernel), or"
        " install the packages into this one, as the README says.",
        name=error.name,
    ) from None

shorten()

__all__ = [
    "LiveServer",
    "Observation",
    "Observer",
    "check",
    "check_machine",
    "clean_up",
    "compare",
    "describe_error",
    "grid",
    "progress",
    "swimlane",
    "table",
]
