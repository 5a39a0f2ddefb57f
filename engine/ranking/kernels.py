"""Loops of soft ranking, row by row: thresholds of soft top-k, transport to anchors, isotonic regression.

Values arrive as (R, n). A difference of nearby values is always taken before anything is divided by the
softness, so that results stay exact however small the softness is.
"""

import numpy as np

from engine.core.arrays import Floats, Integers
from engine.core.compiled import compiled

# σ(−40) is under the last bit of a sum of memberships.
NEGLIGIBLE = 40.0
# Beyond, exponentials of log-odds are 0 or infinite anyway; keeps their sums and differences finite.
LARGEST_LOG_ODDS = 1e4
MOST_STEPS = 200
# The slope and both further derivatives of a sum of sigmoids are at most its slope, so after a Halley step of
# this length the next one would be under the last bit (its cube).
LAST_STEP = 3e-6


@compiled
def all_finite(values: Floats) -> bool:
    """Whether no value (R, n) is infinite or no number."""
    for row in range(values.shape[0]):
        for i in range(values.shape[1]):
            if not np.isfinite(values[row, i]):
                return False
    return True


@compiled
def log_odds(values: Floats, k: float, softness: float) -> Floats:
    """(values − τ) / softness with τ such that their sigmoids add up to k in every row: (R, n), 0 ≤ k ≤ n."""
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
        odds[row] = _odds(values[row], k, softness, low, high)
    return odds


@compiled
def top_k(values: Floats, k: float, softness: float, logarithm: bool) -> tuple[Floats, Floats]:
    """Log-odds, and the memberships or their logarithms: (R, n) each."""
    odds = log_odds(values, k, softness)
    members = np.empty(odds.shape)
    for row in range(odds.shape[0]):
        for i in range(odds.shape[1]):
            z = odds[row, i]
            members[row, i] = min(z, 0.0) - np.log1p(np.exp(-abs(z))) if logarithm else _sigmoid(z)
    return odds, members


@compiled
def log_odds_adjoint(odds: Floats, softness: float, upstream: Floats) -> Floats:
    """Gradient by the values (R, n) of Σ upstream · log_odds."""
    gradient = np.empty(odds.shape)
    for row in range(odds.shape[0]):
        slopes, _ = _slopes(odds[row])
        gradient[row] = _with_threshold(slopes, upstream[row], softness)
    return gradient


@compiled
def top_k_adjoint(odds: Floats, softness: float, upstream: Floats, logarithm: bool) -> Floats:
    """Gradient by the values (R, n) of Σ upstream · membership, or of Σ upstream · log membership."""
    rows, n = odds.shape
    gradient, by_odds = np.empty((rows, n)), np.empty(n)
    for row in range(rows):
        slopes, unit = _slopes(odds[row])
        for i in range(n):
            by_odds[i] = upstream[row, i] * (_sigmoid(-odds[row, i]) if logarithm else slopes[i] * unit)
        gradient[row] = _with_threshold(slopes, by_odds, softness)
    return gradient


@compiled
def _slopes(odds: Floats) -> tuple[Floats, float]:
    """σ'(odds) (n,) in a unit in which they do not all underflow, and this unit; 0 where odds are infinite."""
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
    """Gradient (n,) by the values, of that by their odds: the threshold follows values in proportion to slopes.

    Where all odds are infinite there is no threshold and no gradient.
    """
    total, sum_of_slopes = np.sum(by_odds), np.sum(slopes)
    if sum_of_slopes == 0.0:
        return np.zeros(slopes.size)
    return (by_odds - slopes / sum_of_slopes * total) / softness


@compiled
def sorted_softly(values: Floats, softness: float) -> Floats:
    """Soft order statistics of ascending rows (R, n): differences of the soft sums of the k largest."""
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
            odds = _odds(x[first:last], k - (n - last), softness, low, high)
            total = above
            for i in range(first, last):
                total += (x[i] - centre) * _sigmoid(odds[i - first])
            result[row, n - k] = centre + (total - before)
            before = total
        result[row, 0] = centre + (np.sum(x - centre) - before)
    return result


@compiled
def sorted_softly_adjoint(values: Floats, softness: float, upstream: Floats) -> Floats:
    """Gradient by the ascending rows (R, n) of Σ upstream · sorted_softly(values)."""
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
            odds = _odds(x[first:last], k - (n - last), softness, low, high)
            slopes, mean = 0.0, 0.0
            for i in range(first, last):
                slope = _sigmoid(odds[i - first]) * _sigmoid(-odds[i - first])
                slopes += slope
                mean += slope * (x[i] - high)
            if slopes > 0.0:
                mean /= slopes
            for i in range(first, last):
                share = _sigmoid(odds[i - first])
                slope = share * _sigmoid(-odds[i - first])
                gradient[row, i] += weight * (share + slope * ((x[i] - high) - mean) / softness)
        total = upstream[row, 0]
        for i in range(n):
            total += from_here_up[i]
            gradient[row, i] += total
    return gradient


@compiled
def transport_plan(values: Floats, order: Integers, anchors: int, softness: float) -> Floats:
    """Share of every value that goes to each of m equally weighted, ordered anchors: (R, n, m).

    share_ij ∝ exp((x_i y_j + g_j) / softness), y_j = j / (m − 1), with g such that every anchor receives n / m.
    order: (R, n) ascending. In place of g, the m − 1 thresholds between neighbouring anchors are solved for,
    by Newton's method. Its step is damped by log(1 + d) / d, d the range of the step: enough for descent
    where third derivatives are bounded by second ones, as they are for logarithms of sums of exponentials.
    """
    rows, n = values.shape
    plan = np.ones((rows, n, anchors))
    shift = np.zeros(anchors)
    for row in range(rows):
        shift[:] = 0.0
        x, share = values[row], plan[row]
        reference = _quantiles(x, order[row], anchors)
        best = np.inf
        for _ in range(MOST_STEPS):
            _shares(x, reference, shift, softness, share)
            residual = np.full(anchors, n / anchors)
            for i in range(n):
                for j in range(anchors):
                    residual[j] -= share[i, j]
            error = np.max(np.abs(residual))
            if error <= 1e-15 * n or (error <= 1e-12 * n and error >= best):
                break
            best = min(best, error)
            step = _solve_laplacian(_coupling(share), residual, 1e-14 * n)
            span = np.max(step) - np.min(step)
            if span == 0.0:
                break
            damping = np.log1p(span) / span
            for j in range(1, anchors):
                shift[j] -= damping * (step[j] - step[j - 1])
    return plan


@compiled
def transport_rank_adjoint(plan: Floats, centres: Floats, softness: float, upstream: Floats) -> Floats:
    """Gradient by the values (R, n) of Σ upstream · (plan @ centres), through the optimality of the plan."""
    rows, n, anchors = plan.shape
    gradient = np.zeros((rows, n))
    for row in range(rows):
        share = plan[row]
        pull = np.zeros(anchors)
        for i in range(n):
            rank = 0.0
            for j in range(anchors):
                rank += share[i, j] * centres[j]
            for j in range(anchors):
                pull[j] += upstream[row, i] * share[i, j] * (centres[j] - rank)
        dual = _solve_laplacian(_coupling(share), pull, 0.0)
        for i in range(n):
            position = 0.0
            for j in range(anchors):
                position += share[i, j] * j
            for j in range(anchors):
                value = upstream[row, i] * centres[j] - dual[j]
                gradient[row, i] += share[i, j] * (j - position) * value / ((anchors - 1) * softness)
    return gradient


@compiled
def isotonic_ranks(values: Floats, order: Integers, softness: float) -> tuple[Floats, Integers]:
    """Projection of n · values / softness onto the permutahedron of (1, …, n), and its blocks: (R, n) each.

    order: (R, n) ascending. Pool adjacent violators over the sorted values: neighbours whose gap is too small
    for a full rank share their mean rank, plus what the projection leaves of their differences.
    block[i]: where, in sorted order, the block of the i-th smallest value begins.
    """
    rows, n = values.shape
    ranks, block = np.empty((rows, n)), np.empty((rows, n), dtype=np.int64)
    scale = n / softness
    begin, mean = np.empty(n + 1, dtype=np.int64), np.empty(n)
    for row in range(rows):
        x = values[row][order[row]]
        blocks = 0
        for i in range(n):
            begin[blocks], mean[blocks], end = i, x[i], i + 1
            blocks += 1
            while blocks > 1:
                here, there = begin[blocks - 2], begin[blocks - 1]
                # Mean ranks of two neighbouring blocks differ by half of what they cover together.
                if mean[blocks - 1] - mean[blocks - 2] >= 0.5 * (end - here) / scale:
                    break
                share = (end - there) / (end - here)
                mean[blocks - 2] += share * (mean[blocks - 1] - mean[blocks - 2])
                blocks -= 1
        begin[blocks] = n
        for number in range(blocks):
            here, end = begin[number], begin[number + 1]
            middle = 0.0
            for i in range(here, end):
                middle += x[i] - x[here]
            middle /= end - here
            for i in range(here, end):
                block[row, i] = here
                ranks[row, order[row, i]] = 0.5 * (here + end + 1) + scale * ((x[i] - x[here]) - middle)
    return ranks, block


@compiled
def isotonic_rank_adjoint(order: Integers, block: Integers, softness: float, upstream: Floats) -> Floats:
    """Gradient by the values (R, n) of Σ upstream · isotonic_ranks: upstream without its mean in each block."""
    rows, n = upstream.shape
    gradient = np.empty((rows, n))
    for row in range(rows):
        end = n
        while end > 0:
            here = block[row, end - 1]
            mean = 0.0
            for i in range(here, end):
                mean += upstream[row, order[row, i]]
            mean /= end - here
            for i in range(here, end):
                gradient[row, order[row, i]] = (upstream[row, order[row, i]] - mean) * n / softness
            end = here
    return gradient


@compiled
def _sigmoid(z: float) -> float:
    if z >= 0.0:
        return 1.0 / (1.0 + np.exp(-z))
    e = np.exp(z)
    return e / (1.0 + e)


@compiled
def _scaled(value: float, reference: float, softness: float) -> float:
    # Clipped where nothing but the sign matters, so that infinities do not turn into NaN.
    return min(max((value - reference) / softness, -1e100), 1e100)


@compiled
def _odds(values: Floats, k: float, softness: float, low: float, high: float) -> Floats:
    """(n,) values over their threshold, by Halley's method inside a bracket.

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


@compiled
def _quantiles(x: Floats, order: Integers, anchors: int) -> Floats:
    """(m,) where hard transport would part the values: entry j between anchors j − 1 and j, entry 0 unused."""
    n = x.size
    parts = np.empty(anchors)
    for j in range(1, anchors):
        above = x[order[(n * j) // anchors]]
        if (n * j) % anchors == 0:
            below = x[order[(n * j) // anchors - 1]]
            parts[j] = below + 0.5 * (above - below)
        else:
            parts[j] = above
    return parts


@compiled
def _shares(x: Floats, reference: Floats, shift: Floats, softness: float, share: Floats) -> None:
    n, anchors = share.shape
    for i in range(n):
        share[i, 0] = 0.0
        largest = 0.0
        for j in range(1, anchors):
            odds = (x[i] - reference[j]) / ((anchors - 1) * softness)
            odds = min(max(odds, -LARGEST_LOG_ODDS), LARGEST_LOG_ODDS)
            share[i, j] = share[i, j - 1] + odds - shift[j]
            largest = max(largest, share[i, j])
        total = 0.0
        for j in range(anchors):
            share[i, j] = np.exp(share[i, j] - largest)
            total += share[i, j]
        for j in range(anchors):
            share[i, j] /= total


@compiled
def _coupling(share: Floats) -> Floats:
    """Off-diagonal of the Laplacian by which anchors compete: Σ_i share_ij · share_il, (m, m)."""
    n, anchors = share.shape
    weight = np.zeros((anchors, anchors))
    for i in range(n):
        for j in range(anchors):
            if share[i, j] > 0.0:
                for other in range(j):
                    weight[j, other] += share[i, j] * share[i, other]
    return weight


@compiled
def _solve_laplacian(weight: Floats, right: Floats, least: float) -> Floats:
    """z with L z = right and z = 0 at the first node; L the Laplacian of the lower triangle `weight` (m, m).

    Elimination without a subtraction, so that every digit survives weights
    that range over hundreds of orders of magnitude. A node tied to the ones before it by no more than `least`
    stays at 0.
    """
    m = right.size
    weight, right = weight.copy(), right.copy()
    degree = np.zeros(m)
    for node in range(m - 1, 0, -1):
        for j in range(node):
            degree[node] += weight[node, j]
        if degree[node] <= least:
            continue
        for j in range(node):
            part = weight[node, j] / degree[node]
            right[j] += part * right[node]
            for other in range(j):
                weight[j, other] += part * weight[node, other]
    z = np.zeros(m)
    for node in range(1, m):
        if degree[node] > least:
            total = right[node]
            for j in range(node):
                total += weight[node, j] * z[j]
            z[node] = total / degree[node]
    return z
