"""Figures in sentences."""

from math import ceil


def figure(value: float) -> str:
    """Format a number for a headline: four digits, thousands apart."""
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 1000.0 else f"{value:.4g}"


def within(gap: float) -> str:
    """Format a bound of a relative error in per cent, rounded up, so that it stays true: "0.91", "4.3", "12"."""
    percent = 100.0 * gap
    decimals = 2 if percent < 1.0 else 1 if percent < 10.0 else 0
    # What is above a step only by the error of a float is not.
    steps = max(1, ceil(round(percent * 10**decimals, 6)))
    return f"{steps / 10**decimals:.{decimals}f}"


def duration(seconds: float) -> str:
    """Return a time as a progress bar tells it: "8 s", "3 min", "2 h"."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 99.5 * 60.0 else f"{seconds / 3600.0:.0f} h"


def pace(done: float, total: float | None, elapsed: float, left: float | None) -> str:
    """Return how far a run is: "120 / 400 · 20 s left"; before its first step the time that went by, "8 s".

    total: steps in all, None where unknown.  elapsed, left: seconds; `left` is None where nothing tells.
    """
    if not done:
        return duration(elapsed)
    steps = f"{done:.0f}" if total is None else f"{done:.0f} / {total:.0f}"
    return f"{steps} · {duration(elapsed)}" if left is None else f"{steps} · {duration(left)} left"
