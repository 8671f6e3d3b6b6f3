"""What happens to a thing that was started, when nobody refers to it any more."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any


def when_forgotten(
    thing: object, end: Callable[..., Any], *arguments: object
) -> weakref.finalize[..., Any]:
    """Return a call that ends a thing: once, at the latest at the end of this process.

    It also runs when nobody refers to the thing any more, so ``end`` and its arguments must
    not refer to it. A fork of this process has all of this too, and must end nothing.

    :param thing: what was started, or holds it.
    :param end: what ends it.
    :param arguments: what to call it with.
    """
    return weakref.finalize(thing, _end_here, os.getpid(), end, arguments)


def _end_here(owner: int, end: Callable[..., Any], arguments: tuple[object, ...]) -> Any:
    return end(*arguments) if os.getpid() == owner else None
