"""The best arrangement for given scores, exactly: each unit takes a terrain, each pool keeps its numbers of tiles.

Maximise Σ score[u, t] over the units u with terrain t, with least[t] ≤ number of units with t ≤ most[t]. The dual
of this transport problem has one price per terrain,

    min over p of Σ_u max_t (score[u, t] − p_t) + Σ_t max(least_t p_t, most_t p_t),

so units first take the terrain that is worth most to them after its price. What some terrains then have too much
of is passed on, one unit at a time, along longest paths in the graph of the terrains, where t → q is worth the
largest score[u, q] − score[u, t] of the units with t (successive shortest paths, on T + 1 nodes instead of U).
One more node stands for the freedom within a range. Any prices give an upper bound, the last ones a tight one.
"""

from dataclasses import dataclass

import numpy as np

from engine.arranging.choices import Choices
from engine.core.arrays import Bytes, Flags, Floats, Integers, writable
from engine.core.cancel import check, stop_byte
from engine.core.compiled import compiled

FORBIDDEN = -1e300
# Halvings when the reward for unchanged tiles is looked for.
HALVINGS = 18


@dataclass(frozen=True, eq=False)
class Assignment:
    """A best arrangement.

    chosen: (U,) terrains of the units.  prices: (P, T) that prove it best.  upper_bound: of the scores' total.
    """

    chosen: Integers
    prices: Floats
    upper_bound: float


def assign(choices: Choices, scores: Floats, prices: Floats | None = None) -> Assignment | None:
    """Return the arrangement with the largest total of scores (U, T), or None if the limits allow none.

    prices: (P, T) of a similar problem, a start that saves time.
    """
    masked = np.where(choices.allowed, scores, FORBIDDEN)
    pools = choices.start.size - 1
    prices = np.zeros((pools, scores.shape[1])) if prices is None else np.nan_to_num(prices).copy()
    chosen = np.zeros(scores.shape[0], dtype=np.int64)
    feasible = _assign_pools(
        writable(masked), choices.start, choices.least, choices.most, prices, chosen, stop_byte()
    )
    check()
    if not feasible:
        return None
    return Assignment(chosen, prices, _dual(masked, choices.start, choices.least, choices.most, prices))


def assign_within(
    choices: Choices, scores: Floats, most_changed: float, prices: Floats | None = None
) -> Assignment | None:
    """Return a best arrangement with at most `most_changed` tiles that differ from the drawn map, or None.

    Keeping a tile is rewarded, by as little as is enough: the price of that limit. With it the total is the
    largest there is for the number of tiles changed; the bound is the smallest over the rewards tried.
    """
    found = assign(choices, scores, prices)
    if found is None or choices.tiles_changed(found.chosen) <= most_changed:
        return found
    bound = found.upper_bound
    low, high = 0.0, 2.0 * float(np.ptp(scores[choices.allowed])) + 1e-300
    best = None
    for _ in range(HALVINGS):
        reward = 0.5 * (low + high)
        found = assign(choices, scores - reward * choices.changes, found.prices if found else prices)
        if found is None:
            return None
        bound = min(bound, found.upper_bound + reward * most_changed)
        if choices.tiles_changed(found.chosen) <= most_changed:
            best, high = found, reward
        else:
            low = reward
    return None if best is None else Assignment(best.chosen, best.prices, bound)


@compiled
def _dual(scores: Floats, start: Integers, least: Integers, most: Integers, prices: Floats) -> float:
    total = 0.0
    for pool in range(start.size - 1):
        for t in range(scores.shape[1]):
            total += max(least[pool, t] * prices[pool, t], most[pool, t] * prices[pool, t])
        for u in range(start[pool], start[pool + 1]):
            best = -np.inf
            for t in range(scores.shape[1]):
                if most[pool, t] > 0:
                    best = max(best, scores[u, t] - prices[pool, t])
            total += best
    return total


@compiled
def _assign_pools(
    scores: Floats,
    start: Integers,
    least: Integers,
    most: Integers,
    prices: Floats,
    chosen: Integers,
    stop: Bytes,
) -> bool:
    for pool in range(start.size - 1):
        first, last = start[pool], start[pool + 1]
        if not _assign_pool(scores[first:last], least[pool], most[pool], prices[pool], chosen[first:last], stop):
            return False
    return True


@compiled
def _assign_pool(
    scores: Floats, least: Integers, most: Integers, prices: Floats, chosen: Integers, stop: Bytes
) -> bool:
    """Assign one pool: scores (U, T); `prices` (T,) and `chosen` (U,) are overwritten."""
    units, terrains = scores.shape
    slack = terrains  # the node of the freedom within a range
    number = np.zeros(terrains, dtype=np.int64)
    largest = 0.0
    for u in range(units):
        best = -1
        for t in range(terrains):
            if most[t] > 0 and scores[u, t] > FORBIDDEN:
                largest = max(largest, abs(scores[u, t]))
                if best < 0 or scores[u, t] - prices[t] > scores[u, best] - prices[best]:
                    best = t
        if best < 0:
            return False
        chosen[u] = best
        number[best] += 1
    # What each terrain should have at these prices; the rest is to be passed on.
    used = np.zeros(terrains, dtype=np.int64)
    excess = np.zeros(terrains + 1, dtype=np.int64)
    for t in range(terrains):
        if least[t] == most[t] or prices[t] < 0.0:
            used[t] = least[t]
        elif prices[t] > 0.0:
            used[t] = most[t]
        else:
            used[t] = min(max(number[t], least[t]), most[t])
        excess[t] = number[t] - used[t]
        excess[slack] += used[t]
    excess[slack] -= units
    # Gains under the rounding of score − price are none: they would make cycles of the longest paths.
    negligible = 1e-12 * max(largest, np.abs(prices).max())
    gain = np.full((terrains + 1, terrains + 1), -np.inf)
    which = np.full((terrains, terrains), -1)
    stale = np.ones(terrains, dtype=np.bool_)
    worth = np.zeros(terrains + 1)
    before = np.zeros(terrains + 1, dtype=np.int64)
    while True:
        if stop[0]:
            return True
        _refresh(scores, most, chosen, stale, gain, which)
        for t in range(terrains):
            gain[t, slack] = 0.0 if used[t] < most[t] else -np.inf
            gain[slack, t] = 0.0 if used[t] > least[t] else -np.inf
        over = False
        for t in range(terrains + 1):
            worth[t] = 0.0 if excess[t] > 0 else -np.inf
            before[t] = -1
            over = over or excess[t] > 0
        if not over:
            break
        _longest_paths(gain, worth, before, negligible)
        end = -1
        for t in range(terrains + 1):
            if excess[t] < 0 and worth[t] > -np.inf and (end < 0 or worth[t] > worth[end]):
                end = t
        if end < 0:
            return False
        first = end
        for _ in range(terrains + 1):
            if before[first] >= 0:
                first = before[first]
        if before[first] < 0:
            excess[end] += 1
            excess[first] -= 1
        else:
            end = first  # rounding has left a circle of small gains: pass units round it instead
        while True:
            t = before[end]
            if t == slack:
                used[end] -= 1
            elif end == slack:
                used[t] += 1
            else:
                chosen[which[t, end]] = end
                stale[t] = stale[end] = True
            end = t
            if end == first:
                break
    worth[:] = 0.0
    _longest_paths(gain, worth, before, 0.0)
    for t in range(terrains):
        prices[t] = worth[t] - worth[slack]
        if least[t] == most[t] and least[t] == 0:
            prices[t] = 0.0
    return True


@compiled
def _refresh(
    scores: Floats, most: Integers, chosen: Integers, stale: Flags, gain: Floats, which: Integers
) -> None:
    """Compute the best move of a unit from each stale terrain to each other one."""
    units, terrains = scores.shape
    for t in range(terrains):
        if stale[t]:
            gain[t, :terrains] = -np.inf
    for u in range(units):
        t = chosen[u]
        if stale[t]:
            for q in range(terrains):
                if q != t and most[q] > 0 and scores[u, q] > FORBIDDEN:
                    better = scores[u, q] - scores[u, t]
                    if better > gain[t, q]:
                        gain[t, q] = better
                        which[t, q] = u
    stale[:] = False


@compiled
def _longest_paths(gain: Floats, worth: Floats, before: Integers, negligible: float) -> None:
    """Lengthen `worth` along the edges until nothing changes: Bellman and Ford's recursion on T + 1 nodes."""
    nodes = worth.size
    for _ in range(nodes + 1):
        changed = False
        for t in range(nodes):
            for q in range(nodes):
                if worth[t] + gain[t, q] > worth[q] + negligible:
                    worth[q] = worth[t] + gain[t, q]
                    before[q] = t
                    changed = True
        if not changed:
            return
