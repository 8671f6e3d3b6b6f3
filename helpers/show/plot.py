"""A plot of measurements."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from statistics import median

from helpers.show.figure import Figure


def dot_plot(numbers: Mapping[str, Sequence[float]], label: str, caption: str) -> Figure:
    """Draw each median as a dot, and a line from the least to the largest number.

    :param numbers: some numbers above zero for each row, by its name. They are drawn on a
        logarithmic scale, with a dotted line at 1.
    :param label: what the numbers are.
    :param caption: one sentence that says what to look at.
    """
    # On its first import on a machine it says in the log that it looks for fonts.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib import figure, ticker

    plot = figure.Figure(figsize=(7, 0.9 + 0.3 * len(numbers)), layout="constrained")
    axes = plot.subplots()
    axes.axvline(1, color="gray", linestyle=":", linewidth=1)
    for row, each in enumerate(numbers.values()):
        axes.plot([min(each), max(each)], [row, row], "k-", [median(each)], [row], "ko")
        axes.text(median(each), row - 0.25, f"{median(each):.1f}", ha="center", fontsize=9)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_yticks(range(len(numbers)), numbers)
    axes.set_ylim(len(numbers) - 0.5, -0.9)
    axes.set_xlabel(label)
    axes.set_title(caption, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    png = io.BytesIO()
    plot.savefig(png, format="png", dpi=100)
    alt = f"{label}: a dot for the median and a line for the range of {', '.join(numbers)}."
    return Figure(png.getvalue(), alt, caption)
