"""Why nothing was found that could be looked at, and what to name instead."""

from __future__ import annotations

import ast
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import FunctionType

from .calls import name_of
from .find import Found
from .named import is_django
from .readers import line_of, tree_of
from .ties import made_in
from .words import Problem

WAITS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


def nothing_found(made: list[FunctionType], found: Found) -> Problem:
    """Why there is no engine: nothing makes one, or these functions do when they are called."""
    if not made:
        kinds = {type(each).__module__ for each in found.seen.values()}
        other = "peewee" if "peewee" in kinds else "nothing"
        return Problem.of("django" if is_django() else other)
    makers = " and ".join(name_of(each) + line_of(each) for each in made[:2])
    return Problem.of("in-a-call", makers=makers, name=instead(made, found))


def instead(made: list[FunctionType], found: Found) -> str:
    """What to name instead of a module whose functions make an engine or a connection."""
    if any(map(found.attributes_of, made)):
        return "the database that it opens, by its path or URL,"
    if all("." in each.__qualname__ for each in made):
        return "an object with this method, or a function that makes one,"
    plain = [each for each in made if "." not in each.__qualname__]
    callable_ones = [each for each in plain if not each.__code__.co_flags & WAITS]
    if any(not needs_arguments(each) for each in callable_ones):
        return "the function"
    if urls := [url for each in made for url in urls_in(each)]:
        return f"its URL, {urls[0]},"
    if callable_ones:
        return f"the function with its arguments, as in \"{name_of(callable_ones[0])}('...')\","
    return "the database that it opens, by its path or URL,"


def needs_arguments(function: FunctionType) -> bool:
    """Whether a function cannot be called without arguments."""
    code, given = function.__code__, function.__kwdefaults__ or {}
    keywords = code.co_kwonlyargcount > len(given)
    return keywords or code.co_argcount > len(function.__defaults__ or ())


def urls_in(function: FunctionType) -> list[str]:
    """The URLs that a function gives to the engines which it makes."""
    made = made_in(tree_of(function) or ast.Module([], []), function.__globals__)
    return [each.url for each in made.values() if each.url]
