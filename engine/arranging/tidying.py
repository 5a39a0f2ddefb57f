"""Tidying: tiles that no path needs where they are go back to where they look right.

A unit looks right on a terrain that many of its neighbours have, and a little more so on the drawn one. Pairs of
units of a pool that look better after an exchange, and that no soft path minds, are exchanged many at a time; only
exchanges after which the exact path costs are no worse stay. What is left of salt and pepper is then what the path
costs are made of.
"""

import numpy as np

from engine.arranging.choices import FIXED, Choices
from engine.arranging.exchanges import Exchanges, Heat
from engine.arranging.found import Found, judged
from engine.arranging.prepared import Prepared
from engine.core.arrays import Flags, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import MOVES

# What the drawn terrain is worth, in neighbours.
DRAWN = 0.5
# The soft paths that decide whom no path minds, and by how much of their softness an exchange may cost.
HEAT, MINDS = Heat(0.05, 0.0), 0.01
# A batch whose exchanges do not all pass is halved, down to this many times.
HALVINGS = 6


def tidied(prepared: Prepared, found: Found, generator: np.random.Generator) -> Found:
    """Return an arrangement that looks no worse, with path costs that are no worse."""
    choices = prepared.choices
    exchanges = Exchanges(prepared, found.chosen, HEAT, generator)
    looks = _looks(choices, found)
    now = np.take_along_axis(looks, found.chosen[:, None], axis=1)
    fitting = choices.allowed & (exchanges.gains >= -MINDS * exchanges.softness)
    pairs = _pairs(
        found.chosen,
        looks - now,
        fitting,
        choices.start,
        choices.unit,
        prepared.problem.shape[1],
        *_cells(choices),
    )
    batch = pairs[np.argsort(-pairs[:, 2], kind="stable"), :2].astype(np.int64)
    for _ in range(HALVINGS):
        if len(batch) == 0:
            return found
        chosen = found.chosen.copy()
        chosen[batch[:, 0]], chosen[batch[:, 1]] = found.chosen[batch[:, 1]], found.chosen[batch[:, 0]]
        if choices.tiles_changed(chosen) <= prepared.most_changed:
            tidier = judged(prepared, chosen)
            if tidier.loss <= found.loss:
                return tidier
        batch = batch[generator.random(len(batch)) < 0.5]
    return found


def _looks(choices: Choices, found: Found) -> Floats:
    """Return how many neighbours of each unit have each terrain (U, T), more for the drawn one."""
    height, width = found.terrain.shape
    looks = -DRAWN * choices.changes
    for number in range(choices.least.shape[1]):
        here = np.zeros((height + 2, width + 2))
        here[1:-1, 1:-1] = found.terrain == number
        around = np.zeros((height, width))
        for down, right in MOVES.tolist():
            around += here[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        looks[:, number] += choices.gather(around)
    return looks


def _cells(choices: Choices) -> tuple[Integers, Integers]:
    """Return the cells that may change, unit after unit, and where each unit's begin: (n,), (U + 1,)."""
    order = np.argsort(choices.unit, kind="stable")
    first = np.concatenate([[0], np.cumsum(choices.size)]).astype(np.int64)
    return order[np.count_nonzero(choices.unit == FIXED) :], first


@compiled
def _pairs(
    chosen: Integers,
    better: Floats,
    fitting: Flags,
    start: Integers,
    unit: Integers,
    width: int,
    cells: Integers,
    first: Integers,
) -> Floats:
    """Return pairs of units whose exchange makes them look better, and by how much: (n, 3).

    better: (U, T) what a unit gains with a terrain.  No two of the pairs' units touch.
    """
    terrains = better.shape[1]
    pairs = np.empty((chosen.size, 3))
    count = 0
    touched = np.zeros(unit.size + 2 * width + 2, dtype=np.bool_)  # cells beside exchanged ones, shifted by a row
    for pool in range(start.size - 1):
        for one in range(terrains):
            for other in range(one):
                leaving = _eager(start[pool], start[pool + 1], chosen, better, fitting, one, other)
                coming = _eager(start[pool], start[pool + 1], chosen, better, fitting, other, one)
                n = 0
                for u in leaving:
                    if _touches(u, touched, width, cells, first):
                        continue
                    while n < coming.size and _touches(coming[n], touched, width, cells, first):
                        n += 1
                    if n == coming.size:
                        break
                    total = better[u, other] + better[coming[n], one]
                    if total <= 0.0:
                        break
                    pairs[count, 0], pairs[count, 1], pairs[count, 2] = u, coming[n], total
                    count += 1
                    _touch(u, touched, width, cells, first)
                    _touch(coming[n], touched, width, cells, first)
                    n += 1
    return pairs[:count]


@compiled
def _eager(
    begin: int, end: int, chosen: Integers, better: Floats, fitting: Flags, now: int, then: int
) -> Integers:
    """Return the units from `begin` to `end` that have one terrain and fit another, the most eager first."""
    units, keys = np.empty(end - begin, dtype=np.int64), np.empty(end - begin)
    count = 0
    for u in range(begin, end):
        if chosen[u] == now and fitting[u, then]:
            units[count], keys[count] = u, -better[u, then]
            count += 1
    return units[:count][np.argsort(keys[:count])]


@compiled
def _touches(unit: int, touched: Flags, width: int, cells: Integers, first: Integers) -> bool:
    found = False
    for n in range(first[unit], first[unit + 1]):
        found = found or touched[cells[n] + width + 1]
    return bool(found)


@compiled
def _touch(unit: int, touched: Flags, width: int, cells: Integers, first: Integers) -> None:
    for n in range(first[unit], first[unit + 1]):
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                touched[cells[n] + width + 1 + dr * width + dc] = True
