"""A map's costs as few classes, for formats that number tiles: with the least squared error, the total kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from maps.document import CostMap, MapDocument, Mask

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

MOST_CLASSES = 255  # a tile's number has 8 bits, and a wall is a tile of its own
EXACT = 2048  # distinct costs up to which the classes are the best that there are
_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class CostClasses:
    """costs: (K,) float32, rising.  number: (H, W) of each cell's class; meaningless in impassable cells.

    greatest_error: of a passable cell's cost, in cost units; 0 where there are no more costs than classes.
    """

    costs: CostMap
    number: NDArray[np.uint8]
    greatest_error: float


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over the first n groups of sorted costs, each (N + 1,): of cells, of their costs, of their squares."""

    cells: Floats
    costs: Floats
    squares: Floats

    def loss(self, begin: Integers, end: Integers) -> Floats:
        """Return the squared error of classes that hold the groups begin … end - 1, each its mean."""
        costs = self.costs[end] - self.costs[begin]
        return self.squares[end] - self.squares[begin] - costs * costs / (self.cells[end] - self.cells[begin])


def cost_classes(cost: CostMap, passable: Mask, most: int = MOST_CLASSES) -> CostClasses:
    """Return at most so many classes for the costs of the passable cells (H, W).

    Where the map has more costs, they are those classes of neighbouring costs whose squared error, summed over the
    cells, is the least: by dynamic programming over the sorted costs (Wu 1991), which is exact for up to `EXACT`
    distinct costs; more are put into as many groups first, and the borders of the classes then moved to where
    they are best. A class costs the mean of its cells, so the map's total stays.
    """
    values, counts = np.unique(cost[passable], return_counts=True)
    if len(values) == 0:
        return CostClasses(np.ones(1, np.float32), np.zeros(cost.shape, np.uint8), 0.0)
    costs = values.astype(np.float64)
    if len(values) > most:
        costs = _means(costs, counts.astype(np.float64), most)
    middles = 0.5 * (costs[:-1] + costs[1:])
    number = np.searchsorted(middles, cost).astype(np.uint8)
    held = costs.astype(np.float32)
    error = np.abs(held[number] - cost, dtype=np.float64)[passable]
    return CostClasses(held, number, float(error.max()))


def with_cost_classes(document: MapDocument, most: int = MOST_CLASSES) -> tuple[MapDocument, CostClasses]:
    """Return a map whose passable cells have at most so many costs, and its classes."""
    classes = cost_classes(document.cost, document.passable, most)
    if classes.greatest_error == 0.0:
        return document, classes
    cost = np.where(document.passable, classes.costs[classes.number], document.cost)
    return document.replace(cost=cost), classes


def _means(values: Floats, counts: Floats, most: int) -> Floats:
    """Return the means of `most` classes of sorted values, each of which so many cells have."""
    values, middle = values - values.mean(), values.mean()  # small numbers, so that squares lose no digits
    cells, costs = (np.concatenate([[0.0], np.cumsum(each)]) for each in (counts, counts * values))
    squares = np.concatenate([[0.0], np.cumsum(counts * values * values)])
    groups = _groups(values, cells)
    ends = groups[_best_ends(_Sums(cells[groups], costs[groups], squares[groups]), most)]
    for _ in range(_ROUNDS):
        means = np.diff(costs[ends]) / np.diff(cells[ends])
        inner = np.searchsorted(values, 0.5 * (means[:-1] + means[1:]))
        moved = np.unique(np.concatenate([[0], inner, [len(values)]]).astype(np.int64))
        if np.array_equal(moved, ends):
            break
        ends = moved
    return middle + np.diff(costs[ends]) / np.diff(cells[ends])


def _groups(values: Floats, cells: Floats) -> Integers:
    """Return where groups of sorted values begin, and where the last ends: each value its own, if they are few.

    Else a third of the borders part the cells evenly, a third the values, and a third their range: rare dear
    cells, which a path depends on, are not thrown together with common ones.
    """
    count = len(values)
    if count <= EXACT:
        return np.arange(count + 1)
    even = np.linspace(0.0, 1.0, EXACT // 3)
    borders: list[Integers] = [
        np.searchsorted(cells, even * float(cells[-1])),
        (even * count).astype(np.int64),
        np.searchsorted(values, float(values[0]) + even * float(values[-1] - values[0])),
        np.array([count]),
    ]
    return np.unique(np.concatenate(borders))


def _best_ends(sums: _Sums, most: int) -> Integers:
    """Return the borders of the `most` classes of groups with the least loss, (most + 1,)."""
    count = len(sums.cells) - 1
    if count <= most:
        return np.arange(count + 1)
    loss = np.full(count + 1, np.inf)  # of the first n groups in as many classes as were made so far
    loss[1:] = sums.loss(np.zeros(count, np.int64), np.arange(1, count + 1))
    begins: list[Integers] = []
    for _ in range(most - 1):
        loss, begin = _one_class_more(sums, loss)
        begins.append(begin)
    ends = [count]
    for begin in reversed(begins):
        ends.append(int(begin[ends[-1]]))
    return np.array([0, *reversed(ends)] if ends[-1] else [*reversed(ends)])


def _one_class_more(sums: _Sums, loss: Floats) -> tuple[Floats, Integers]:
    """Return the least loss of the first n groups in one class more, and where the last class begins, (N + 1,).

    That place never falls as n grows, so it is looked for between those of coarser n: N log N sums in all.
    """
    count = len(loss) - 1
    best, begin = np.full(count + 1, np.inf), np.zeros(count + 1, np.int64)
    stride = 1 << count.bit_length()
    while stride:
        ends = np.arange(stride, count + 1, 2 * stride)
        if len(ends):
            low = begin[ends - stride]
            after = ends + stride
            high = np.where(after <= count, begin[np.minimum(after, count)], count)
            high = np.minimum(high, ends - 1)
            best[ends], begin[ends] = _least(sums, loss, ends, low, high)
        stride //= 2
    return best, begin


def _least(sums: _Sums, loss: Floats, ends: Integers, low: Integers, high: Integers) -> tuple[Floats, Integers]:
    """Return for each end the least loss with a last class that begins at low … high, and where it begins."""
    lengths = high - low + 1
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    begin = np.arange(int(lengths.sum())) + np.repeat(low - first, lengths)
    tried = loss[begin] + sums.loss(begin, np.repeat(ends, lengths))
    least = np.minimum.reduceat(tried, first)
    where = np.where(tried == np.repeat(least, lengths), begin, len(loss))
    return least, np.minimum.reduceat(where, first)
