"""A function in a new thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def in_thread(
    function: Callable[Given, Result], *arguments: Given.args, **options: Given.kwargs
) -> Result:
    """Run a function in a new thread, wait for its end, and return what it returned.

    :param function: what to run. What it raises is raised here.
    :param arguments: are passed to it.
    :param options: are passed to it as well.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker") as executor:
        return executor.submit(function, *arguments, **options).result()
