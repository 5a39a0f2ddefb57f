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
