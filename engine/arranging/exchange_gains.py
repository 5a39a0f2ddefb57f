"""What another terrain on one cell would change in the soft path cost of a route, for all cells and terrains.

With the soft distances from the start and to the goal, the paths through a cell weigh exp(−P / ε) together, where

    P(c) = −ε log Σ_u exp(−(from start to u + move u→cell) / ε) − ε log Σ_u exp(−(move cell→u + u to goal) / ε)

and c is the cell's cost. All paths weigh exp(−V / ε), so with the cost c' in place of c

    V' − V = −ε log(1 − exp(−(P(c) − V) / ε) + exp(−(P(c') − V) / ε)).

This counts every path that passes the cell once. It is exact for a path graph, and for ε → 0 where c' < c; a
bottleneck, whose cost all paths pay, is covered by P(c') alone.
"""

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES

# Paths that are longer by so many ε weigh nothing in a sum; a cell whose paths all are has no gain to speak of.
NEGLIGIBLE, WORTHLESS = 20.0, 9.0
# The weight that is left when all paths run through one cell, and the most that a cheaper cell may have.
LEAST_WEIGHT, MOST_WEIGHT = 1e-12, 1e200
ROOT = 2**0.5


@compiled
def add_gains(
    gains: Floats,
    factor: float,
    cost_map: Floats,
    costs: Floats,
    terrain: Integers,
    unit: Integers,
    soft_from: Floats,
    soft_to: Floats,
    legal: Bytes,
    share: float,
    epsilon: float,
    start: int,
    goal: int,
    value: float,
) -> None:
    """Add factor · (V' − V) of each unit's cells and each terrain to `gains` (U, T).

    cost_map, soft_from, soft_to, legal: (H, W); soft distances are infinite where no path leads.  costs: (T,)
    of the terrains, infinite where the class cannot go.  terrain, unit: (H·W,) numbers, unit −1 for fixed cells.
    start, goal: flat indices.  value: V.
    """
    height, width = cost_map.shape
    cost, far_from, far_to = cost_map.reshape(-1), soft_from.reshape(-1), soft_to.reshape(-1)
    cheapest = costs.min()
    before, after = np.empty(8), np.empty(8)  # what it takes from the start to each neighbour's edge, and from it
    for cell in range(height * width):
        if unit[cell] < 0:
            continue
        nearest_in = 0.0 if cell == start else np.inf
        nearest_out = 0.0 if cell == goal else np.inf
        for k in range(8):
            before[k] = after[k] = np.inf
            if legal[cell // width, cell % width] >> k & 1:
                there = cell + MOVES[k, 0] * width + MOVES[k, 1]
                if np.isfinite(cost[there]):
                    before[k] = far_from[there] + LENGTHS[k] * share * cost[there]
                    after[k] = far_to[there] + LENGTHS[k] * (1.0 - share) * cost[there]
                    nearest_in = min(nearest_in, before[k] + LENGTHS[k] * (1.0 - share) * cheapest)
                    nearest_out = min(nearest_out, after[k] + LENGTHS[k] * share * cheapest)
        if not nearest_in + nearest_out - value < WORTHLESS * epsilon:
            continue  # no path that counts, whatever the terrain
        # Moves of one length pay the cell's own cost alike, so their sums serve for every cost.
        straight_in, diagonal_in = _soft_min(before[:4], epsilon), _soft_min(before[4:], epsilon)
        straight_out, diagonal_out = _soft_min(after[:4], epsilon), _soft_min(after[4:], epsilon)
        now = 0.0
        for n in range(-1, costs.size):
            own = cost[cell] if n < 0 else costs[n]
            weight = 0.0
            if np.isfinite(own):
                into, out = (1.0 - share) * own, share * own
                way_in = 0.0 if cell == start else _softer(straight_in + into, diagonal_in + ROOT * into, epsilon)
                way_out = 0.0 if cell == goal else _softer(straight_out + out, diagonal_out + ROOT * out, epsilon)
                weight = min(np.exp(-(way_in + way_out - value) / epsilon), MOST_WEIGHT)
            if n < 0:
                now = min(weight, 1.0)
            elif n != terrain[cell]:
                gains[unit[cell], n] -= factor * epsilon * np.log(max(1.0 - now + weight, LEAST_WEIGHT))


@compiled
def _soft_min(values: Floats, epsilon: float) -> float:
    """Return −ε log Σ exp(−value / ε); infinite where all are."""
    least = values.min()
    if not np.isfinite(least):
        return least
    total = 0.0
    for value in values:
        if value - least < NEGLIGIBLE * epsilon:
            total += np.exp((least - value) / epsilon)
    return least - epsilon * np.log(total)


@compiled
def _softer(one: float, other: float, epsilon: float) -> float:
    """Return the soft minimum of two values."""
    least, most = min(one, other), max(one, other)
    if not most - least < NEGLIGIBLE * epsilon:
        return least
    return least - epsilon * np.log(1.0 + np.exp((least - most) / epsilon))
