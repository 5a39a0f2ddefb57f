"""Euclidean projection onto a box with a fixed total: clip(values + λ), with the one λ that meets the total.

Σ size · clip(values + λ, lower, upper) is piecewise linear and never falls as λ grows. Newton's method finds λ in
a few passes over the values; a bracket, halved where Newton would leave it, makes sure that it ends.
"""

import numpy as np

from engine.core.arrays import Floats, writable
from engine.core.cancel import check
from engine.core.compiled import compiled

# Sums run in so many lanes: they are vectorised, and the same on every machine.
LANES = 64
# Relative error of the total.
TOLERANCE = 1e-13
MOST_STEPS = 100


def project(values: Floats, size: Floats, lower: Floats, upper: Floats, total: float) -> Floats:
    """Return the point z (m,) nearest to `values` (m,) with lower ≤ z ≤ upper and Σ size · z = total.

    The distance is Σ size · (z − values)². A total that the box cannot hold is met as nearly as the box allows.
    """
    check()
    values = writable(values)
    low = float(np.min(lower - values, initial=np.inf))
    high = float(np.max(upper - values, initial=-np.inf))
    start = min(max(0.0, low), high)
    shift = total_shift(values, size, lower, upper, total, low, high, start, TOLERANCE)
    return np.minimum(np.maximum(values + shift, lower), upper)


@compiled
def total_shift(
    values: Floats,
    size: Floats | None,
    lower: Floats,
    upper: Floats,
    total: float,
    low: float,
    high: float,
    shift: float,
    tolerance: float,
) -> float:
    """Return the λ with Σ size · clip(values + λ, lower, upper) = total, up to a relative `tolerance`.

    size: (n,), or None where every value counts once.  low, high: a bracket of λ, or infinities.  shift: the
    first λ that is tried.
    """
    totals, slopes = np.empty(LANES), np.empty(LANES)
    for _ in range(MOST_STEPS):
        totals[:] = 0.0
        slopes[:] = 0.0
        for begin in range(0, values.size, LANES):
            end = min(begin + LANES, values.size)
            value, floor, ceiling = values[begin:end], lower[begin:end], upper[begin:end]
            for j in range(end - begin):
                count = 1.0 if size is None else size[begin + j]
                moved = value[j] + shift
                clipped = min(max(moved, floor[j]), ceiling[j])
                totals[j] += count * clipped
                slopes[j] += count if moved == clipped else 0.0
        excess = totals.sum() - total
        if abs(excess) <= tolerance * abs(total) or high - low <= 1e-16 * max(1.0, abs(shift)):
            break
        shift, low, high = next_shift(shift, low, high, excess, slopes.sum())
    return shift


@compiled
def next_shift(shift: float, low: float, high: float, excess: float, slope: float) -> tuple[float, float, float]:
    """Return the next point and the bracket of a search for the zero of an increasing function.

    excess, slope: the function and its derivative at `shift`. Newton's step where it stays inside the bracket;
    else its middle, or while one end is infinite, a step of twice the distance from 0.
    """
    if excess > 0.0:
        high = shift
    else:
        low = shift
    newton = shift - excess / slope if slope > 0.0 else np.inf
    if low < newton < high:
        shift = newton
    elif np.isfinite(low) and np.isfinite(high):
        shift = 0.5 * (low + high)
    else:
        step = max(1.0, 2.0 * abs(shift))
        shift += step if excess < 0.0 else -step
    return shift, low, high
