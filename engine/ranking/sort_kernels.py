"""Loops of soft sorting, row by row: each sorted value is a difference of two soft sums of the largest values.

Values arrive as (R, n), each row ascending.
"""

import numpy as np

from engine.core.arrays import Floats
from engine.core.compiled import compiled
from engine.ranking.top_k_kernels import NEGLIGIBLE, sigmoid, threshold_odds


@compiled
def sorted_softly(values: Floats, softness: float) -> Floats:
    """Return the soft order statistics of ascending rows (R, n): differences of the soft sums of the k largest."""
    rows, n = values.shape
    result = np.empty((rows, n))
    for row in range(rows):
        x = values[row]
        centre = x[n // 2]
        before, above = 0.0, 0.0
        first, last = n, n
        for k in range(1, n):
            low, high = x[n - k - 1], x[n - k]
            first, last_before, last = _window(x, first, last, low, high, softness)
            for i in range(last, last_before):
                above += x[i] - centre
            odds = threshold_odds(x[first:last], k - (n - last), softness, low, high)
            total = above
            for i in range(first, last):
                total += (x[i] - centre) * sigmoid(odds[i - first])
            result[row, n - k] = centre + (total - before)
            before = total
        result[row, 0] = centre + (np.sum(x - centre) - before)
    return result


@compiled
def sorted_softly_adjoint(values: Floats, softness: float, upstream: Floats) -> Floats:
    """Return the gradient by the ascending rows (R, n) of Σ upstream · sorted_softly(values)."""
    rows, n = values.shape
    gradient = np.zeros((rows, n))
    for row in range(rows):
        x = values[row]
        from_here_up = np.zeros(n + 1)
        first, last = n, n
        for k in range(1, n):
            low, high = x[n - k - 1], x[n - k]
            first, _, last = _window(x, first, last, low, high, softness)
            weight = upstream[row, n - k] - upstream[row, n - k - 1]
            from_here_up[last] += weight
            odds = threshold_odds(x[first:last], k - (n - last), softness, low, high)
            slopes, mean = 0.0, 0.0
            for i in range(first, last):
                slope = sigmoid(odds[i - first]) * sigmoid(-odds[i - first])
                slopes += slope
                mean += slope * (x[i] - high)
            if slopes > 0.0:
                mean /= slopes
            for i in range(first, last):
                share = sigmoid(odds[i - first])
                slope = share * sigmoid(-odds[i - first])
                gradient[row, i] += weight * (share + slope * ((x[i] - high) - mean) / softness)
        total = upstream[row, 0]
        for i in range(n):
            total += from_here_up[i]
            gradient[row, i] += total
    return gradient


@compiled
def _window(x: Floats, first: int, last: int, low: float, high: float, softness: float) -> tuple[int, int, int]:
    """Move the part [first, last) of ascending x down to the values that [low, high] leaves undecided.

    Returns the new first, the old last and the new last.
    """
    reach = softness * (NEGLIGIBLE + 2.0 * np.log(x.size + 1.0))
    before = last
    while first > 0 and x[first - 1] > low - reach:
        first -= 1
    while last > 0 and x[last - 1] > high + reach:
        last -= 1
    return first, before, last
