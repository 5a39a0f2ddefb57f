"""A map's costs as few classes, for formats that number tiles: with the least squared error, the total kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.document import CostMap, Mask

_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class CostClasses:
    """costs: (K,) float32, rising.  number: (H, W) of each cell's class; meaningless in impassable cells.

    greatest_error: of a passable cell's cost, in cost units; 0 where there are no more costs than classes.
    """

    costs: CostMap
    number: NDArray[np.uint8]
    greatest_error: float


def cost_classes(cost: CostMap, passable: Mask, most: int = 255) -> CostClasses:
    """Return at most so many classes for the costs of the passable cells (H, W).

    Where the map has more costs, they are the k-means of its costs: Lloyd's rounds from classes of equal width, so
    that rare dear cells, which a path depends on, have classes too. A class costs the mean of its cells, so the
    map's total stays.
    """
    values, counts = np.unique(cost[passable], return_counts=True)
    if len(values) == 0:
        return CostClasses(np.ones(1, np.float32), np.zeros(cost.shape, np.uint8), 0.0)
    if len(values) > most:
        costs = _means(values.astype(np.float64), counts.astype(np.float64), most)
    else:
        costs = values.astype(np.float64)
    middles = 0.5 * (costs[:-1] + costs[1:])
    number = np.searchsorted(middles, cost).astype(np.uint8)
    held = costs.astype(np.float32)
    error = np.abs(held[number] - cost, dtype=np.float64)[passable]
    return CostClasses(held, number, float(error.max()))


def _means(values: NDArray[np.float64], counts: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """The means of `most` classes of sorted values."""
    weight = np.concatenate([[0.0], np.cumsum(counts)])
    total = np.concatenate([[0.0], np.cumsum(counts * values)])
    even = np.linspace(float(values[0]), float(values[-1]), most + 1)[1:-1]
    inner = np.searchsorted(values, even)
    ends: NDArray[np.int64] = np.concatenate([[0], inner, [len(values)]]).astype(np.int64)
    for _ in range(_ROUNDS):
        ends = np.unique(ends)  # a class that lost all its values is none
        means = np.diff(total[ends]) / np.diff(weight[ends])
        inner = np.searchsorted(values, 0.5 * (means[:-1] + means[1:]))
        moved = np.concatenate([[0], inner, [len(values)]]).astype(np.int64)
        if np.array_equal(moved, ends):
            break
        ends = moved
    ends = np.unique(ends)
    return np.diff(total[ends]) / np.diff(weight[ends])
