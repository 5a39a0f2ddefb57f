"""What is free in an arrangement: units of cells that share a terrain, in pools that keep their numbers of tiles.

A unit is one tile, or the images of a tile under the map's symmetry. A pool is the units of one size in one
district: within it, terrains change places. Units are numbered pool after pool, so that the scores or plans of a
pool are consecutive rows of an array (U, T).
"""

from dataclasses import dataclass

import numpy as np

from engine.arranging.problem import Arrangement
from engine.core.arrays import Flags, Floats, Integers
from engine.cost_maps.admissible import orbit_labels

FIXED = -1


@dataclass(frozen=True, eq=False)
class Choices:
    """The units, U, and the pools, P, of a problem.

    unit: (H·W,) number of each cell's unit; FIXED for cells that may not change.  size: (U,) cells of each unit.
    start: (P + 1,) first unit of each pool, and U.
    least, most: (P, T) units of each terrain in a pool.
    allowed: (U, T) which terrains a unit may have.  changes: (U, T) cells that differ from the drawn map then.
    drawn: (U,) the terrain that keeps most of a unit's cells.
    terrain: (H, W) the drawn map.
    """

    unit: Integers
    size: Integers
    start: Integers
    least: Integers
    most: Integers
    allowed: Flags
    changes: Floats
    drawn: Integers
    terrain: Integers

    def gather(self, values: Floats | Flags) -> Floats:
        """Return the sums of a map (H, W) over each unit: (U,)."""
        free = self.unit != FIXED
        sums = np.bincount(self.unit[free], values.reshape(-1)[free], self.size.size)
        return np.asarray(sums, dtype=np.float64)

    def expand(self, chosen: Integers) -> Integers:
        """Return the arrangement (H, W) of the terrains (U,) of the units."""
        flat = self.terrain.reshape(-1)
        return np.where(self.unit == FIXED, flat, chosen[self.unit]).reshape(self.terrain.shape)

    def tiles_changed(self, chosen: Integers) -> int:
        """Return how many cells differ from the drawn map."""
        return int(self.changes[np.arange(chosen.size), chosen].sum())


def choices_of(problem: Arrangement) -> Choices:
    """Return the units and pools of a problem."""
    terrain, terrains, limits = problem.terrain, problem.terrains, problem.limits
    free = free_tiles(problem)
    flat = terrain.reshape(-1)
    cells = np.flatnonzero(free)
    _, first, index, size = np.unique(
        orbit_labels(terrain.shape, limits.symmetry).reshape(-1)[cells],
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    districts = np.zeros(flat.size, dtype=np.int64) if limits.districts is None else limits.districts.reshape(-1)
    keys = np.stack([districts[cells[first]], size], axis=1)
    _, pool = np.unique(keys, axis=0, return_inverse=True)
    pool = pool.reshape(-1)
    order = np.argsort(pool, kind="stable")
    number = np.empty(order.size, dtype=np.int64)
    number[order] = np.arange(order.size)
    unit = np.full(flat.size, FIXED, dtype=np.int64)
    unit[cells] = number[index]
    size, pool = size[order], pool[order]
    start = np.concatenate([[0], np.cumsum(np.bincount(pool))]).astype(np.int64)

    kept = np.zeros((order.size, terrains))
    np.add.at(kept, (unit[cells], flat[cells]), 1.0)
    allowed = np.ones((order.size, terrains), dtype=np.bool_)
    if limits.allowed is not None:
        forbidden = ~limits.allowed.reshape(terrains, -1)[:, cells].T
        np.logical_and.at(allowed, unit[cells], ~forbidden)
    drawn_units = np.add.reduceat(kept, start[:-1]) / size[start[:-1], None] if order.size else kept
    least = most = _whole(drawn_units)
    if limits.counts is not None:
        least, most = _ranges(problem, free, drawn_units, np.diff(start))
    return Choices(
        unit=unit,
        size=size.astype(np.int64),
        start=start,
        least=least,
        most=most,
        allowed=allowed,
        changes=size[:, None] - kept,
        drawn=np.argmax(kept, axis=1),
        terrain=terrain,
    )


def free_tiles(problem: Arrangement) -> Flags:
    """Return the tiles (H, W) that may change."""
    free = problem.tiles.copy()
    if problem.limits.locked is not None:
        free &= ~problem.limits.locked
    rows, columns = np.indices(problem.shape)
    for route in problem.routes:
        for row, column in (route.start, route.goal):
            if problem.limits.free_zone > 0.0:
                free &= np.hypot(rows - row, columns - column) > problem.limits.free_zone
    return free


def _whole(counts: Floats) -> Integers:
    """Round the rows of `counts` (P, T), whose sums are whole, to whole numbers with the same sums."""
    low = np.floor(counts + 1e-9)
    left = np.rint((counts - low).sum(axis=1)).astype(np.int64)
    rank = np.argsort(np.argsort(low - counts, axis=1, kind="stable"), axis=1)
    return (low + (rank < left[:, None])).astype(np.int64)


def _ranges(problem: Arrangement, free: Flags, drawn: Floats, sizes: Integers) -> tuple[Integers, Integers]:
    """Return least and most (P, T): the ranges of the whole map, shared out as the drawn tiles are."""
    there, fixed = (
        np.bincount(problem.terrain[cells], minlength=problem.terrains).astype(np.float64)
        for cells in (free, problem.tiles & ~free)
    )
    # A terrain that the drawn map lacks is shared out by area.
    share = np.where(there > 0, drawn / np.maximum(there, 1.0), sizes[:, None] / max(1, np.count_nonzero(free)))
    least, most = np.maximum(np.asarray(problem.limits.counts).T - fixed, 0.0)
    return np.ceil(share * least - 1e-9).astype(np.int64), np.floor(share * most + 1e-9).astype(np.int64)
