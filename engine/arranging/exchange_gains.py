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

# Paths that are longer by this many ε weigh nothing.
NEGLIGIBLE = 25.0
# The weight that is always left when all paths run through one cell.
LEAST_WEIGHT = 1e-12


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
    for r in range(height):
        for c in range(width):
            cell = r * width + c
            if unit[cell] < 0:
                continue
            now = _through(
                cost_map[r, c], r, c, cost_map, soft_from, soft_to, legal, share, epsilon, start, goal, value
            )
            now = min(now, 1.0)
            for t in range(costs.size):
                if t != terrain[cell]:
                    then = _through(
                        costs[t], r, c, cost_map, soft_from, soft_to, legal, share, epsilon, start, goal, value
                    )
                    if now > 0.0 or then > 0.0:
                        left = max(1.0 - now + then, LEAST_WEIGHT)
                        gains[unit[cell], t] -= factor * epsilon * np.log(left)


@compiled
def _through(
    cost: float,
    r: int,
    c: int,
    cost_map: Floats,
    soft_from: Floats,
    soft_to: Floats,
    legal: Bytes,
    share: float,
    epsilon: float,
    start: int,
    goal: int,
    value: float,
) -> float:
    """Return exp(−(P(cost) − V) / ε), the weight of all paths through a cell relative to that of all paths."""
    if not np.isfinite(cost):
        return 0.0
    cell = r * cost_map.shape[1] + c
    before = 0.0 if cell == start else np.inf
    after = 0.0 if cell == goal else np.inf
    for k in range(8):
        if legal[r, c] >> k & 1:
            r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
            if np.isfinite(cost_map[r2, c2]):
                here, there = LENGTHS[k] * cost, LENGTHS[k] * cost_map[r2, c2]
                before = min(before, soft_from[r2, c2] + share * there + (1.0 - share) * here)
                after = min(after, soft_to[r2, c2] + share * here + (1.0 - share) * there)
    longer = before + after - value
    if not longer < NEGLIGIBLE * epsilon:
        return 0.0
    ways_in = 1.0 if cell == start else 0.0
    ways_out = 1.0 if cell == goal else 0.0
    for k in range(8):
        if legal[r, c] >> k & 1:
            r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
            if np.isfinite(cost_map[r2, c2]):
                here, there = LENGTHS[k] * cost, LENGTHS[k] * cost_map[r2, c2]
                if cell != start:
                    way = soft_from[r2, c2] + share * there + (1.0 - share) * here
                    ways_in += np.exp((before - way) / epsilon)
                if cell != goal:
                    way = soft_to[r2, c2] + share * here + (1.0 - share) * there
                    ways_out += np.exp((after - way) / epsilon)
    return min(np.exp(-longer / epsilon) * ways_in * ways_out, 1e200)
