"""The cost maps that a run may choose from: bounds for every cell, a fixed total, locked cells and a symmetry.

Cells that must stay equal form a group and have one cost together. So a map is given by a vector `z` (m,) of group
costs, which `expand` turns into a cost map.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Flags, Floats
from engine.core.cancel import check
from engine.cost_maps import projection

Symmetry = Literal["none", "left_right", "top_bottom", "four_way", "half_turn", "quarter_turn", "diagonal"]

FIXED = -1


@dataclass(frozen=True, eq=False)
class Admissible:
    """A set of admissible cost maps.

    group: (H, W) int32, the group of a cell; FIXED for cells that may not change.
    fixed: (H, W) cost of the fixed cells, 0 elsewhere.
    size, lower, upper: (m,) number of cells of a group, and the limits of their cost.
    budget: total cost of the cells that may change.
    locked_total: cost of the fixed cells that count in the map's total; walls that some class crosses do not.
    """

    group: npt.NDArray[np.int32]
    fixed: Floats
    size: Floats
    lower: Floats
    upper: Floats
    budget: float
    locked_total: float

    def expand(self, z: Floats) -> Floats:
        """Return the cost map (H, W) of the group costs z (m,)."""
        return np.where(self.group == FIXED, self.fixed, np.append(z, 0.0)[self.group])

    def gather(self, load: Floats) -> Floats:
        """Return the sum of a map (H, W) over each group: (m,). The adjoint of `expand`."""
        free = self.group != FIXED
        return np.asarray(np.bincount(self.group[free], load[free], self.size.size), dtype=np.float64)

    def reduce(self, cost_map: Floats) -> Floats:
        """Return the mean cost of each group of a map (H, W): (m,)."""
        return self.gather(cost_map) / self.size

    def project(self, z: Floats, keep_total: bool = True) -> Floats:
        """Return the group costs (m,) in the set that are nearest to z (m,), in the Euclidean norm of the map.

        keep_total: without it only the bounds count, not the budget.
        """
        if not keep_total:
            return np.clip(z, self.lower, self.upper)
        return projection.project(z, self.size, self.lower, self.upper, self.budget)

    def nearest(self, cost_map: Floats, keep_total: bool = True) -> Floats:
        """Return the admissible map (H, W) nearest to `cost_map`; `keep_total` as for `project`."""
        return self.expand(self.project(self.reduce(cost_map), keep_total))

    def contains(self, cost_map: Floats, tolerance: float = 1e-9) -> bool:
        """Say whether a map lies in the set, up to a relative `tolerance`."""
        z = self.reduce(cost_map)
        slack = tolerance * max(1.0, float(np.abs(self.upper).max(initial=0.0)))
        return bool(
            np.all(np.abs(self.expand(z) - cost_map)[self.fixed_or_free] <= slack)
            and np.all(z >= self.lower - slack)
            and np.all(z <= self.upper + slack)
            and abs(float(np.sum(z * self.size)) - self.budget) <= tolerance * max(1.0, abs(self.budget))
        )

    @property
    def fixed_or_free(self) -> Flags:
        """Cells (H, W) that have a cost at all: free cells, and fixed ones but for walls that nobody crosses."""
        return (self.group != FIXED) | (self.fixed > 0.0)

    def largest(self, load: Floats, keep_total: bool = True) -> tuple[float, Floats]:
        """Return the largest <load, map> over the set, and the admissible map (H, W) that attains it.

        A fractional knapsack: groups of the highest mean load are filled to their bound until the budget is
        spent. Without `keep_total` only the bounds count.
        """
        check()
        gain = self.gather(load)
        if keep_total:
            order = np.argsort(-gain / self.size, kind="stable")
            check()
            room = (self.size * (self.upper - self.lower))[order]
            spare = self.budget - float(np.sum(self.size * self.lower))
            spent = np.clip(spare - (np.cumsum(room) - room), 0.0, room)
            z = self.lower.copy()
            z[order] += spent / self.size[order]
        else:
            z = np.where(gain > 0.0, self.upper, self.lower)
        # Sums instead of dot products: waking BLAS's threads would take longer than all the rest.
        return float(np.sum(gain * z) + np.sum(load * self.fixed)), self.expand(z)


def admissible_maps(
    cost_map: Floats,
    passable: Flags,
    lower: float,
    upper: float,
    *,
    locked: Flags | None = None,
    budget: float | None = None,
    symmetry: Symmetry = "none",
    crossed: Flags | None = None,
) -> Admissible:
    """Return the maps over the passable cells with every cost in [lower, upper] and the total kept.

    budget: total cost of all passable cells, locked ones included; the drawn map's own total by default.
    Locked cells keep their drawn cost, within the bounds or not, and are left out of the symmetry.
    crossed: (H, W) walls that some class of movement crosses all the same; they keep their cost, and the total
        does not count them.
    """
    free = passable if locked is None else passable & ~locked
    fixed = np.where(passable & ~free, cost_map, 0.0).astype(np.float64)
    locked_total = float(fixed.sum())
    if crossed is not None:
        fixed = np.where(crossed & ~passable, cost_map, fixed)
    label = orbit_labels(cost_map.shape, symmetry)
    group = np.full(cost_map.shape, FIXED, dtype=np.int32)
    check()
    _, index = np.unique(label[free], return_inverse=True)
    check()
    group[free] = index
    size = np.bincount(index).astype(np.float64)
    total = float(cost_map[passable].sum(dtype=np.float64)) if budget is None else budget
    return Admissible(
        group=group,
        fixed=fixed,
        size=size,
        lower=np.full(size.size, float(lower)),
        upper=np.full(size.size, float(upper)),
        budget=total - locked_total,
        locked_total=locked_total,
    )


def symmetric_shape(shape: tuple[int, ...], symmetry: Symmetry) -> bool:
    """Say whether a map of this shape can have the symmetry; turns and diagonals need a square."""
    return symmetry not in ("quarter_turn", "diagonal") or shape[0] == shape[1]


def orbit_labels(shape: tuple[int, ...], symmetry: Symmetry) -> npt.NDArray[np.int64]:
    """Return a number (H, W) for each cell that it shares with its images: the smallest flat index of them."""
    return np.min(_images(shape, symmetry), axis=0)


def _images(shape: tuple[int, ...], symmetry: Symmetry) -> list[npt.NDArray[np.int64]]:
    """Return the map of cell numbers under every element of the symmetry's group, the identity included."""
    cells = np.arange(shape[0] * shape[1]).reshape(shape)
    match symmetry:
        case "none":
            return [cells]
        case "left_right":
            return [cells, cells[:, ::-1]]
        case "top_bottom":
            return [cells, cells[::-1]]
        case "four_way":
            return [cells, cells[:, ::-1], cells[::-1], cells[::-1, ::-1]]
        case "half_turn":
            return [cells, cells[::-1, ::-1]]
        case "quarter_turn":
            return [np.rot90(cells, quarter) for quarter in range(4)]
        case "diagonal":
            return [cells, cells.T]
