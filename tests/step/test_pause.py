"""One thread waits in the middle of its work while another one does something."""

from __future__ import annotations

import pytest

from helpers.step import Pause, pause


def test_the_order_is_the_written_one() -> None:
    """What the block does comes between the two halves, fifty times of fifty."""
    for _ in range(50):
        done: list[str] = []
        pay = Pause()

        def buy(done: list[str] = done, pay: Pause = pay) -> str:
            done.append("took")
            pay()
            done.append("paid")
            return "sold"

        with pay.holds(buy) as purchase:
            done.append("looked")
        assert purchase.result() == "sold"
        assert done == ["took", "looked", "paid"]


def test_it_can_be_used_again() -> None:
    """A cell may run twice."""
    pay = Pause()
    done: list[str] = []

    def buy() -> None:
        pay()
        done.append("bought")

    for _ in range(2):
        with pay.holds(buy):
            done.append("looked")

    assert done == ["looked", "bought"] * 2


def test_work_that_never_gets_there_is_not_waited_for() -> None:
    """What it raised is told by its result."""
    with Pause().holds(lambda: 1 / 0) as purchase:
        pass

    with pytest.raises(ZeroDivisionError):
        purchase.result()


def test_an_error_of_the_block_lets_the_other_thread_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No thread is left waiting."""
    monkeypatch.setattr(pause, "TIMEOUT", 60)
    pay = Pause()
    with pytest.raises(LookupError), pay.holds(pay) as purchase:
        raise LookupError
    assert purchase.done()
