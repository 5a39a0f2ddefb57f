"""Ground costs: what it costs to bring a unit of weight from a point to a target point.

Positions are (n, 2), (row, col) in cells; cell (r, c) has its centre at (r, c). A cost is distance ** power.

`Straight`  distance as the crow flies.
`Walking`   exact path cost over a map with walls, in the map's own unit.
`Given`     any matrix, for layouts whose points stay and only the weights change.

`towards(targets)` makes the costs to a set of targets, with two methods: `cost(positions)` is what
`engine.transport.sinkhorn` solves with, and `pull(positions, plan)` is what a plan does to the positions: the
gradient (n, 2) of <plan, cost> with the plan held (by the envelope theorem that of the regularised cost), and
a curvature (n,), such that position − gradient / curvature is where the plan wants the point. For squared
straight distance that is exactly the barycentre of its targets; for plain distance it is Weiszfeld's step.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.arrays import Flags, Floats, Integers, writable
from engine.core.compiled import compiled
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Grid
from engine.paths.exact import distances_to
from engine.transport.exact import ExactPlan
from engine.transport.sinkhorn import GroundCost, MatrixCost, PointCost, TransportResult

Power = Literal[1, 2]
Plan = TransportResult | ExactPlan

# Under this distance (cells) the curvature of a plain distance, 1 / distance, no longer grows.
NEAREST = 5e-4
# Path distances to all targets are kept: (H · W, m) float64.
MOST_BYTES = 2**30
# Where no way leads, a pair costs the longest way that exists times this, so that no plan takes it freely.
DETOUR = 4.0


@dataclass(frozen=True)
class Straight:
    """Straight distance, in cells, to a power of 1 or 2."""

    power: Power = 2
    unit: float = 1.0

    def towards(self, targets: Floats, known: "TargetCost | None" = None) -> "StraightCost":
        """Costs to `targets` (m, 2). Nothing of `known` is needed."""
        return StraightCost(writable(targets), self.power)


@dataclass(frozen=True, eq=False)
class Walking:
    """Cost of the cheapest path over `cost_map` (H, W) on `grid`, to a power of 1 or 2.

    A target counts as in its cell. Between cells the distance is interpolated; within a cell of the target,
    if no wall is near, it is straight.
    """

    grid: Grid
    cost_map: Floats
    power: Power = 2

    @property
    def unit(self) -> float:
        """Cost of a cell of average ground."""
        return float(self.cost_map[self.grid.passable].mean())

    def towards(self, targets: Floats, known: "TargetCost | None" = None) -> "WalkingCost":
        """Costs to `targets` (m, 2), one Dijkstra for each of their cells that `known` has no distances of.

        Raises ProblemError if the distances would not fit into memory; targets must lie in passable cells.
        """
        cells = cells_of(targets)
        wanted, index = np.unique(cells, axis=0, return_inverse=True)
        size = self.grid.passable.size
        if size * len(wanted) * 8 > MOST_BYTES:
            raise ProblemError(
                "ground",
                f"walking distances from {size} cells to {len(wanted)} targets need "
                f"{size * len(wanted) * 8 / 2**30:.1f} GiB, more than {MOST_BYTES / 2**30:.0f} GiB; use fewer "
                f"targets, a smaller map, or straight distances",
                SuggestedFix("ground", Straight()),
            )
        before: dict[tuple[int, int], Floats] = {}
        if isinstance(known, WalkingCost) and known.same_map(self.grid, self.cost_map):
            before = {(row, col): known.distance[:, j] for j, (row, col) in enumerate(known.cells.tolist())}
        distance = np.empty((size, len(wanted)))
        for j, (row, col) in enumerate(wanted.tolist()):
            column = before.get((row, col))
            if column is None:
                column = distances_to(self.grid, self.cost_map, (row, col)).distance.reshape(-1)
            distance[:, j] = column
        finite = distance[np.isfinite(distance)]
        return WalkingCost(
            grid=self.grid,
            cost_map=writable(self.cost_map),
            targets=writable(targets),
            power=self.power,
            cells=wanted.astype(np.int64),
            index=index.reshape(-1).astype(np.int64),
            distance=distance,
            nowhere=DETOUR * float(finite.max(initial=1.0)),
        )


@dataclass(frozen=True, eq=False)
class Given:
    """A matrix (n, m) of costs; `unit` is the cost that a blur of 1 stands for."""

    costs: Floats
    unit: float = 1.0
    power: Power = 1

    def towards(self, targets: Floats, known: "TargetCost | None" = None) -> "GivenCost":
        """The matrix itself; raises ProblemError if it has no column for each of `targets` (m, 2)."""
        if self.costs.ndim != 2 or self.costs.shape[1] != len(targets):
            raise ProblemError(
                "ground", f"the cost matrix is {self.costs.shape}; it needs one column for {len(targets)} targets"
            )
        if not np.isfinite(self.costs).all():
            row, col = (int(i) for i in np.argwhere(~np.isfinite(self.costs))[0])
            raise ProblemError(
                "ground", f"the cost of point {row} to target {col} is {self.costs[row, col]}; give a finite one"
            )
        return GivenCost(writable(targets), writable(self.costs))


Ground = Straight | Walking | Given


@dataclass(frozen=True, eq=False)
class StraightCost:
    """Straight distance to `targets` (m, 2) to a power."""

    targets: Floats
    power: Power

    def cost(self, positions: Floats) -> GroundCost:
        return PointCost(writable(positions), self.targets, "squared" if self.power == 2 else "distance")

    def pull(self, positions: Floats, plan: Plan) -> tuple[Floats, Floats]:
        if self.power == 2 and isinstance(plan, TransportResult) and plan.by_sources is not None:
            return plan.by_sources, 2.0 * plan.rows
        return _straight_pull(writable(positions), self.targets, self.power, writable(plan.plan()))


@dataclass(frozen=True, eq=False)
class WalkingCost:
    """Path cost to `targets` (m, 2) to a power.

    cells: (k, 2) the cells that hold targets.  index: (m,) which of them holds each target.
    distance: (H · W, k) exact path cost from every cell.  nowhere: path cost where there is no way.
    """

    grid: Grid
    cost_map: Floats
    targets: Floats
    power: Power
    cells: Integers
    index: Integers
    distance: Floats
    nowhere: float

    def same_map(self, grid: Grid, cost_map: Floats) -> bool:
        """Whether the distances are those of this map."""
        return (
            np.array_equal(self.grid.legal, grid.legal)
            and self.grid.cost_rule == grid.cost_rule
            and np.array_equal(self.cost_map, cost_map)
        )

    def cost(self, positions: Floats) -> GroundCost:
        return MatrixCost(self.walk(positions)[0] ** self.power)

    def pull(self, positions: Floats, plan: Plan) -> tuple[Floats, Floats]:
        masses = plan.plan()
        distance, slope = self.walk(positions)
        local = self._cost_at(positions)
        if self.power == 2:
            gradient = 2.0 * np.einsum("nm,nm,nmk->nk", masses, distance, slope)
            return gradient, 2.0 * local**2 * masses.sum(axis=1)
        gradient = np.einsum("nm,nmk->nk", masses, slope)
        return gradient, local**2 * (masses / np.maximum(distance, NEAREST * local[:, None])).sum(axis=1)

    def reaches(self, positions: Floats) -> Flags:
        """(n, m) whether a way leads from each position to each target."""
        cells = cells_of(positions)
        rows = self.distance[cells[:, 0] * self.grid.shape[1] + cells[:, 1]]
        return np.isfinite(rows)[:, self.index]

    def walk(self, positions: Floats) -> tuple[Floats, Floats]:
        """Distances (n, m) and their derivatives by the positions (n, m, 2)."""
        return _walking(
            writable(positions),
            self.targets,
            self.index,
            self.distance,
            self.cost_map,
            self.grid.passable,
            self.nowhere,
        )

    def _cost_at(self, positions: Floats) -> Floats:
        cells = cells_of(positions)
        return self.cost_map[cells[:, 0], cells[:, 1]]


@dataclass(frozen=True, eq=False)
class GivenCost:
    """A matrix (n, m) of costs to `targets` (m, 2) that no position changes."""

    targets: Floats
    costs: Floats

    def cost(self, positions: Floats) -> GroundCost:
        return MatrixCost(self.costs)

    def pull(self, positions: Floats, plan: Plan) -> tuple[Floats, Floats]:
        return np.zeros_like(positions), plan.plan().sum(axis=1)


TargetCost = StraightCost | WalkingCost | GivenCost


def cells_of(positions: Floats) -> Integers:
    """(n, 2) the cells that positions (n, 2) lie in."""
    return np.floor(positions + 0.5).astype(np.int64)


@compiled
def _straight_pull(positions: Floats, targets: Floats, power: int, plan: Floats) -> tuple[Floats, Floats]:
    n, m = plan.shape
    gradient, curvature = np.zeros((n, 2)), np.zeros(n)
    for i in range(n):
        for j in range(m):
            dr, dc = positions[i, 0] - targets[j, 0], positions[i, 1] - targets[j, 1]
            slope = stiff = 2.0 * plan[i, j]
            if power == 1:
                away = np.sqrt(dr * dr + dc * dc)
                # At the target itself there is a kink, and 0 is a subgradient.
                slope = plan[i, j] / away if away > 0.0 else 0.0
                stiff = plan[i, j] / max(away, NEAREST)
            gradient[i, 0] += slope * dr
            gradient[i, 1] += slope * dc
            curvature[i] += stiff
    return gradient, curvature


@compiled
def _walking(
    positions: Floats,
    targets: Floats,
    index: Integers,
    distance: Floats,
    cost_map: Floats,
    passable: Flags,
    nowhere: float,
) -> tuple[Floats, Floats]:
    """Distances (n, m) and their derivatives by the positions (n, m, 2)."""
    n, m, k = positions.shape[0], targets.shape[0], distance.shape[1]
    height, width = passable.shape
    value, slope = np.empty((n, m)), np.zeros((n, m, 2))
    cell_value, cell_slope = np.empty(k), np.empty((k, 2))
    for i in range(n):
        row, col = int(np.floor(positions[i, 0] + 0.5)), int(np.floor(positions[i, 1] + 0.5))
        u, v = positions[i, 0] - row, positions[i, 1] - col
        sr, sc = (1 if u >= 0.0 else -1), (1 if v >= 0.0 else -1)
        u, v = abs(u), abs(v)
        here = row * width + col
        r_open = 0 <= row + sr < height and passable[row + sr, col]
        r_back = 0 <= row - sr < height and passable[row - sr, col]
        c_open = 0 <= col + sc < width and passable[row, col + sc]
        c_back = 0 <= col - sc < width and passable[row, col - sc]
        d_open = (
            (r_open or c_open)
            and 0 <= row + sr < height
            and 0 <= col + sc < width
            and passable[row + sr, col + sc]
        )
        for j in range(k):
            d = distance[here, j]
            if not np.isfinite(d):
                cell_value[j], cell_slope[j, 0], cell_slope[j, 1] = nowhere, 0.0, 0.0
                continue
            # Behind a wall the distance goes on as it came: the way out of a dead end must be felt in it.
            along_r, along_c = d, d
            if r_open:
                along_r = distance[here + sr * width, j]
            elif r_back:
                along_r = 2.0 * d - distance[here - sr * width, j]
            if c_open:
                along_c = distance[here + sc, j]
            elif c_back:
                along_c = 2.0 * d - distance[here - sc, j]
            diagonal = distance[here + sr * width + sc, j] if d_open else along_r + along_c - d
            cell_value[j] = (
                (1.0 - u) * (1.0 - v) * d + u * (1.0 - v) * along_r + (1.0 - u) * v * along_c + u * v * diagonal
            )
            cell_slope[j, 0] = sr * ((1.0 - v) * (along_r - d) + v * (diagonal - along_c))
            cell_slope[j, 1] = sc * ((1.0 - u) * (along_c - d) + u * (diagonal - along_r))
        for j in range(m):
            dr, dc = positions[i, 0] - targets[j, 0], positions[i, 1] - targets[j, 1]
            near = abs(dr) < 1.0 and abs(dc) < 1.0
            t_row, t_col = int(np.floor(targets[j, 0] + 0.5)), int(np.floor(targets[j, 1] + 0.5))
            if near:
                for r in range(min(row, t_row), max(row, t_row) + 1):
                    for c in range(min(col, t_col), max(col, t_col) + 1):
                        near = near and passable[r, c]
            if near:
                away = np.sqrt(dr * dr + dc * dc)
                cost = 0.5 * (cost_map[row, col] + cost_map[t_row, t_col])
                value[i, j] = cost * away
                if away > 0.0:
                    slope[i, j, 0], slope[i, j, 1] = cost * dr / away, cost * dc / away
            else:
                value[i, j] = cell_value[index[j]]
                slope[i, j, 0], slope[i, j, 1] = cell_slope[index[j], 0], cell_slope[index[j], 1]
    return value, slope
