"""Figures in sentences."""

from math import ceil, floor, isfinite

KEPT_MEANS = "Of your map is kept the share of the total cost that stays in its cell."


def figure(value: float) -> str:
    """Format a number for a headline: four digits, thousands apart."""
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 1000.0 else f"{value:.4g}"


def with_term(sentence: str, term: str) -> str:
    """Return a designer's words with the field's term behind them, where there is one."""
    return f"{sentence} – in the field: {term}" if term else sentence


def within(gap: float) -> str:
    """Format a bound of a relative error in per cent, rounded up, so that it stays true: "0.91", "4.3", "12"."""
    percent = 100.0 * gap
    decimals = 2 if percent < 1.0 else 1 if percent < 10.0 else 0
    # What is above a step only by the error of a float is not.
    steps = max(1, ceil(round(percent * 10**decimals, 6)))
    return f"{steps / 10**decimals:.{decimals}f}"


def compared(before: float, after: float) -> str:
    """Return a length beside the one before: "2.3 × longer", "1.4 × shorter", "as long as before".

    Infinite is a length where there is no way.
    """
    if not isfinite(before) or not isfinite(after):
        return "no way yet" if not isfinite(after) else "a way where there was none"
    if before <= 0.0 or after <= 0.0:
        return "as long as before" if before == after else "longer" if after > before else "shorter"
    ratio = after / before
    if 0.995 < ratio < 1.005:
        return "as long as before"
    times = max(ratio, 1.0 / ratio)
    return f"{times:.{2 if times < 1.95 else 1}f} × {'longer' if ratio > 1.0 else 'shorter'}"


def kept_share(kept: float) -> str:
    """Return how much of the map is kept: "94 % of your map kept"; rounded down, so that it stays true."""
    return f"{_percent(kept)} of your map kept"


def of_possible(gap: float) -> str:
    """Return how near a length comes to a bound that exceeds it by this share: "97 % of what is possible".

    Rounded down, so that it stays true.
    """
    return f"{_percent(1.0 / (1.0 + gap))} of what is possible"


def with_length(comparison: str, quantity: str, before: str, after: str) -> str:
    """Return a comparison with its lengths: "2.3 × longer (path 29.0 → 66.7)"."""
    return f"{comparison} ({quantity[:1].lower()}{quantity[1:]} {before} → {after})"


def _percent(share: float) -> str:
    percent = 100.0 * share + 1e-9
    shown = floor(10.0 * percent) / 10.0 if 99.0 <= percent < 100.0 else floor(percent)
    return f"{shown:g} %"


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
