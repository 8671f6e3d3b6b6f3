"""A function in a new thread."""

from __future__ import annotations

import threading

import pytest

from helpers.step import in_thread


def test_a_function_runs_in_a_new_thread_and_its_result_comes_back() -> None:
    """Each call has its own thread, which has ended when the result is there."""
    threads = [in_thread(threading.current_thread) for _ in range(2)]

    assert threading.current_thread() not in threads
    assert threads[0] is not threads[1]
    assert not any(thread.is_alive() for thread in threads)


def test_arguments_are_passed_on() -> None:
    """By place and by name."""
    assert in_thread(int, "ff", base=16) == 255


def test_what_the_function_raises_is_raised_here() -> None:
    """As if it had been called."""
    with pytest.raises(ValueError, match="invalid literal"):
        in_thread(int, "lamp")
