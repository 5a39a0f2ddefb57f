"""Loops of soft top-k, row by row: the threshold τ at which the sigmoids of (values − τ) / softness add up to k.

Values arrive as (R, n). A difference of nearby values is always taken before anything is divided by the
softness, so that results stay exact however small the softness is.
"""

import numpy as np

from engine.core.arrays import Floats
from engine.core.compiled import compiled

# σ(−40) is under the last bit of a sum of memberships.
NEGLIGIBLE = 40.0
MOST_STEPS = 200
# The slope and both further derivatives of a sum of sigmoids are at most its slope, so after a Halley step of
# this length the next one would be under the last bit (its cube).
LAST_STEP = 3e-6


@compiled
def log_odds(values: Floats, k: float, softness: float) -> Floats:
    """Return (values − τ) / softness, (R, n), with the τ whose sigmoids add up to k in each row; 0 ≤ k ≤ n."""
    rows, n = values.shape
    odds = np.empty((rows, n))
    if k == 0.0 or k == n:
        odds[:] = np.inf if k else -np.inf
        return odds
    last = n - int(np.ceil(k))
    for row in range(rows):
        # The last value that k reaches, and the next smaller one, or itself where k takes only a part of it.
        parted = np.partition(values[row], last)
        high = float(parted[last])
        low = float(np.max(parted[:last])) if k == np.floor(k) else high
        odds[row] = threshold_odds(values[row], k, softness, low, high)
    return odds


@compiled
def top_k(values: Floats, k: float, softness: float, logarithm: bool) -> tuple[Floats, Floats]:
    """Return log-odds, and the memberships or their logarithms: (R, n) each."""
    odds = log_odds(values, k, softness)
    members = np.empty(odds.shape)
    for row in range(odds.shape[0]):
        for i in range(odds.shape[1]):
            z = odds[row, i]
            members[row, i] = min(z, 0.0) - np.log1p(np.exp(-abs(z))) if logarithm else sigmoid(z)
    return odds, members


@compiled
def log_odds_adjoint(odds: Floats, softness: float, upstream: Floats) -> Floats:
    """Return the gradient by the values (R, n) of Σ upstream · log_odds."""
    gradient = np.empty(odds.shape)
    for row in range(odds.shape[0]):
        slopes, _ = _slopes(odds[row])
        gradient[row] = _with_threshold(slopes, upstream[row], softness)
    return gradient


@compiled
def top_k_adjoint(odds: Floats, softness: float, upstream: Floats, logarithm: bool) -> Floats:
    """Return the gradient by the values (R, n) of Σ upstream · membership, or of Σ upstream · log membership."""
    rows, n = odds.shape
    gradient, by_odds = np.empty((rows, n)), np.empty(n)
    for row in range(rows):
        slopes, unit = _slopes(odds[row])
        for i in range(n):
            by_odds[i] = upstream[row, i] * (sigmoid(-odds[row, i]) if logarithm else slopes[i] * unit)
        gradient[row] = _with_threshold(slopes, by_odds, softness)
    return gradient


@compiled
def threshold_odds(values: Floats, k: float, softness: float, low: float, high: float) -> Floats:
    """Return (values − τ) / softness (n,), by Halley's method inside a bracket.

    The threshold lies near [low, high]. With r = k − ⌊k⌋ (1 for the upper end if k is whole), it is at most
    softness · log(n / r) higher, where n values at or under `high` would add less than r to the ⌈k⌉ − 1
    others, and at most softness · log(n / (1 − r)) lower. Relative to `high`, it loses no digits.
    """
    n = values.size
    z = np.empty(n)
    for i in range(n):
        z[i] = _scaled(values[i], high, softness)
    rest = k - np.floor(k)
    left = _scaled(low, high, softness) - np.log((n + 1.0) / (1.0 - rest))
    right = np.log((n + 1.0) / (rest if rest > 0.0 else 1.0))
    s = middle = 0.5 * _scaled(low, high, softness)
    for _ in range(MOST_STEPS):
        # Counted from the hard answer, so that even memberships like 1e-100 balance to their last digit.
        inside, missing, surplus, slope, curvature = 0, 0.0, 0.0, 0.0, 0.0
        for i in range(n):
            e = np.exp(-abs(z[i] - s))
            large = 1.0 / (1.0 + e)
            small = e * large
            slope += small * large
            curvature += small * large * ((small - large) if z[i] >= s else (large - small))
            if z[i] >= middle:
                inside += 1
                missing += small if z[i] >= s else large
            else:
                surplus += small if z[i] < s else large
        excess = (inside - k) + (surplus - missing)
        if abs(excess) <= 1e-15 * (abs(inside - k) + surplus + missing):
            break
        if excess > 0.0:
            left = s
        else:
            right = s
        ahead = slope - 0.5 * excess * curvature / slope if slope > 0.0 else 0.0
        new = s + excess / ahead if ahead > 0.0 else left
        last_step = LAST_STEP
        if not left < new < right:
            new, last_step = 0.5 * (left + right), 0.0
        step, s = abs(new - s), new
        if step <= max(last_step, 1e-15 * (1.0 + abs(s))):
            break
    return z - s


@compiled
def sigmoid(z: float) -> float:
    """Return 1 / (1 + e^−z), without overflow."""
    if z >= 0.0:
        return 1.0 / (1.0 + np.exp(-z))
    e = np.exp(z)
    return e / (1.0 + e)


@compiled
def _slopes(odds: Floats) -> tuple[Floats, float]:
    """Return σ'(odds) (n,) in a unit in which not all underflow, and the unit; 0 where odds are infinite."""
    slopes = np.zeros(odds.size)
    nearest = np.min(np.abs(odds))
    if nearest > NEGLIGIBLE:
        if nearest < np.inf:
            for i in range(odds.size):
                slopes[i] = np.exp(nearest - abs(odds[i]))
        return slopes, np.exp(-nearest)
    for i in range(odds.size):
        e = np.exp(-abs(odds[i]))
        slopes[i] = e / (1.0 + e) ** 2
    return slopes, 1.0


@compiled
def _with_threshold(slopes: Floats, by_odds: Floats, softness: float) -> Floats:
    """Turn a gradient by the odds (n,) into one by the values; the threshold moves with their weighted mean.

    Where all odds are infinite there is no threshold and no gradient.
    """
    total, sum_of_slopes = np.sum(by_odds), np.sum(slopes)
    if sum_of_slopes == 0.0:
        return np.zeros(slopes.size)
    return (by_odds - slopes / sum_of_slopes * total) / softness


@compiled
def _scaled(value: float, reference: float, softness: float) -> float:
    # Clipped where nothing but the sign matters, so that infinities do not turn into NaN.
    return min(max((value - reference) / softness, -1e100), 1e100)
