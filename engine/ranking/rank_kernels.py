"""Loops of soft ranking, row by row: entropic transport to ordered anchors, and isotonic regression.

Values arrive as (R, n). A difference of nearby values is always taken before anything is divided by the
softness, so that results stay exact however small the softness is.
"""

import numpy as np

from engine.core.arrays import Floats, Integers
from engine.core.compiled import compiled

# Beyond, exponentials of log-odds are 0 or infinite anyway; keeps their sums and differences finite.
LARGEST_LOG_ODDS = 1e4
MOST_STEPS = 200


@compiled
def transport_plan(values: Floats, order: Integers, anchors: int, softness: float) -> Floats:
    """Return the share of every value that goes to each of m equally weighted, ordered anchors: (R, n, m).

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
    """Return the gradient by the values (R, n) of Σ upstream · (plan @ centres), from the plan's optimality."""
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
    """Project n · values / softness onto the permutahedron of (1, …, n).

    Returns the projection and its blocks, (R, n) each; block[i] says where, in sorted order, the block of the i-th
    smallest value begins.  order: (R, n) ascending. Pool adjacent violators over the sorted values: neighbours
    whose gap is too small for a full rank share their mean rank, plus what the projection leaves of their
    differences.
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
    """Return the gradient by the values (R, n) of Σ upstream · isotonic_ranks.

    It is the upstream gradient without its mean in each block.
    """
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
def _quantiles(x: Floats, order: Integers, anchors: int) -> Floats:
    """Return where hard transport parts the values, (m,): entry j between anchors j − 1 and j, entry 0 unused."""
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
    """Return the off-diagonal of the Laplacian by which anchors compete: Σ_i share_ij · share_il, (m, m)."""
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
    """Return z with L z = right, 0 at the first node; L is the Laplacian of the lower triangle `weight` (m, m).

    Elimination without a subtraction, so that no digit is lost where weights range over hundreds of orders of
    magnitude. A node tied to the ones before it by no more than `least` stays at 0.
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
