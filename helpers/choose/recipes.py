"""What to write for each situation."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.sample import Setup, setups

PRODUCTION = "postgresql+psycopg://user:password@host/shop"


def recipes(choices: Mapping[str, str]) -> list[dict[str, str]]:
    """The URL and the options of a setup for each situation, and what more it takes.

    :param choices: the name of a setup by the situation that it is for.
    :raises KeyError: when there is no such setup.
    """
    return [_recipe(situation, setups[name]) for situation, name in choices.items()]


def _recipe(situation: str, setup: Setup) -> dict[str, str]:
    options = {name: getattr(value, "__name__", value) for name, value in setup.options.items()}
    more = ["hold a connection open"] * setup.keep_alive + list(setup.on_connect)
    return {
        "for": situation,
        "setup": setup.name,
        "URL": setup.url if setup.url.startswith("sqlite") else PRODUCTION,
        "engine options": ", ".join(f"{name}: {value}" for name, value in options.items()) or "–",
        "and": ", ".join(more) or "–",
    }
