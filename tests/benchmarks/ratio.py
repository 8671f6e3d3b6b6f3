"""One line of the table: what ours costs, what the other costs, and how they compare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Ratio:
    """Two costs of the same kind, and the bound that the lesson promises.

    :param what: what is measured.
    :param ours: its cost.
    :param against: what it is compared with.
    :param other: the cost of that.
    :param unit: of both, such as ms.
    :param most: how many times the other cost ours may be, at the most.
    """

    what: str
    ours: float
    against: str
    other: float
    unit: str
    most: float

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.ours <= self.most * self.other

    def __str__(self) -> str:
        share, bound = self.ours / self.other, f"at most {self.most:g}"
        if self.most < 0.1:  # so much faster that a share says nothing
            share, bound = 1 / share, f"at least {1 / self.most:.0f} times faster"
        return (
            f"{self.what:<32}{self.ours:>9.2f} {self.unit:<3}{self.against:<44}"
            f"{self.other:>9.2f} {self.unit:<3}{share:>8.2f}  {bound}"
            f"{'' if self.holds else '  MISSED'}"
        )
